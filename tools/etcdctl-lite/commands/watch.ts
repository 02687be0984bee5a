/** `watch`: events as they come, from now or from a revision; with `-- command`, a command for each. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { isStoreError } from "keelson";
import type { Header, KvEvent } from "keelson/etcd";
import type { Command } from "../frame/command.ts";
import { badArguments, CliFailure, exitCodes } from "../frame/failure.ts";
import { rangeOf } from "../frame/key-range.ts";
import type { Session } from "../frame/session.ts";
import { quoteBytes } from "../text/quote.ts";

export const command: Command = {
  usage: "[options] <key> [range_end] [-- exec-command arg ...]",
  about:
    "Goes on through broken connections without gap or repetition, until it is ended or the history is compacted.",
  flags: [
    {
      name: "from-key",
      type: "switch",
      summary: "watch keys that are greater than or equal to the given key",
    },
    { name: "prefix", type: "switch", summary: "watch on a prefix if prefix is set" },
    { name: "prev-kv", type: "switch", summary: "get the previous key-value pair before the event happens" },
    {
      name: "progress-notify",
      type: "switch",
      summary: "get periodic watch progress notification from server",
    },
    { name: "rev", type: "integer", summary: "revision to start watching" },
  ],
  examples: [
    ["watch /registry/pods/ --prefix --prev-kv", "every change of a pod, with what it was before"],
    [
      "watch config -- ./reload.sh",
      "run a command at each change; it finds ETCD_WATCH_KEY and others in its environment",
    ],
  ],
  async run(session) {
    const { flags, io, dashAt } = session;
    const keys = dashAt < 0 ? session.args : session.args.slice(0, dashAt);
    const exec = dashAt < 0 ? [] : session.args.slice(dashAt);
    const { ETCDCTL_WATCH_KEY: envKey, ETCDCTL_WATCH_RANGE_END: envEnd } = io.env;
    const args =
      keys.length > 0 || envKey === undefined ? keys : [envKey, ...(envEnd === undefined ? [] : [envEnd])];
    if (args.length < 1 || args.length > 2) throw badArguments("bad number of arguments");
    const range = rangeOf(args, flags);
    const printer = await session.printer();
    const etcd = await session.connect();
    const revision = flags.integer("rev");
    await using watch = etcd.watches.open(
      {
        ...range,
        startRevision: revision > 0n ? revision : undefined,
        prevKv: flags.on("prev-kv"),
        progressNotify: flags.on("progress-notify"),
      },
      { signal: io.signal },
    );
    try {
      for await (const batch of watch) {
        if (batch.type === "progress" && flags.on("progress-notify"))
          session.line(`progress notify: ${batch.revision}`);
        if (batch.type !== "events") continue;
        printer.print({ type: "watch", header: batch.header, events: batch.events });
        if (exec.length > 0)
          for (const event of batch.events) await execute(exec, event, batch.header, session);
      }
    } catch (error) {
      if (!isStoreError(error, "EXPIRED")) throw error;
      io.stderr.write("watch was canceled (etcdserver: mvcc: required revision has been compacted)\n");
      throw new CliFailure(exitCodes.interrupted, "watch is canceled by the server", { cause: error });
    }
    io.signal.throwIfAborted();
  },
};

async function execute(
  exec: readonly string[],
  { type, kv }: KvEvent,
  header: Header,
  { io }: Session,
): Promise<void> {
  const [name = "", ...args] = exec;
  const child = spawn(name, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...io.env,
      ETCD_WATCH_REVISION: String(header.revision),
      ETCD_WATCH_EVENT_TYPE: quoteBytes(type === "put" ? "PUT" : "DELETE"),
      ETCD_WATCH_KEY: quoteBytes(kv.key),
      ETCD_WATCH_VALUE: quoteBytes(kv.value),
    },
  });
  child.stdout.on("data", (bytes: Buffer) => void io.stdout.write(bytes));
  child.stderr.on("data", (bytes: Buffer) => void io.stderr.write(bytes));
  const [code, signal] = await once(child, "close").catch((error: unknown) => [String(error), undefined]);
  if (code === 0) return;
  const why = signal ?? (typeof code === "number" ? `exit status ${code}` : code);
  throw new CliFailure(exitCodes.error, `command [${exec.join(" ")}] error (${why})`);
}
