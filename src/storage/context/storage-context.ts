/**
 * What all parts of one open store share: etcd, keys, guards, history's identity, and the bounded memories that save
 * round trips. `create-store.ts` builds it once; everything here gets its dependencies from it.
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

/** The kind a value is written for. */
export interface ReferringKind {
  readonly definition: KindDefinition;
  readonly codec: { forgetDictionaries(): void };
}

/** The compares that go with what a stored value needs besides itself: its dictionary, the record of its sealing key. */
export interface ReferenceParts {
  /** The compare that belongs to `value`; undefined when it stands for itself. Puts the record of a sealing key that has none. */
  partFor(
    kind: ReferringKind,
    value: Uint8Array,
    call: EtcdCall,
  ): GuardPart | undefined | Promise<GuardPart | undefined>;
  /** Puts on record that values of `resource` are sealed under `keyId`. A store that may not write opens all the same. */
  recordKey(resource: string, keyId: string, call: EtcdCall): Promise<void>;
  /** What `recordKey` puts on record of the key from now on, to tell it from another of the same id. */
  checkBy(resource: string, keyId: string, checkValue: string): void;
  /** It was found on record. */
  keyIsRecorded(resource: string, keyId: string): void;
  /** The history was replaced: the record is read again. */
  forget(): void;
}

export interface StorageContext {
  readonly etcd: Etcd;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: KeySpace;
  readonly writes: FencedWrites;
  /** Asked in this order before each attempt of each write; the store's assembly adds to it before the first call. */
  readonly guards: readonly WriteGuard[];
  /** What was charged for objects whose values do not say it. */
  readonly charged: ChargedAmounts;
  /** What stored values need besides themselves. */
  readonly references: ReferenceParts;
  readonly epoch: Epoch;
  readonly continueKey: ContinueKey;
  readonly gate: CallGate;
  readonly turns: TurnBudget;
  readonly recent: RecentRecords;
  readonly hotKeys: KeyQueues;
  /** Lists of many keys under way: `limits.concurrentListsMax` of them. */
  readonly listPermits: Permits;
  readonly linearizableGets: GroupedGets;
  readonly serializableGets: GroupedGets;
  readonly watchStarts: WatchStarts;
  readonly counters: StoreCounters;
  /** What reads give is frozen. */
  readonly freeze: boolean;
  /** Between two bookmarks of a watch. */
  readonly bookmarkIntervalMs: number;
}
