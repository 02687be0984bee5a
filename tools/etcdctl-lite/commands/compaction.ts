/** `compaction`: discards history up to a revision. */

import { messageOf } from "../../../src/base/text/message-of.ts";
import type { Command } from "../cli/command.ts";
import { badArguments, CliFailure, exitCodes } from "../cli/failure.ts";
import { parseInteger } from "../cli/flags.ts";

export const command: Command = {
  usage: "[options] <revision>",
  flags: [
    {
      name: "physical",
      type: "switch",
      summary: "wait for compaction to physically remove all old revisions",
    },
  ],
  examples: [
    ["compaction 1000 --physical", "drop the history before revision 1000, and wait until it is gone"],
  ],
  async run(session) {
    const [text] = session.args;
    if (text === undefined || session.args.length !== 1)
      throw badArguments("compaction command needs 1 argument");
    const revision = revisionOf(text);
    const etcd = await session.connect();
    await session.confirm(
      `This drops etcd's history before revision ${revision}: it cannot be read or watched again.`,
    );
    await etcd.kv.compact(revision, {
      ...session.call,
      physical: session.flags.on("physical"),
      ifCompacted: "fail",
    });
    session.line(`compacted revision ${revision}`);
  },
};

function revisionOf(text: string): bigint {
  try {
    return parseInteger(text);
  } catch (error) {
    throw new CliFailure(exitCodes.error, messageOf(error));
  }
}
