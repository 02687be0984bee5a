/** `<key> [endkey]` of a permission, with `--prefix` and `--from-key`. */
import { prefixEnd } from "keelson/etcd";
import { badArguments } from "../../cli/failure.ts";
import type { FlagSpec, Flags } from "../../cli/flags.ts";
import { bytesOfText } from "../../text/raw-bytes.ts";

export const permissionFlags: readonly FlagSpec[] = [
  { name: "from-key", type: "switch", summary: "for all keys greater than or equal to the given key" },
  { name: "prefix", type: "switch", summary: "for all keys with the given prefix" },
];

/** @throws CliFailure for flags and arguments that exclude one another */
export function permissionRange(
  args: readonly string[],
  flags: Flags,
): { readonly key: Buffer; readonly rangeEnd: Buffer | undefined } {
  const [text = "", end] = args;
  const prefix = flags.on("prefix");
  const fromKey = flags.on("from-key");
  const key = bytesOfText(text);
  if (end === undefined) {
    if (prefix && fromKey) throw badArguments("--from-key and --prefix flags are mutually exclusive");
    const all = Buffer.alloc(1);
    if ((prefix || fromKey) && key.length === 0) return { key: all, rangeEnd: all };
    if (prefix) return { key, rangeEnd: Buffer.from(prefixEnd(key)) };
    return { key, rangeEnd: fromKey ? all : undefined };
  }
  if (prefix) throw badArguments("unexpected endkey argument with --prefix flag");
  if (fromKey) throw badArguments("unexpected endkey argument with --from-key flag");
  return { key, rangeEnd: bytesOfText(end) };
}
