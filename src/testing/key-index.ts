/**
 * The versions of every key, in memory: keys ascending, each with its versions, oldest first; the last one at or below
 * R is the state at R. Keys are latin1 text, whose order is byte order.
 */
import type { Bytes, KeyValue } from "../etcd/ports/messages.ts";
import { type ByteRange, contains, insertionPoint } from "./byte-range.ts";

export interface Version {
  readonly mod: bigint;
  readonly create: bigint;
  readonly version: bigint;
  readonly value: Uint8Array;
  readonly lease: bigint;
  readonly deleted: boolean;
}

export class KeyIndex {
  readonly #versions = new Map<string, Version[]>();
  /** Every key that has versions, ascending. */
  readonly #sorted: string[] = [];

  save(): ReadonlyMap<string, readonly Version[]> {
    return new Map([...this.#versions].map(([key, versions]) => [key, [...versions]]));
  }

  /** Into an empty index. */
  load(saved: ReadonlyMap<string, readonly Version[]>): void {
    for (const [key, versions] of saved) this.#versions.set(key, [...versions]);
    this.#sorted.push(...[...saved.keys()].sort());
  }

  /** Drops what no read at `revision` or later can see. */
  compact(revision: bigint): void {
    for (const [key, versions] of this.#versions) {
      let keep = versions.findLastIndex((version) => version.mod <= revision);
      if (keep < 0) continue;
      if (versions[keep]?.deleted) keep++;
      versions.splice(0, keep);
      if (versions.length > 0) continue;
      this.#versions.delete(key);
      this.#sorted.splice(insertionPoint(this.#sorted, key), 1);
    }
  }

  append(key: string, version: Version): void {
    const versions = this.#versions.get(key);
    if (versions === undefined) {
      this.#versions.set(key, [version]);
      this.#sorted.splice(insertionPoint(this.#sorted, key), 0, key);
    } else {
      versions.push(version);
    }
  }

  at(key: string, revision: bigint): KeyValue | undefined {
    const version = this.#versions.get(key)?.findLast((candidate) => candidate.mod <= revision);
    return version === undefined || version.deleted ? undefined : keyValue(key, version);
  }

  *keysIn(range: ByteRange): Generator<string> {
    for (let at = insertionPoint(this.#sorted, range.start); at < this.#sorted.length; at++) {
      const key = this.#sorted[at];
      if (key === undefined || !contains(range, key)) return;
      yield key;
    }
  }
}

export function keyValue(key: string, version: Version): KeyValue {
  return {
    key: textBytes(key),
    value: version.value,
    createRevision: version.create,
    modRevision: version.mod,
    version: version.version,
    lease: version.lease,
  };
}

export function textBytes(key: string): Uint8Array {
  return Buffer.from(key, "latin1");
}

export function toBytes(bytes: Bytes): Uint8Array {
  return typeof bytes === "string" ? Buffer.from(bytes, "utf8") : bytes;
}
