/**
 * Background upkeep of ledgers, to keep them small and correct: this process's liveness record, folding in the slots
 * of dead processes, finishing the counts they began, and the periodic check.
 *
 *   _processes/<id>  on a lease; once it is gone, the slots named after it are dead
 *   dead slot        one transaction adds its use to the base, frees its room and deletes its key
 *   rule counting    setter dead, or failed here: the first process to find the rule counts it
 *
 * Limits of counted quotas do not depend on this work (room can be reclaimed from any slot at any time); it only
 * tidies.
 */

import type { Random } from "../../base/random.ts";
import type { Clock } from "../../base/time/clock.ts";
import { isStoreError } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import type { Lease } from "../../etcd/ports/leases.ts";
import type { Compare, TxnOp } from "../../etcd/ports/messages.ts";
import { AmountsSum } from "../model/amounts.ts";
import { encodeAmounts } from "../model/ledger.ts";
import type { QuotaRule } from "../model/quota-spec.ts";
import { QuotaSnapshot, type SnapshotParts } from "./quota-snapshot.ts";
import type { Reconciler } from "./reconcile.ts";

/** How long a killed process counts as alive, seconds. */
const processTtlSeconds = 20;
/** Interval between two rounds of folding, milliseconds; jittered, so that processes do not all run at once. */
const foldIntervalMs = 30_000;
/** Interval between two checks of every ledger against the objects, milliseconds. */
const checkIntervalMs = 10 * 60_000;
/** Slots folded in one transaction: with two compares and two operations each, more would not fit etcd's 128. */
const foldedAtOnceMax = 40;
const idBytes = 8;

export interface UpkeepOptions extends SnapshotParts {
  readonly etcd: Etcd;
  readonly reconciler: Reconciler;
}

export class Upkeep implements AsyncDisposable {
  readonly #options: UpkeepOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #ended = new AbortController();
  #owner: string;
  #lease: Lease | undefined;
  #registering: Promise<void> | undefined;
  readonly #loops: Promise<void>[];
  readonly #finishing = new Set<Promise<void>>();
  /** Namespaces whose count this process has begun and not finished. */
  readonly #unfinished = new Set<string>();

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#clock = options.etcd.clock;
    this.#random = options.etcd.random;
    this.#owner = this.#newOwner();
    this.#loops = [
      this.#every(foldIntervalMs, () => this.fold()),
      this.#every(checkIntervalMs, () => this.#check()),
    ];
  }

  /** Names this process's slots. The first call registers the process, in the background. */
  owner(): string {
    this.#registering ??= this.#register();
    return this.#owner;
  }

  /**
   * One round over every ledger: folds in the slots of dead processes, and finishes the counts that they left.
   * @returns number of slots folded in
   */
  async fold(): Promise<number> {
    const { reconciler, turns } = this.#options;
    const signal = this.#ended.signal;
    const snapshot = await QuotaSnapshot.read(this.#options, undefined, { signal });
    const alive = new Set(snapshot.processes).add(this.#owner);
    const leftCounting = new Set<string>();
    let folded = 0;
    for (const namespace of snapshot.namespaces) {
      const pause = turns.pause();
      if (pause !== undefined) await pause;
      for (const rule of snapshot.spec(namespace).rules) {
        // Until the count is written, there is no base to add to.
        if (rule.state === "active") folded += await this.#foldRule(namespace, rule, snapshot, alive);
        else if (!alive.has(rule.setBy) || this.#unfinished.delete(namespace)) leftCounting.add(namespace);
      }
    }
    for (const namespace of leftCounting) await reconciler.run(namespace, { signal }, "counting");
    return folded;
  }

  /** A `set` of this process ended before its count: it continues in the background, and rounds repair a failure. */
  finishLater(namespace: string): void {
    const { reconciler } = this.#options;
    const { signal } = this.#ended;
    if (signal.aborted) return;
    const finishing = reconciler.run(namespace, { signal }, "counting").then(
      () => undefined,
      (error: unknown) => {
        if (!isStoreError(error) && !signal.aborted) throw error;
        this.#unfinished.add(namespace);
      },
    );
    this.#finishing.add(finishing);
    void finishing.finally(() => this.#finishing.delete(finishing));
  }

  async #foldRule(
    namespace: string,
    rule: QuotaRule,
    snapshot: QuotaSnapshot,
    alive: ReadonlySet<string>,
  ): Promise<number> {
    const { kv, keys } = this.#options;
    const ledger = snapshot.ledger(namespace, rule);
    const at = keys.ledger(namespace, rule.name, rule.generation);
    const dead = ledger.slots
      .filter(({ id }) => !alive.has(id.slice(0, id.lastIndexOf("-"))))
      .slice(0, foldedAtOnceMax);
    if (dead.length === 0) return 0;
    const base = new AmountsSum();
    base.add(ledger.base);
    for (const { used } of dead) base.add(used);
    const isAsRead = (key: string, operand: bigint): Compare => ({
      key,
      target: "mod",
      result: "=",
      operand,
    });
    const { succeeded } = await kv.txn(
      {
        compare: [
          isAsRead(at.base, ledger.baseRevision),
          ...dead.map(({ id, modRevision }) => isAsRead(at.slot(id), modRevision)),
        ],
        success: [
          { type: "put", put: { key: at.base, value: encodeAmounts(base.total) } },
          ...dead.map(({ id }): TxnOp => ({ type: "delete", delete: { key: at.slot(id) } })),
        ],
        failure: [],
      },
      { signal: this.#ended.signal },
    );
    return succeeded ? dead.length : 0;
  }

  /** Ends the loops and removes the liveness record; slots stay for other processes to fold in. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error("the quotas are closed"));
    await Promise.allSettled([...this.#loops, ...this.#finishing, this.#registering]);
    await this.#lease?.[Symbol.asyncDispose]();
  }

  async #check(): Promise<void> {
    await this.#options.reconciler.run(undefined, { signal: this.#ended.signal });
  }

  async #register(): Promise<void> {
    const { etcd, keys } = this.#options;
    const signal = this.#ended.signal;
    const owner = this.#owner;
    try {
      const lease = await etcd.leases.hold({ ttlSeconds: processTtlSeconds }, { signal });
      this.#lease = lease;
      await etcd.kv.put({ key: keys.process(owner), value: "", lease: lease.id }, { signal });
      lease.lost.addEventListener("abort", () => this.#startOver(owner), { once: true });
    } catch (error) {
      // Without a lease there is no liveness record: other processes may fold these slots in, which only costs this
      // process a retry.
      if (!isStoreError(error) && !signal.aborted) throw error;
      this.#registering = undefined;
    }
  }

  /** This process was considered dead: it continues under a new name. */
  #startOver(owner: string): void {
    if (this.#owner !== owner || this.#ended.signal.aborted) return;
    this.#owner = this.#newOwner();
    this.#registering = undefined;
  }

  #newOwner(): string {
    return Buffer.from(this.#random.bytes(idBytes)).toString("hex");
  }

  async #every(intervalMs: number, task: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#ended;
    try {
      for (;;) {
        await this.#clock.sleep(intervalMs * (0.75 + this.#random.float() / 2), signal);
        // The next round makes up for a failed one.
        await task().catch((error: unknown) => {
          if (!isStoreError(error) && !signal.aborted) throw error;
        });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
