/** `member add`: also prints how to start the new member. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { quoteBytes } from "../../text/quote.ts";

export const command: Command = {
  usage: "<memberName> [options]",
  flags: [
    { name: "learner", type: "switch", summary: "indicates if the new member is raft learner" },
    { name: "peer-urls", type: "text", summary: "comma separated peer URLs for the new member" },
  ],
  examples: [
    ["member add m4 --peer-urls=https://10.0.0.4:2380 --learner", "a learner, to be promoted later"],
  ],
  async run(session) {
    const [name] = session.args;
    if (name === undefined) throw badArguments("member name not provided");
    if (session.args.length > 1) throw badArguments("too many arguments");
    const text = session.flags.text("peer-urls");
    if (text === "") throw badArguments("member peer urls not provided");
    const etcd = await session.connect();
    const isLearner = session.flags.on("learner");
    const added = await etcd.cluster.add({ peerUrls: text.split(","), isLearner }, session.call);
    const { header, member, members } = added;
    await session.show({ type: "member-change", change: "added", header, members, id: member.id, member });
    if (session.flags.text("write-out") !== "simple") return;
    const urls = members.flatMap(({ id, name: known, peerUrls }) =>
      peerUrls.map((url) => `${id === member.id ? name : known}=${url}`),
    );
    session.line("");
    session.line(`ETCD_NAME=${quoteBytes(name)}`);
    session.line(`ETCD_INITIAL_CLUSTER=${quoteBytes(urls.join(","))}`);
    session.line(`ETCD_INITIAL_ADVERTISE_PEER_URLS=${quoteBytes(text)}`);
    session.line('ETCD_INITIAL_CLUSTER_STATE="existing"');
  },
};
