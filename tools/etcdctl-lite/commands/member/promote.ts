/** `member promote`. */
import type { Command } from "../../cli/command.ts";
import { memberArgument } from "./member-argument.ts";

export const command: Command = {
  usage: "<memberID>",
  examples: [["member promote 871e3bae3e0b2f93", "by the id that member list shows"]],
  async run(session) {
    const id = memberArgument(session.args);
    const etcd = await session.connect();
    const { header, members } = await etcd.cluster.promote(id, session.call);
    await session.show({ type: "member-change", change: "promoted", header, members, id, member: undefined });
  },
};
