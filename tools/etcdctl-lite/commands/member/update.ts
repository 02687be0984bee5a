/** `member update`: new peer addresses. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { memberArgument } from "./member-argument.ts";

export const command: Command = {
  usage: "<memberID> [options]",
  flags: [{ name: "peer-urls", type: "text", summary: "comma separated peer URLs for the updated member" }],
  examples: [["member update 871e3bae3e0b2f93 --peer-urls=https://10.0.0.4:2380", "the member has moved"]],
  async run(session) {
    const id = memberArgument(session.args);
    const text = session.flags.text("peer-urls");
    if (text === "") throw badArguments("member peer urls not provided");
    const etcd = await session.connect();
    const { header, members } = await etcd.cluster.update(id, { peerUrls: text.split(",") }, session.call);
    await session.show({ type: "member-change", change: "updated", header, members, id, member: undefined });
  },
};
