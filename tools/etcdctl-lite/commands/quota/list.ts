/** `quota list`: what each namespace may use, and uses. */
import type { Command } from "../../cli/command.ts";
import { openForReading, storeFlags } from "../../store/store-flags.ts";
import { alignColumns } from "../../text/table.ts";

export const command: Command = {
  usage: "[namespace] [options]",
  flags: storeFlags,
  examples: [["quota list shop", "of one namespace"]],
  async run(session) {
    await using store = await openForReading(session, await session.connect(), []);
    const [namespace] = session.args;
    const found = await store.quotas.list({ namespace, signal: session.io.signal });
    if (session.flags.text("write-out") === "json") return session.line(JSON.stringify(found));
    const rows = found.flatMap(({ namespace: owner, name, hard, used }) =>
      Object.entries(hard).map(([what, limit]) => [
        owner,
        name,
        what,
        String(used[what] ?? 0),
        String(limit),
      ]),
    );
    session.io.stdout.write(alignColumns([["NAMESPACE", "QUOTA", "NAME", "USED", "HARD"], ...rows]));
  },
};
