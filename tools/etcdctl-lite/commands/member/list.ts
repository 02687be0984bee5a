/** `member list`. */
import type { Command } from "../../cli/command.ts";
import { badFeature } from "../../cli/failure.ts";

export const command: Command = {
  usage: "[options]",
  flags: [
    { name: "consistency", type: "text", fallback: "l", summary: "Linearizable(l) or Serializable(s)" },
  ],
  examples: [
    ["member list -w table", "names, addresses and learners"],
    ["member list --consistency s", "as the member asked has it on record, without a quorum"],
  ],
  async run(session) {
    const consistency = session.flags.text("consistency");
    if (consistency !== "l" && consistency !== "s") {
      throw badFeature(`unknown consistency flag ${JSON.stringify(consistency)}`);
    }
    const etcd = await session.connect();
    const call = { ...session.call, linearizable: consistency === "l" };
    await session.show({ type: "member-list", ...(await etcd.cluster.members(call)) });
  },
};
