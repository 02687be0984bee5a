/** `lease grant`. */

import { messageOf } from "../../../../src/base/text/message-of.ts";
import type { Command } from "../../cli/command.ts";
import { badArguments, CliFailure, exitCodes } from "../../cli/failure.ts";
import { causeOf } from "../../cli/failure-text.ts";
import { parseInteger } from "../../cli/flags.ts";
import { withHeader } from "../../cli/with-header.ts";

export const command: Command = {
  usage: "<ttl>",
  examples: [["lease grant 60", "keys put with it live 60 seconds, unless it is kept alive"]],
  async run(session) {
    const [text] = session.args;
    if (text === undefined || session.args.length !== 1)
      throw badArguments("lease grant command needs TTL argument");
    const ttlSeconds = ttlOf(text);
    const etcd = await session.connect();
    try {
      const { header, value } = await withHeader((onHeader) =>
        etcd.leases.grant({ ttlSeconds }, { ...session.call, onHeader }),
      );
      await session.show({ type: "lease-grant", header, ...value });
    } catch (error) {
      if (error instanceof CliFailure) throw error;
      throw new CliFailure(exitCodes.error, `failed to grant lease (${causeOf(error)})`, { cause: error });
    }
  },
};

function ttlOf(text: string): number {
  try {
    return Number(parseInteger(text));
  } catch (error) {
    throw badArguments(`bad TTL (${messageOf(error)})`);
  }
}
