/** `put`: the value from the command line, or byte for byte from stdin. */
import type { Command } from "../frame/command.ts";
import { badArguments } from "../frame/failure.ts";
import { parseHexId } from "../frame/flags.ts";
import { readAll } from "../frame/io.ts";
import type { Session } from "../frame/session.ts";
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
    const { args, flags } = session;
    const [key] = args;
    if (key === undefined) throw badArguments(needsArguments);
    const ignoreValue = flags.on("ignore-value");
    if (ignoreValue && args.length > 1) {
      throw badArguments("put command needs only 1 argument when 'ignore-value' is set");
    }
    const value = ignoreValue ? "" : await givenValue(session);
    const lease = leaseOf(flags.text("lease"));
    const etcd = await session.connect();
    const request = {
      key: bytesOfText(key),
      value,
      lease,
      ignoreValue,
      ignoreLease: flags.on("ignore-lease"),
      prevKv: flags.on("prev-kv"),
    };
    await session.show({ type: "put", response: await etcd.kv.put(request, session.call) });
  },
};

async function givenValue({ args, io }: Session): Promise<Uint8Array | string> {
  const [, value] = args;
  if (value !== undefined) return bytesOfText(value);
  const bytes = await readAll(io.stdin);
  if (bytes.length === 0) throw badArguments(needsArguments);
  return bytes;
}

function leaseOf(text: string): bigint {
  try {
    return parseHexId(text, "signed");
  } catch (error) {
    throw badArguments(
      `bad lease ID (${error instanceof Error ? error.message : String(error)}), expecting ID in Hex`,
    );
  }
}
