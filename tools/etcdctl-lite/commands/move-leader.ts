/** `move-leader`: asks the leader among the endpoints to hand over. */

import { messageOf } from "../../../src/base/text/message-of.ts";
import type { Command } from "../cli/command.ts";
import { badArguments } from "../cli/failure.ts";
import { parseHexId } from "../cli/flags.ts";
import { withHeader } from "../cli/with-header.ts";
import { hexId } from "../text/quote.ts";

export const command: Command = {
  usage: "<transferee-member-id>",
  examples: [
    [
      "move-leader abc273ee8d9e8d85 --endpoints=http://a:2379,http://b:2379",
      "the leader must be among the endpoints",
    ],
  ],
  async run(session) {
    const [text] = session.args;
    if (text === undefined || session.args.length !== 1)
      throw badArguments("move-leader command needs 1 argument");
    const target = targetOf(text);
    const endpoints = await session.endpoints();
    for (const endpoint of endpoints) {
      const etcd = await session.connect([endpoint]);
      const call = { ...session.call, endpoint: etcd.endpoints[0] ?? endpoint };
      const status = await etcd.maintenance.status(call);
      if (status.leader !== status.header.memberId) continue;
      const { header } = await withHeader((onHeader) =>
        etcd.maintenance.moveLeader(target, { ...call, onHeader }),
      );
      const text = `Leadership transferred from ${hexId(status.leader)} to ${hexId(target)}`;
      return session.show({ type: "done", header, text });
    }
    throw badArguments(`no leader endpoint given at [${endpoints.join(" ")}]`);
  },
};

function targetOf(text: string): bigint {
  try {
    return parseHexId(text, "unsigned");
  } catch (error) {
    throw badArguments(messageOf(error));
  }
}
