/**
 * What all parts of one open store share: etcd, keys, guards, the epoch, and the bounded memories that save round
 * trips. `create-store.ts` builds it once; every part here gets its dependencies from it.
 */
import type { CallGate } from "../../base/call-gate.ts";
import type { KeyQueues } from "../../base/key-queues.ts";
import type { Permits } from "../../base/permits.ts";
import type { Random } from "../../base/random.ts";
import type { Clock } from "../../base/time/clock.ts";
import type { TurnBudget } from "../../base/time/turn-budget.ts";
import type { FencedWrites } from "../../etcd/fenced/fenced-write.ts";
import type { EtcdCall } from "../../etcd/ports/call.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import type { KeySpace } from "../../resource/model/keys.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";
import type { GuardPart, WriteGuard } from "../seam/write-guard.ts";
import type { ChargedAmounts } from "./charged-amounts.ts";
import type { ContinueKey } from "./continue-key.ts";
import type { Epoch } from "./epoch.ts";
import type { GroupedGets } from "./grouped-gets.ts";
import type { RecentRecords } from "./recent-records.ts";
import type { StoreCounters } from "./store-counters.ts";
import type { WatchStarts } from "./watch-starts.ts";

/** The kind that a value is written for. */
export interface ReferringKind {
  readonly definition: KindDefinition;
  readonly codec: { forgetDictionaries(): void };
}

/** The compares for what a stored value depends on: its dictionary, and the record of its sealing key. */
export interface ReferenceParts {
  /** The compare for `value`; undefined when the value depends on nothing else. Records its sealing key if needed. */
  partFor(
    kind: ReferringKind,
    value: Uint8Array,
    call: EtcdCall,
  ): GuardPart | undefined | Promise<GuardPart | undefined>;
  /** Records that values of `resource` are sealed under `keyId`. A store without write permission still opens. */
  recordKey(resource: string, keyId: string, call: EtcdCall): Promise<void>;
  /**
   * The content that `recordKey` writes for the key from now on, to distinguish it from another key with the same id.
   */
  checkBy(resource: string, keyId: string, checkValue: string): void;
  /** The record was found in etcd. */
  keyIsRecorded(resource: string, keyId: string): void;
}

export interface StorageContext {
  readonly etcd: Etcd;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: KeySpace;
  readonly writes: FencedWrites;
  /** Asked in this order before each attempt of each write; the store's assembly adds guards before the first call. */
  readonly guards: readonly WriteGuard[];
  /** The amounts charged for objects whose values do not contain them. */
  readonly charged: ChargedAmounts;
  /** The records that stored values depend on. */
  readonly references: ReferenceParts;
  readonly epoch: Epoch;
  readonly continueKey: ContinueKey;
  readonly gate: CallGate;
  readonly turns: TurnBudget;
  readonly recent: RecentRecords;
  readonly hotKeys: KeyQueues;
  /** Large lists under way: at most `limits.concurrentListsMax`. */
  readonly listPermits: Permits;
  readonly linearizableGets: GroupedGets;
  readonly serializableGets: GroupedGets;
  readonly watchStarts: WatchStarts;
  readonly counters: StoreCounters;
  /** Whether results of reads are frozen. */
  readonly freeze: boolean;
  /** Interval between two bookmarks of a watch. */
  readonly bookmarkIntervalMs: number;
}
