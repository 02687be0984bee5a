/**
 * Records the calls of one world and their results. Besides the times of every call it keeps the cluster's revision at
 * its beginning and end, which cannot be known for a real cluster. So every response is checked against exactly the
 * states that it may reflect. Revisions belong to an era, the time between two restores, which is also recorded.
 */
import { isStoreError, type StoreErrorCode, type WatchEvent } from "keelson";
import type { Item } from "../item.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { Eras } from "./eras.ts";

export type CallKind =
  | "create"
  | "update"
  | "guaranteedUpdate"
  | "delete"
  | "deleteCollection"
  | "get"
  | "list"
  | "quota";

export type Freshness = "linearizable" | "any" | "notOlderThan" | "exact";

/** One call. `end` fills in what is unknown before it returns. */
export interface Call {
  readonly process: string;
  readonly client: string;
  readonly kind: CallKind;
  /** What answers reads. */
  readonly via: "store" | "cache";
  /** Full key, or the prefix of a list. */
  readonly key: string;
  /** For a partial list: keys after `after`, the next page of `first`, and keys up to `upTo`, inclusive. */
  part?: { readonly after?: string; readonly first?: Call; readonly upTo?: string };
  /** Values that this call has produced, in order: at most one of them may be stored. */
  readonly tokens: string[];
  /** Version the write is conditional on; 0n: absence. */
  guard: bigint | undefined;
  /** Token of the object that an update was given: another era may have had another one in the same version. */
  readonly guardToken?: string | undefined;
  readonly ttlSeconds?: number | undefined;
  readonly read?: { readonly freshness: Freshness; readonly revision: bigint } | undefined;
  /** The tokens that a list selects. */
  readonly wants?: ((token: string) => boolean) | undefined;
  /** Revision of the cluster when it began. */
  readonly from: bigint;
  readonly era: number;
  /** The latest era that its process, or the cache it reads from, is known to have noticed by then. */
  readonly noticed: number;
  readonly atMs: number;
  /** Revision of the cluster when it returned; absent: it never did. */
  to?: bigint;
  toEra?: number;
  endMs?: number;
  outcome: Outcome;
}

export type Outcome =
  /** Never returned, aborted, or OUTCOME_UNKNOWN. */
  | { readonly type: "unknown"; readonly code: string }
  | { readonly type: "failed"; readonly code: StoreErrorCode; readonly message: string }
  | {
      readonly type: "ok";
      readonly revision: bigint;
      readonly token?: string | undefined;
      /** Of a list. */
      readonly items?: readonly { readonly key: string; readonly revision: bigint; readonly token: string }[];
    };

/** One watch, from its opening to its end. */
export interface Stream {
  readonly name: string;
  readonly process: string;
  readonly via: "store" | "cache";
  /** Exclusive; undefined: from the bookmark that ends the initial events. */
  readonly start: bigint | undefined;
  /** The version at which a watch without a start reported that it began. */
  began: bigint | undefined;
  /** The era that its process had noticed when it opened, and the era at its end: it reports one era between them. */
  readonly noticed: number;
  readonly openEra: number;
  endEra?: number;
  readonly wants: (key: string, token: string) => boolean;
  readonly events: WatchEvent<Item>[];
  /** Relists of its cache when it opened: after another relist it may have received only differences. */
  readonly relists: number;
  relistsAtEnd: number;
  /** The relists of caches; one list of the world for all streams. */
  readonly relistedAt: readonly Relist[];
  ended?: string;
}

export type CallFacts = Omit<
  Call,
  "tokens" | "part" | "from" | "era" | "atMs" | "outcome" | "to" | "toEra" | "endMs"
>;

export interface Relist {
  readonly era: number;
  readonly until: bigint;
}

export class Recorder {
  readonly calls: Call[] = [];
  readonly streams: Stream[] = [];
  readonly relistedAt: Relist[] = [];
  readonly eras: Eras;
  readonly #time: VirtualTime;

  constructor(time: VirtualTime, eras: Eras) {
    this.#time = time;
    this.eras = eras;
  }

  get era(): number {
    return this.eras.present.era;
  }

  begin(facts: CallFacts): Call {
    const { era, revision } = this.eras.present;
    const call: Call = {
      ...facts,
      tokens: [],
      from: revision,
      era,
      atMs: this.#time.nowMs,
      outcome: { type: "unknown", code: "LOST" },
    };
    this.calls.push(call);
    return call;
  }

  end(call: Call, outcome: Outcome): void {
    const { era, revision } = this.eras.present;
    call.to = revision;
    call.toEra = era;
    call.endMs = this.#time.nowMs;
    call.outcome = outcome;
  }

  /** The claim of a rejection. @throws an error that is not the store's: a fault of the code under test */
  fail(call: Call, error: unknown, aborted: AbortSignal | undefined): void {
    if (isStoreError(error, "OUTCOME_UNKNOWN")) this.end(call, { type: "unknown", code: error.code });
    else if (isStoreError(error)) {
      this.end(call, { type: "failed", code: error.code, message: error.message });
    } else if (aborted?.aborted === true && error === aborted.reason) {
      this.end(call, { type: "unknown", code: "ABORTED" });
    } else throw error;
  }
}
