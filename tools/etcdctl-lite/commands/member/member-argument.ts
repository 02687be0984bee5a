/** The one argument of member commands: an id in hexadecimal, exact. */

import { messageOf } from "../../../../src/base/text/message-of.ts";
import { badArguments } from "../../cli/failure.ts";
import { parseHexId } from "../../cli/flags.ts";

/** @throws CliFailure for an invalid id */
export function memberArgument(args: readonly string[]): bigint {
  const [text] = args;
  if (text === undefined || args.length !== 1) throw badArguments("member ID is not provided");
  try {
    return parseHexId(text, "unsigned");
  } catch (error) {
    const why = messageOf(error);
    throw badArguments(`bad member ID arg (${why}), expecting ID in Hex`);
  }
}
