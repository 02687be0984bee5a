/** The one argument of lease commands: an id in hexadecimal. */

import { messageOf } from "../../../../src/base/text/message-of.ts";
import { badArguments } from "../../cli/failure.ts";
import { parseHexId } from "../../cli/flags.ts";

/** @throws CliFailure: `missing` when it is absent, or the fault in it */
export function leaseArgument(args: readonly string[], missing: string): bigint {
  const [text] = args;
  if (text === undefined || args.length !== 1) throw badArguments(missing);
  try {
    return parseHexId(text, "signed");
  } catch (error) {
    const why = messageOf(error);
    throw badArguments(`bad lease ID arg (${why}), expecting ID in Hex`);
  }
}
