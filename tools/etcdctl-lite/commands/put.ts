/** `put`: the value from the command line, or byte for byte from stdin. */
import type { PutRequest } from "keelson/etcd";
import { messageOf } from "../../../src/base/text/message-of.ts";
import type { Command } from "../cli/command.ts";
import { badArguments } from "../cli/failure.ts";
import { type Flags, parseHexId } from "../cli/flags.ts";
import { readAll } from "../cli/io.ts";
import { bytesOfText } from "../text/raw-bytes.ts";

const needsArguments = "put command needs 1 argument and input from stdin or 2 arguments";

export const command: Command = {
  usage: "[options] <key> <value> (<value> can also be given from stdin)",
  flags: [
    { name: "ignore-lease", type: "switch", summary: "updates the key using its current lease" },
    { name: "ignore-value", type: "switch", summary: "updates the key using its current value" },
    { name: "lease", type: "text", fallback: "0", summary: "lease ID (in hexadecimal) to attach to the key" },
    { name: "prev-kv", type: "switch", summary: "return the previous key-value pair before modification" },
  ],
  examples: [
    ["put greeting hello", "a short value"],
    ["put image < photo.jpg", "any bytes, from a file"],
    ["put k -- -v", "a value that begins with a dash"],
  ],
  async run(session) {
    const { args, flags, io } = session;
    const fromStdin = args.length === 1 && !flags.on("ignore-value");
    const request = putRequestOf(args, flags, fromStdin ? await readAll(io.stdin) : undefined);
    const etcd = await session.connect();
    await session.show({ type: "put", response: await etcd.kv.put(request, session.call) });
  },
};

/**
 * @param stdin the value if the arguments have none @throws CliFailure for arguments that etcdctl refuses, with its
 * text
 */
export function putRequestOf(
  [key, value]: readonly string[],
  flags: Flags,
  stdin: Uint8Array = new Uint8Array(),
): PutRequest {
  if (key === undefined) throw badArguments(needsArguments);
  const ignoreValue = flags.on("ignore-value");
  if (ignoreValue && value !== undefined) {
    throw badArguments("put command needs only 1 argument when 'ignore-value' is set");
  }
  if (!ignoreValue && value === undefined && stdin.length === 0) throw badArguments(needsArguments);
  return {
    key: bytesOfText(key),
    value: value === undefined ? stdin : bytesOfText(value),
    lease: leaseOf(flags.text("lease")),
    ignoreValue,
    ignoreLease: flags.on("ignore-lease"),
    prevKv: flags.on("prev-kv"),
  };
}

function leaseOf(text: string): bigint {
  try {
    return parseHexId(text, "signed");
  } catch (error) {
    throw badArguments(`bad lease ID (${messageOf(error)}), expecting ID in Hex`);
  }
}
