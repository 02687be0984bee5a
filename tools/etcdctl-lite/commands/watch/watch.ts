/** `watch`: prints events as they arrive, from now or from a revision; with `-- command`, runs a command for each. */
import type { Command } from "../../cli/command.ts";
import { watchInteractively } from "./interactive-watch.ts";
import { showWatch, watchFlags, watchOrder } from "./shown-watch.ts";

export const command: Command = {
  usage: "[options] <key> [range_end] [-- exec-command arg ...]",
  about: [
    "Continues through broken connections without gap or repetition, until it is stopped or its history is compacted.",
    "With -i it reads lines from stdin: 'watch [options] <key> [range_end] [-- exec-command arg ...]' starts another",
    "watch, 'progress' asks all of them for their progress.",
  ].join("\n"),
  flags: [...watchFlags, { name: "interactive", short: "i", type: "switch", summary: "interactive mode" }],
  examples: [
    ["watch /registry/pods/ --prefix --prev-kv", "every change of a pod, with the value before it"],
    [
      "watch config -- ./reload.sh",
      "run a command at each change; it finds ETCD_WATCH_KEY and others in its environment",
    ],
    ["watch -i", "several watches at once, ordered line by line"],
  ],
  async run(session) {
    const { flags, io, dashAt } = session;
    if (flags.on("interactive")) {
      await session.printer();
      return watchInteractively(session, await session.connect());
    }
    const keys = dashAt < 0 ? session.args : session.args.slice(0, dashAt);
    const order = watchOrder(keys, dashAt < 0 ? [] : session.args.slice(dashAt), { flags, env: io.env });
    const printer = await session.printer();
    const etcd = await session.connect();
    const { signal } = io;
    await showWatch(etcd, order, { io, printer, signal, progress: flags.on("progress-notify") });
    signal.throwIfAborted();
  },
};
