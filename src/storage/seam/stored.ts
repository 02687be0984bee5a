/**
 * The seam between storage and cache: objects as stored bytes, in key order, at a revision, and their changes.
 *
 * keelson's own readers have a `StoredSource` under a symbol; the cache reads from it and decodes only what is
 * requested. A source over one kind sees `<prefix>/<keyPath>/`; the store's own sees every open kind in one range, so
 * that all kinds advance together.
 */
import type { Call } from "../../base/call.ts";
import type { Random } from "../../base/random.ts";
import type { Clock } from "../../base/time/clock.ts";
import type { TurnBudget } from "../../base/time/turn-budget.ts";
import type { PlainValue, ValueCodec } from "../../codec/form/value.ts";
import type { StoreError } from "../../errors.ts";
import type { Head } from "../../resource/model/head.ts";
import type { KeyRange } from "../../resource/model/key-range.ts";
import type { KeySpace } from "../../resource/model/keys.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";

/** One object version. Exactly one of `value` and `corrupt` is set. */
export interface StoredRecord {
  readonly kind: KindDefinition;
  /** Full etcd key as text. Byte order of keys is list order. */
  readonly key: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly modRevision: bigint;
  readonly createRevision: bigint;
  /** 0n for none. */
  readonly lease: bigint;
  readonly value: PlainValue | undefined;
  readonly corrupt: StoreError<"CORRUPT_OBJECT"> | undefined;
  /** Recorded amounts of a value that does not contain them, where they were read. */
  readonly charged?: Head["amounts"] | undefined;
}

/** A change of one key at `revision`. `prevModRevision` is 0n for a creation. */
export type StoredEvent =
  | {
      readonly type: "put";
      readonly record: StoredRecord;
      readonly prevModRevision: bigint | undefined;
      readonly previous: StoredRecord | undefined;
    }
  | {
      readonly type: "delete";
      readonly kind: KindDefinition;
      readonly key: string;
      readonly namespace: string | undefined;
      readonly name: string;
      readonly revision: bigint;
      /** The version of the previous state, where the source gave it. */
      readonly prevModRevision?: bigint | undefined;
      /** The previous state; absent when compaction has removed it (a cache has its own copy). */
      readonly previous: StoredRecord | undefined;
    };

/** Whole revisions only: everything up to and including `revision` has been delivered. No events: progress. */
export interface StoredBatch {
  readonly events: readonly StoredEvent[];
  readonly revision: bigint;
}

export interface StoredWatch extends AsyncIterable<StoredBatch>, AsyncDisposable {
  /** Resolves once etcd has created the watch. */
  ready(): Promise<void>;
  /** Requests an empty batch that reports the stream's progress; etcd may not respond while the stream catches up. */
  requestProgress(): void;
  /** Continues over another connection to the store, without gap or repetition: this one has been silent too long. */
  reopen?(): void;
}

export interface StoredPage {
  readonly records: readonly StoredRecord[];
  /** The revision the page was read at. */
  readonly revision: bigint;
  /** Start the next page after this key; undefined at the end. */
  readonly after: string | undefined;
  /** Keys in the range after the page, where etcd reported the number. */
  readonly remaining: number | undefined;
}

export interface StoredSource {
  /** The kinds that this source carries now, in key order of their prefixes; addKind and removeKind change them. */
  readonly kinds: () => readonly KindDefinition[];
  codecOf(kind: KindDefinition): ValueCodec;
  /** Awaited before everything is listed, for a source that must read to know its kind. keelson's own need none. */
  prepare?(call?: Call): Promise<void>;
  /**
   * Records in key order after `after` (exclusive) at `revision` (absent: now, linearizable). Sized by count and
   * bytes. `views`: values may be views of the whole response, allowed only if the caller keeps none of them after
   * the page. `remaining`: the number that the previous page reported. `part`: one of `parts`, instead of the whole
   * range.
   */
  page(
    options: {
      readonly after?: string | undefined;
      readonly limit?: number | undefined;
      readonly revision?: bigint | undefined;
      readonly serializable?: boolean | undefined;
      readonly views?: boolean | undefined;
      readonly remaining?: number | undefined;
      readonly part?: KeyRange | undefined;
    },
    call?: Call,
  ): Promise<StoredPage>;
  /**
   * The `remaining` keys after the key `after`, in parts that can be read in sequence or concurrently; undefined
   * where that is not worth it. Absent: the source has no parts.
   */
  parts?(after: string, remaining: number, call?: Call): Promise<readonly KeyRange[]> | undefined;
  /**
   * Changes after `fromRevision`, exclusive. The loop ends with EXPIRED when they are compacted. `previous`:
   * "versions" gives only the versions of previous states, for callers that hold the states.
   */
  watch(
    options: { readonly fromRevision: bigint; readonly previous?: "states" | "versions" | undefined },
    call?: Call,
  ): StoredWatch;
  /** The store's revision now: one cheap quorum read, shared by concurrent callers. */
  currentRevision(call?: Call): Promise<bigint>;
  /** The store's epoch; a restore changes it (fires `onEpochChange`). */
  epoch(): string;
  onEpochChange(listener: () => void): Disposable;
  /** Called when its only kind is replaced by `addKind`; absent if the owner itself adds and removes kinds. */
  readonly onReplaced?: ((listener: () => void) => Disposable) | undefined;
  /** Clock, randomness and turn budget of the underlying store, which everything built over it uses. */
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: TurnBudget;
  readonly keys: KeySpace;
  /** Aborted with CLOSED when the store is closed, or its only kind is removed: nothing more is delivered then. */
  readonly closed?: AbortSignal | undefined;
  /** The same for one kind of this source. */
  only(kind: KindDefinition): StoredSource;
  /** Highest revision of any linearizable response to this process; no call. */
  seenRevision(): bigint;
  /** False where progress notices may be ahead of events, or be absent (etcd's version-facts.ts). */
  progressIsReliable(call?: Call): Promise<boolean>;
  /** The key that authenticates continue tokens: store and cache accept each other's tokens. */
  tokenKey(call?: Call): Promise<Uint8Array>;
  /** This key and those of earlier histories: their tokens are expired, not forged. */
  tokenKeys(call?: Call): Promise<readonly Uint8Array[]>;
}

/** The symbol under which keelson's own readers keep their source. */
export const storedSource: unique symbol = Symbol("keelson.storedSource");

export interface HasStoredSource {
  readonly [storedSource]: StoredSource;
}

/** Whether the store or cache is keelson's own. */
export function hasStoredSource(reader: unknown): reader is HasStoredSource {
  return typeof reader === "object" && reader !== null && storedSource in reader;
}
