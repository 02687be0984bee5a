/** `alarm disarm`: disarms every raised alarm by its member's exact id, and reads the alarms back. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";

export const command: Command = {
  usage: "",
  about:
    "A NOSPACE alarm returns with the next write unless space was freed first with compaction and defrag.",
  examples: [["alarm disarm --yes", "disarm without a question"]],
  async run(session) {
    if (session.args.length > 0) throw badArguments("alarm disarm command accepts no arguments");
    const etcd = await session.connect();
    const raised = await etcd.maintenance.alarms(session.call);
    if (raised.length > 0) {
      const names = raised.map(({ type }) => type).join(", ");
      await session.confirm(`This disarms ${raised.length} alarms (${names}): writes are taken again.`);
    }
    const alarms = [];
    for (const alarm of raised) alarms.push(...(await etcd.maintenance.disarm(alarm, session.call)));
    await session.show({ type: "alarms", header: undefined, alarms });
  },
};
