/**
 * Keys in pages: each is one etcd range from a key on, so a folder of a hundred thousand keys costs only the shown
 * part. All pages of a listing have one revision. Keys are sent as base64url, because a key may be any bytes.
 */
import type { Etcd, KeyValue } from "keelson/etcd";
import { prefixEnd } from "keelson/etcd";
import { badArguments } from "../../cli/failure.ts";
import { printable } from "../../text/printable.ts";

export const pageKeysMax = 500;

export interface KeyRow {
  /** base64url. */
  readonly key: string;
  readonly text: string;
  readonly version: string;
  readonly modRevision: string;
  readonly createRevision: string;
  /** Hexadecimal; undefined without one. */
  readonly lease: string | undefined;
}

export interface KeyPage {
  readonly revision: string;
  /** Total number of keys, at that revision. */
  readonly count: string;
  readonly keys: readonly KeyRow[];
  readonly more: boolean;
}

/** @throws EXPIRED when etcd has compacted `revision` since the first page */
export async function keyPage(
  etcd: Etcd,
  asked: {
    readonly prefix: Uint8Array;
    /** The last key of the previous page. */
    readonly after: Uint8Array | undefined;
    readonly revision: bigint;
    readonly limit: number;
  },
  call: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<KeyPage> {
  const { prefix, after, revision, limit } = asked;
  const first = prefix.length === 0 ? Uint8Array.of(0) : prefix;
  const rangeEnd = prefix.length === 0 ? Uint8Array.of(0) : prefixEnd(prefix);
  const key = after === undefined ? first : Buffer.concat([after, Uint8Array.of(0)]);
  const range = { key, rangeEnd, limit: Math.min(limit, pageKeysMax), revision, keysOnly: true };
  const { header, kvs, more, count } = await etcd.kv.range(range, call);
  return {
    revision: (revision === 0n ? header.revision : revision).toString(),
    count: count.toString(),
    keys: kvs.map(rowOf),
    more,
  };
}

export const encodeKey = (key: Uint8Array): string => Buffer.from(key).toString("base64url");

/** @throws CliFailure for an invalid key */
export function decodeKey(text: string | null): Uint8Array {
  if (text === null || !/^[A-Za-z0-9_-]*$/.test(text)) throw badArguments("the request names no key");
  return Buffer.from(text, "base64url");
}

function rowOf({ key, version, modRevision, createRevision, lease }: KeyValue): KeyRow {
  return {
    key: encodeKey(key),
    text: printable(Buffer.from(key).toString()),
    version: version.toString(),
    modRevision: modRevision.toString(),
    createRevision: createRevision.toString(),
    lease: lease === 0n ? undefined : lease.toString(16),
  };
}
