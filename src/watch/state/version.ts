/**
 * Keys and their versions: the records that make up the versioned state.
 *
 *   Entry  /registry/pods/default/web-1
 *     past    [1, 4) [4, 9)          older versions inside the history window, oldest first
 *     latest  [9, live)              the newest one; a deleted object keeps it, with its end, until history forgets it
 *
 * A version holds for the positions from `added` (inclusive) to `removed` (exclusive). Positions count the changes
 * of one kind since its cache was filled: small integers, so intervals cost nothing to compare, while revisions
 * stay exact bigints.
 */
import type { StoreError } from "../../errors.ts";
import type { View } from "../../resource/contract/view.ts";
import type { Attributes } from "./attributes.ts";
import type { Slab } from "./slabs.ts";

/** `removed` of a version that still exists. */
export const live = -1;

/** A part of the key order: `from` inclusive, `end` exclusive. */
export interface KeySpan {
  readonly from: string;
  readonly end: string;
}

export class Entry {
  readonly key: string;
  latest: Version;
  past: Version[] | undefined = undefined;

  constructor(key: string, first: Version) {
    this.key = key;
    this.latest = first;
  }
}

/** One object version as the source gives it. Exactly one of `bytes` and `corrupt` is set. */
export interface Incoming {
  readonly key: string;
  readonly modRevision: bigint;
  readonly createRevision: bigint;
  readonly lease: bigint;
  readonly bytes: Uint8Array | undefined;
  readonly corrupt: StoreError<"CORRUPT_OBJECT"> | undefined;
  /** Size in etcd, bytes. */
  readonly storedBytes: number;
  /** Not in today's form; see PlainValue. */
  readonly stale: boolean;
  readonly attributes: Attributes;
}

export class Version {
  readonly entry: Entry;
  readonly added: number;
  removed: number = live;
  readonly modRevision: bigint;
  readonly createRevision: bigint;
  readonly lease: bigint;
  readonly attributes: Attributes;
  /** Undefined for a corrupt value. */
  slab: Slab | undefined = undefined;
  offset = 0;
  readonly length: number;
  /** storedBytes * 2 + stale: one word for both. */
  readonly stored: number;
  /** The decoded object while `ViewValue` keeps it. */
  object: unknown = undefined;
  /** Views of it while kept. */
  views: ViewValue | undefined = undefined;

  constructor(entry: Entry | undefined, added: number, incoming: Incoming) {
    this.entry = entry ?? new Entry(incoming.key, this);
    this.added = added;
    this.modRevision = incoming.modRevision;
    // Most objects are written once: share the number with the one above.
    this.createRevision =
      incoming.createRevision === incoming.modRevision ? incoming.modRevision : incoming.createRevision;
    this.lease = incoming.lease;
    this.attributes = incoming.attributes;
    this.length = incoming.bytes?.byteLength ?? 0;
    this.stored = incoming.storedBytes * 2 + (incoming.stale ? 1 : 0);
  }

  get storedBytes(): number {
    return Math.floor(this.stored / 2);
  }

  get stale(): boolean {
    return this.stored % 2 === 1;
  }

  /** The stored bytes, in place: valid for as long as the caller holds them, never to be written. */
  get bytes(): Uint8Array | undefined {
    return this.slab?.bytes.subarray(this.offset, this.offset + this.length);
  }
}

/** The version of `entry` that holds at `position`; undefined where the object did not exist. */
export function versionAt(entry: Entry, position: number): Version | undefined {
  const { latest, past } = entry;
  if (latest.added <= position) return holdsBefore(latest, position) ? latest : undefined;
  if (past === undefined) return undefined;
  let low = 0;
  let high = past.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const version = past[middle];
    if (version !== undefined && version.added <= position) low = middle + 1;
    else high = middle;
  }
  const found = past[low - 1];
  return found !== undefined && holdsBefore(found, position) ? found : undefined;
}

function holdsBefore(version: Version, position: number): boolean {
  return version.removed === live || position < version.removed;
}

/** A view's value, in the chain of its version. */
export class ViewValue {
  readonly version: Version;
  /** Only its identity matters here. */
  readonly view: View<never, unknown>;
  readonly value: unknown;
  next: ViewValue | undefined;

  constructor(version: Version, view: View<never, unknown>, value: unknown, next: ViewValue | undefined) {
    this.version = version;
    this.view = view;
    this.value = value;
    this.next = next;
  }
}
