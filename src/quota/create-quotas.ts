/** Assembles the parts of quotas: the guard that joins writes, the public `Quotas`, and the background upkeep. */
import { setMaxListeners } from "node:events";
import type { CallGate } from "../base/call-gate.ts";
import type { TurnBudget } from "../base/time/turn-budget.ts";
import { StoreError } from "../errors.ts";
import type { Etcd } from "../etcd/ports/etcd.ts";
import type { Quotas } from "../resource/contract/store.ts";
import type { KeySpace } from "../resource/model/keys.ts";
import type { Census } from "../storage/seam/census.ts";
import type { WriteGuard } from "../storage/seam/write-guard.ts";
import { QuotaAdmin } from "./admin/quota-admin.ts";
import { Reconciler } from "./admin/reconcile.ts";
import { Upkeep } from "./admin/upkeep.ts";
import { gatedQuotas } from "./gated-quotas.ts";
import { Ledgers } from "./grants/ledgers.ts";
import { QuotaKeys } from "./model/quota-keys.ts";
import { SpecCache } from "./model/spec-cache.ts";
import { QuotaGuard } from "./quota-guard.ts";

export interface QuotaParts extends AsyncDisposable {
  readonly guard: WriteGuard;
  readonly quotas: Quotas;
  /** What health() reports about quotas. */
  problems(): readonly string[];
}

export function createQuotas(options: {
  readonly etcd: Etcd;
  readonly keys: KeySpace;
  /** The store's gate, which calls from outside pass. */
  readonly gate: CallGate;
  readonly census: Census;
  readonly turns: TurnBudget;
  /** Called when etcd's history was replaced: everything remembered of it is void. */
  readonly onEpochChange: (listener: () => void) => Disposable;
}): QuotaParts {
  const { etcd, census, turns } = options;
  const { kv, clock, random, history } = etcd;
  const keys = new QuotaKeys(options.keys);
  const end = new AbortController();
  const ended = end.signal;
  // The ledger of each busy namespace listens. Hundreds of listeners are usual and not a leak.
  setMaxListeners(0, ended);
  const specs = new SpecCache(kv, keys, ended);
  const reconciler = new Reconciler({ kv, clock, random, keys, turns, census, history });
  const upkeep = new Upkeep({
    etcd,
    kv,
    keys,
    turns,
    reconciler,
  });
  const ledgers = new Ledgers({ kv, clock, random, keys, owner: () => upkeep.owner(), ended });
  const following = options.onEpochChange(() => {
    specs.forgetAll();
    ledgers.forgetAll();
  });
  const admin = new QuotaAdmin({
    kv,
    clock,
    random,
    keys,
    turns,
    specs,
    reconciler,
    owner: () => upkeep.owner(),
    finishLater: (namespace) => upkeep.finishLater(namespace),
  });
  return {
    guard: new QuotaGuard({ keys, specs, ledgers }),
    quotas: gatedQuotas(admin, options.gate),
    problems: () =>
      reconciler.unread === 0
        ? []
        : [
            `quotas count ${reconciler.unread} objects by key and size alone: this process cannot read them, or does not know what their kind measures`,
          ],
    async [Symbol.asyncDispose]() {
      // Ends shared work that abandoned calls have left under way.
      end.abort(new StoreError("CLOSED", "Cannot use the quotas: the store is closed", { what: "store" }));
      following[Symbol.dispose]();
      await upkeep[Symbol.asyncDispose]();
    },
  };
}
