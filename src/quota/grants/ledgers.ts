/**
 * The ledgers that this process charges. For each generation of each quota it has the slots, the grants and a view of
 * the ledger, created on first use. Their number is bounded: a dropped ledger is created again, and finds its slots
 * unchanged in etcd.
 */
import { LRUCache } from "lru-cache";
import type { Random } from "../../base/random.ts";
import type { Clock } from "../../base/time/clock.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { LedgerKeys, QuotaKeys } from "../model/quota-keys.ts";
import type { NamespaceSpec, QuotaRule } from "../model/quota-spec.ts";
import { Grants } from "./grants.ts";
import { LedgerView } from "./ledger-view.ts";
import { SlotPool } from "./slot-pool.ts";

/** Ledgers kept: more than one process writes to at a time; each holds its slots and a view of a few kilobytes. */
const ledgersMax = 4_096;

export interface QuotaLedger {
  readonly keys: LedgerKeys;
  readonly pool: SlotPool;
  readonly grants: Grants;
}

export interface LedgersOptions {
  readonly kv: Kv;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: QuotaKeys;
  /** Names this process's slots; other processes fold them in once it is dead. */
  readonly owner: () => string;
  /** Aborted when the quotas are closed. */
  readonly ended: AbortSignal;
}

interface Held {
  readonly pool: SlotPool;
  readonly keys: LedgerKeys;
  readonly owner: string;
  readonly view: LedgerView;
  specRevision: bigint;
  grants: Grants;
}

export class Ledgers {
  readonly #options: LedgersOptions;
  readonly #held = new LRUCache<string, Held>({ max: ledgersMax });

  constructor(options: LedgersOptions) {
    this.#options = options;
  }

  of(spec: NamespaceSpec, rule: QuotaRule): QuotaLedger {
    const { keys, owner } = this.#options;
    const id = `${spec.namespace}/${rule.name}/${rule.generation}`;
    let held = this.#held.get(id);
    // A process that was considered dead continues under a new name, because its old slots no longer belong to it.
    if (held === undefined || held.owner !== owner()) {
      const pool = new SlotPool(owner());
      const ledgerKeys = keys.ledger(spec.namespace, rule.name, rule.generation);
      const specRevision = spec.revision;
      const { kv } = this.#options;
      const view = new LedgerView({ kv, keys, ledgerKeys, specKey: keys.spec(spec.namespace) });
      held = {
        pool,
        keys: ledgerKeys,
        owner: owner(),
        view,
        specRevision,
        grants: this.#grants(spec, rule, pool, ledgerKeys, view),
      };
      this.#held.set(id, held);
    }
    if (held.specRevision !== spec.revision) {
      held.specRevision = spec.revision;
      held.grants = this.#grants(spec, rule, held.pool, held.keys, held.view);
    }
    return held;
  }

  /** The namespace is gone, and so are its ledgers. */
  forget(namespace: string): void {
    for (const id of [...this.#held.keys()]) if (id.startsWith(`${namespace}/`)) this.#held.delete(id);
  }

  /** The history was replaced: known ledgers and slots are void, because revisions may repeat. */
  forgetAll(): void {
    // Calls under way continue with their old ledgers.
    for (const { view } of this.#held.values()) view.forget();
    this.#held.clear();
  }

  #grants(
    spec: NamespaceSpec,
    rule: QuotaRule,
    pool: SlotPool,
    ledgerKeys: LedgerKeys,
    view: LedgerView,
  ): Grants {
    const { kv, clock, random, keys, ended } = this.#options;
    return new Grants({
      kv,
      clock,
      random,
      spec,
      rule,
      specKey: keys.spec(spec.namespace),
      epochKey: keys.epoch,
      keys: ledgerKeys,
      view,
      pool,
      ended,
    });
  }
}
