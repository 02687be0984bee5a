/** `<key> [range_end]` with `--prefix` and `--from-key`: the range they specify. */
import { prefixEnd } from "keelson/etcd";
import { bytesOfText } from "../text/raw-bytes.ts";
import { badArguments } from "./failure.ts";
import type { Flags } from "./flags.ts";

export interface Range {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array | undefined;
}

const everything = (): Buffer => Buffer.alloc(1);

/** @throws CliFailure for flags that exclude one another */
export function rangeOf(args: readonly string[], flags: Pick<Flags, "on">): Range {
  const [first = "", second] = args;
  const prefix = flags.on("prefix");
  const fromKey = flags.on("from-key");
  if (prefix && fromKey) {
    throw badArguments("`--prefix` and `--from-key` cannot be set at the same time, choose one");
  }
  if (second !== undefined && (prefix || fromKey)) {
    throw badArguments("too many arguments, only accept one argument when `--prefix` or `--from-key` is set");
  }
  const key = bytesOfText(first);
  if (prefix && key.length > 0) return { key, rangeEnd: prefixEnd(key) };
  if (prefix || fromKey) return { key: key.length === 0 ? everything() : key, rangeEnd: everything() };
  return { key, rangeEnd: second === undefined || second === "" ? undefined : bytesOfText(second) };
}
