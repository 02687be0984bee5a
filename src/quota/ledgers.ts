/** The ledgers this process charges: for each generation of each quota its slots and its grants, made on first use. */
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Kv } from "../etcd/ports/ports.ts";
import { Grants } from "./grants.ts";
import type { LedgerKeys, QuotaKeys } from "./quota-keys.ts";
import type { NamespaceSpec, QuotaRule } from "./quota-spec.ts";
import { SlotPool } from "./slot-pool.ts";

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
  /** Names this process's slots; others fold them in once it is gone. */
  readonly owner: () => string;
  /** Aborted when the quotas are closed. */
  readonly ended: AbortSignal;
}

interface Held {
  readonly pool: SlotPool;
  readonly keys: LedgerKeys;
  readonly owner: string;
  specRevision: bigint;
  grants: Grants;
}

export class Ledgers {
  readonly #options: LedgersOptions;
  readonly #held = new Map<string, Held>();

  constructor(options: LedgersOptions) {
    this.#options = options;
  }

  of(spec: NamespaceSpec, rule: QuotaRule): QuotaLedger {
    const { keys, owner } = this.#options;
    const id = `${spec.namespace}/${rule.name}/${rule.generation}`;
    let held = this.#held.get(id);
    // A process that was taken for dead goes on under a new name: its old slots are no longer its own.
    if (held === undefined || held.owner !== owner()) {
      const pool = new SlotPool(owner());
      const ledgerKeys = keys.ledger(spec.namespace, rule.name, rule.generation);
      const specRevision = spec.revision;
      held = {
        pool,
        keys: ledgerKeys,
        owner: owner(),
        specRevision,
        grants: this.#grants(spec, rule, pool, ledgerKeys),
      };
      this.#held.set(id, held);
      this.#forgetOlder(spec.namespace, rule);
    }
    if (held.specRevision !== spec.revision) {
      held.specRevision = spec.revision;
      held.grants = this.#grants(spec, rule, held.pool, held.keys);
    }
    return held;
  }

  #grants(spec: NamespaceSpec, rule: QuotaRule, pool: SlotPool, ledgerKeys: LedgerKeys): Grants {
    const { kv, clock, random, keys, ended } = this.#options;
    return new Grants({
      kv,
      clock,
      random,
      spec,
      rule,
      specKey: keys.spec(spec.namespace),
      keys: ledgerKeys,
      pool,
      ended,
    });
  }

  #forgetOlder(namespace: string, rule: QuotaRule): void {
    const prefix = `${namespace}/${rule.name}/`;
    for (const id of this.#held.keys()) {
      if (id.startsWith(prefix) && id !== prefix + rule.generation) this.#held.delete(id);
    }
  }
}
