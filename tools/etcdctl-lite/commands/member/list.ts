/** `member list`. */
import type { Command } from "../../cli/command.ts";

export const command: Command = {
  usage: "",
  examples: [["member list -w table", "names, addresses, and who is a learner"]],
  async run(session) {
    const etcd = await session.connect();
    await session.show({ type: "member-list", ...(await etcd.cluster.members(session.call)) });
  },
};
