/** `member remove`. */
import type { Command } from "../../cli/command.ts";
import { memberArgument } from "./member-argument.ts";

export const command: Command = {
  usage: "<memberID>",
  examples: [["member remove 871e3bae3e0b2f93", "by the id that member list shows"]],
  async run(session) {
    const id = memberArgument(session.args);
    const etcd = await session.connect();
    await session.confirm(`This removes member ${session.args[0]} from the cluster for good.`);
    const { header, members } = await etcd.cluster.remove(id, session.call);
    await session.show({ type: "member-change", change: "removed", header, members, id, member: undefined });
  },
};
