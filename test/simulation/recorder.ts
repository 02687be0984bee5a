/**
 * Who asked what and was told what, in one world. Beside the times of every call it keeps the cluster's revision at its
 * beginning and its end, which nobody could know of a real cluster: every answer is then checked against exactly the
 * states it may speak of.
 */
import { isStoreError, type StoreErrorCode, type WatchEvent } from "keelson";
import type { Item } from "./item.ts";
import type { VirtualTime } from "./virtual-time.ts";

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

/** One call. What is not known before it returns is filled in by `end`. */
export interface Call {
  readonly process: string;
  readonly client: string;
  readonly kind: CallKind;
  /** Who answers reads. */
  readonly via: "store" | "cache";
  /** Full key, or the prefix of a list. */
  readonly key: string;
  /** Values this call has made, in order: none, or one, of them may be stored. */
  readonly tokens: string[];
  /** Version the write is conditional on; 0n: absence. */
  guard: bigint | undefined;
  readonly ttlSeconds?: number | undefined;
  readonly read?: { readonly freshness: Freshness; readonly revision: bigint } | undefined;
  /** Of a list: which tokens it wants. */
  readonly wants?: ((token: string) => boolean) | undefined;
  /** Revision of the cluster when it began. */
  readonly from: bigint;
  readonly atMs: number;
  /** Revision of the cluster when it returned; absent: it never did. */
  to?: bigint;
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
  /** What a watch without a start was told it began at. */
  began: bigint | undefined;
  readonly wants: (key: string, token: string) => boolean;
  readonly events: WatchEvent<Item>[];
  /** Relists of its cache when it opened: after another one it may have been told differences only. */
  readonly relists: number;
  relistsAtEnd: number;
  /** Versions at which caches have listed again; the world's, one list for all streams. */
  readonly relistedAt: readonly bigint[];
  ended?: string;
}

export class Recorder {
  readonly calls: Call[] = [];
  readonly streams: Stream[] = [];
  readonly relistedAt: bigint[] = [];
  /** Revision at which the first quota had been set. */
  quotaSince: bigint | undefined;
  readonly #time: VirtualTime;
  readonly #revision: () => bigint;

  constructor(time: VirtualTime, revision: () => bigint) {
    this.#time = time;
    this.#revision = revision;
  }

  begin(facts: Omit<Call, "tokens" | "from" | "atMs" | "outcome" | "to" | "endMs">): Call {
    const call: Call = {
      ...facts,
      tokens: [],
      from: this.#revision(),
      atMs: this.#time.nowMs,
      outcome: { type: "unknown", code: "LOST" },
    };
    this.calls.push(call);
    return call;
  }

  end(call: Call, outcome: Outcome): void {
    call.to = this.#revision();
    call.endMs = this.#time.nowMs;
    call.outcome = outcome;
  }

  quotaSet(): void {
    this.quotaSince ??= this.#revision();
  }

  /** What a rejection claims. @throws what is no error of the store's: a fault of the code under test */
  fail(call: Call, error: unknown, aborted: AbortSignal | undefined): void {
    if (isStoreError(error, "OUTCOME_UNKNOWN")) this.end(call, { type: "unknown", code: error.code });
    else if (isStoreError(error)) {
      this.end(call, { type: "failed", code: error.code, message: error.message });
    } else if (aborted?.aborted === true && error === aborted.reason) {
      this.end(call, { type: "unknown", code: "ABORTED" });
    } else throw error;
  }
}
