/**
 * What keeps ledgers small and proved while nobody asks: this process's sign of life, folding in the slots of dead
 * ones, and the periodic check.
 *
 *   processes/<id>   on a lease; when it is gone, the slots named after it are dead
 *   dead slot        its use is added to the base, its room is free again, its key goes, in one transaction
 *
 * Nothing here is needed for limits to hold (room can be taken from any slot at any time); it only tidies.
 */
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { isStoreError } from "../errors.ts";
import type { Etcd, Lease } from "../etcd/ports/ports.ts";
import { plus } from "./amounts.ts";
import { encodeAmounts, type LedgerSlot, readLedger } from "./ledger.ts";
import type { QuotaKeys } from "./quota-keys.ts";
import { decodeSpec } from "./quota-spec.ts";
import type { Reconciler } from "./reconcile.ts";

/** How long a killed process counts as alive, seconds. */
const processTtlSeconds = 20;
/** Between two rounds of folding, milliseconds; jittered, so that processes do not all come at once. */
const foldIntervalMs = 30_000;
/** Between two checks of every ledger against what is there, milliseconds. */
const checkIntervalMs = 10 * 60_000;
/** Slots folded in one transaction: two compares and two operations each would not fit 128 with more. */
const foldedAtOnceMax = 40;
const idBytes = 8;

export interface UpkeepOptions {
  readonly etcd: Etcd;
  readonly keys: QuotaKeys;
  readonly reconciler: Reconciler;
  /** Milliseconds between checks; false: no checks. Default 10 min. */
  readonly checkIntervalMs?: number | false | undefined;
  /** Told what a check found: each is a bug or an accident worth a line in a log. */
  readonly onDifference: (count: number) => void;
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

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#clock = options.etcd.clock;
    this.#random = options.etcd.random;
    this.#owner = this.#newOwner();
    const checkEveryMs = options.checkIntervalMs ?? checkIntervalMs;
    this.#loops = [
      this.#every(foldIntervalMs, () => this.fold()),
      ...(checkEveryMs === false ? [] : [this.#every(checkEveryMs, () => this.#check())]),
    ];
  }

  /** Names this process's slots. The first call makes the process known, in the background. */
  owner(): string {
    this.#registering ??= this.#register();
    return this.#owner;
  }

  /** One round over every ledger. @returns slots folded in */
  async fold(): Promise<number> {
    const { etcd, keys } = this.#options;
    const all = keys.all();
    const signal = this.#ended.signal;
    const { kvs, header } = await etcd.kv.range({ key: all.key, rangeEnd: all.rangeEnd }, { signal });
    const alive = new Set<string>();
    const processes = keys.processes();
    for (const kv of kvs) {
      const key = Buffer.from(kv.key).toString();
      if (processes.includes(key)) alive.add(key.slice(processes.prefix.length));
    }
    alive.add(this.#owner);
    let folded = 0;
    for (const kv of kvs) {
      const namespace = keys.namespaceOfSpec(Buffer.from(kv.key).toString());
      if (namespace === undefined) continue;
      for (const rule of decodeSpec(namespace, kv.value, kv.modRevision).rules) {
        // Until the count is in, the base is not there to be added to.
        if (rule.state !== "active") continue;
        const ledgerKeys = keys.ledger(namespace, rule.name, rule.generation);
        const own = kvs.filter((one) => ledgerKeys.range.includes(Buffer.from(one.key).toString()));
        const ledger = readLedger(ledgerKeys, { header, kvs: own, more: false, count: 0n }, header.revision);
        const dead = ledger.slots
          .filter((slot) => !alive.has(slot.id.slice(0, slot.id.lastIndexOf("-"))))
          .slice(0, foldedAtOnceMax);
        if (dead.length === 0) continue;
        const base = dead.reduce((sum, slot: LedgerSlot) => plus(sum, slot.used), ledger.base);
        const answer = await etcd.kv.txn(
          {
            compare: [
              { key: ledgerKeys.base, target: "mod", result: "=", operand: ledger.baseRevision },
              ...dead.map(
                (slot) =>
                  ({
                    key: ledgerKeys.slot(slot.id),
                    target: "mod",
                    result: "=",
                    operand: slot.modRevision,
                  }) as const,
              ),
            ],
            success: [
              { type: "put", put: { key: ledgerKeys.base, value: encodeAmounts(base) } },
              ...dead.map((slot) => ({ type: "delete", delete: { key: ledgerKeys.slot(slot.id) } }) as const),
            ],
            failure: [],
          },
          { signal },
        );
        if (answer.succeeded) folded += dead.length;
      }
    }
    return folded;
  }

  /** Ends the loops and gives the sign of life back; slots stay for others to fold in. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error("the quotas are closed"));
    await Promise.allSettled([...this.#loops, this.#registering]);
    await this.#lease?.[Symbol.asyncDispose]();
  }

  async #check(): Promise<void> {
    const { differences } = await this.#options.reconciler.run(undefined, { signal: this.#ended.signal });
    if (differences.length > 0) this.#options.onDifference(differences.length);
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
      // No lease, no sign of life: others may fold these slots in, which costs this process a retry and nothing else.
      if (!isStoreError(error) && !signal.aborted) throw error;
      this.#registering = undefined;
    }
  }

  /** Taken for dead: go on under a new name. */
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
        // A round that fails is made up for by the next one.
        await task().catch((error: unknown) => {
          if (!isStoreError(error) && !signal.aborted) throw error;
        });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
