/**
 * Compares ledgers with the objects: objects are counted at one revision and compared with the ledger at that same
 * revision, so concurrent writes cannot cause a difference. It also finishes what a setter began:
 *
 *   rule active     counted - ledger's use     is a difference, and is added to the base entry, except for the use of
 *                                              objects on leases, which get entries that end with them
 *   rule counting   counted - slots' use       is the base entry; with it the rule becomes active
 *
 * Slots have charged every write since the rule was set, so a count at any later revision gives the same base: any
 * process may finish it, at any time and repeatedly. The only expected difference is the use of objects that were
 * removed without their ledger part (removed while etcd was out of space, or expired after being counted into a new
 * quota).
 */
import { Backoff } from "../../base/backoff.ts";
import { type Call, CallScope } from "../../base/call.ts";
import type { Random } from "../../base/random.ts";
import type { Clock } from "../../base/time/clock.ts";
import { isStoreError } from "../../errors.ts";
import type { History } from "../../etcd/ports/kv.ts";
import type { Compare, TxnOp } from "../../etcd/ports/messages.ts";
import type { ReconcileReport } from "../../resource/contract/store.ts";
import { quantityToNumber } from "../../resource/model/quantity.ts";
import type { Census } from "../../storage/seam/census.ts";
import { type Amounts, AmountsSum, amountsOf, minus, nothing, plus } from "../model/amounts.ts";
import { encodeAmounts, type Ledger } from "../model/ledger.ts";
import { leasedId } from "../model/quota-keys.ts";
import { encodeSpec, type NamespaceSpec, type QuotaRule } from "../model/quota-spec.ts";
import { enterLeased, removeEntries } from "./leased-entries.ts";
import { QuotaSnapshot, type SnapshotParts } from "./quota-snapshot.ts";
import { type Count, type CountedRule, countUse } from "./use-count.ts";

const waits = { firstMs: 10, maxMs: 500 } as const;
/** Retries for namespaces whose ledgers receive grants during the count: each retry counts again. */
const triesMax = 20;
const idBytes = 6;

export interface ReconcilerOptions extends SnapshotParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly census: Census;
  readonly history: Pick<History, "generation">;
}

/** The epoch as this process has noticed it, and as recorded in etcd. */
interface CountedHistory {
  readonly generation: number;
  readonly epochRevision: bigint;
}

type Difference = ReconcileReport["differences"][number];

/** A rule with its ledger and its count, at one revision. */
interface Counted {
  readonly rule: QuotaRule;
  readonly ledger: Ledger;
  readonly count: Count;
}

/** The writes for one rule. */
interface Repair {
  readonly of: Counted;
  readonly base: Amounts;
  readonly differences: readonly Difference[];
}

export class Reconciler {
  readonly #options: ReconcilerOptions;
  /** Objects that the last full check could not read or measure, and counted partly. */
  unread = 0;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /**
   * Checks one namespace ("": the cluster-wide quotas), or with undefined all that have quotas, in one pass over the
   * store. Finishes counts that were begun.
   * @param which "counting": only those rules
   */
  async run(
    namespace: string | undefined,
    call: Call,
    which: "all" | "counting" = "all",
  ): Promise<ReconcileReport> {
    const { clock, random, census, turns } = this.#options;
    using scope = new CallScope(call, clock, "reconcile quotas");
    const backoff = new Backoff(waits, clock, random);
    const differences: Difference[] = [];
    let checked = 0;
    let unread = 0;
    let left: ReadonlySet<string> | undefined = namespace === undefined ? undefined : new Set([namespace]);
    for (let attempt = 1; left === undefined || left.size > 0; attempt++) {
      scope.throwIfEnded();
      if (attempt > 1) await backoff.wait(scope.signal);
      try {
        const [only] = left ?? [];
        const history = await this.#history(scope);
        const snapshot = await QuotaSnapshot.read(
          this.#options,
          left?.size === 1 ? only : undefined,
          scope.rest(),
        );
        const rules = rulesOf(snapshot, left, which);
        const counts = await countUse(census, rules, snapshot.revision, turns, scope.rest());
        const again = new Set<string>();
        for (const [where, counted] of byNamespace(rules, counts)) {
          const pause = turns.pause();
          if (pause !== undefined) await pause;
          const repairs = await this.#repairsOf(where, counted, scope);
          if (repairs.length > 0 && !(await this.#write(snapshot.spec(where), repairs, history, scope))) {
            again.add(where);
            continue;
          }
          checked += counted.length;
          differences.push(...repairs.flatMap((repair) => repair.differences));
          for (const { count } of counted) unread += count.unread;
        }
        left = again;
      } catch (error) {
        // The revision was compacted during the count: count at a later one.
        if (!isStoreError(error, "EXPIRED") || attempt >= triesMax) throw error;
      }
      if (attempt >= triesMax) break;
    }
    if (namespace === undefined) this.unread = unread;
    return { checked, differences, unread };
  }

  /** Decides what to do about the rules of a namespace; objects on leases get their entries first. */
  async #repairsOf(
    namespace: string,
    counted: readonly Counted[],
    scope: CallScope,
  ): Promise<readonly Repair[]> {
    const { kv, keys } = this.#options;
    const repairs: Repair[] = [];
    for (const one of counted) {
      const { rule, ledger, count } = one;
      const ledgerKeys = keys.ledger(namespace, rule.name, rule.generation);
      if (rule.state === "active") {
        const differences = differencesOf(one);
        const { unentered, gone } = count;
        const isAsCounted = differences.size === 0 && unentered.length === 0 && gone.length === 0;
        if (isAsCounted && count.unread >= rule.unread) continue;
        await enterLeased(kv, ledgerKeys, unentered, scope);
        const entered = new AmountsSum();
        entered.add(count.unenteredUse);
        for (const key of await removeEntries(kv, ledgerKeys, gone, scope))
          entered.subtract(ledger.leased.get(leasedId(key)) ?? nothing);
        repairs.push({
          of: one,
          base: minus(plus(ledger.base, differences), entered.total),
          differences: [...differences.keys()].map((name) => ({
            namespace,
            quota: rule.name,
            name,
            ledger: quantityToNumber(ledger.used.get(name) ?? 0n),
            counted: quantityToNumber(count.total.get(name) ?? 0n),
          })),
        });
      } else {
        await enterLeased(kv, ledgerKeys, count.unentered, scope);
        repairs.push({ of: one, base: minus(count.lasting, ledger.slotsUsed), differences: [] });
      }
    }
    return repairs;
  }

  /** The history being counted: a count of one history is never written into another. */
  async #history(scope: CallScope): Promise<CountedHistory> {
    const { kv, keys, history } = this.#options;
    const { generation } = history;
    const { kvs } = await kv.range({ key: keys.epoch }, scope.rest());
    return { generation, epochRevision: kvs[0]?.modRevision ?? 0n };
  }

  /**
   * Writes in one transaction; false when another process granted, folded or changed the quotas in between, when the
   * history was replaced, or when the response was lost.
   */
  async #write(
    spec: NamespaceSpec,
    repairs: readonly Repair[],
    { generation, epochRevision }: CountedHistory,
    scope: CallScope,
  ): Promise<boolean> {
    const { kv, keys, random, history } = this.#options;
    if (history.generation !== generation) return false;
    const { namespace } = spec;
    const specKey = keys.spec(namespace);
    const compare: Compare[] = [
      { key: specKey, target: "mod", result: "=", operand: spec.revision },
      { key: keys.epoch, target: "mod", result: "=", operand: epochRevision },
    ];
    const success: TxnOp[] = [];
    let { rules } = spec;
    const counted = new Map<QuotaRule, QuotaRule>();
    for (const {
      of: { rule, ledger, count },
      base,
    } of repairs) {
      // A process that could read more objects has counted them already.
      const unread = rule.state === "active" ? Math.min(rule.unread, count.unread) : count.unread;
      if (rule.state === "counting" || unread !== rule.unread)
        counted.set(rule, { ...rule, state: "active", unread });
      const at = keys.ledger(namespace, rule.name, rule.generation);
      compare.push({ key: at.base, target: "mod", result: "=", operand: ledger.baseRevision });
      success.push({ type: "put", put: { key: at.base, value: encodeAmounts(base) } });
      if (rule.state === "active") {
        // Changing `grants` too makes a grant fail that relied on the old sum.
        compare.push({ key: at.grants, target: "mod", result: "=", operand: ledger.grantsRevision });
        success.push({ type: "put", put: { key: at.grants, value: String(ledger.revision) } });
        continue;
      }
      // The replaced rule has been in force until now, and is removed with its ledger.
      const isReplaced = (one: QuotaRule): boolean => one.name === rule.name && one !== rule;
      for (const { name, generation } of rules.filter(isReplaced)) {
        const { key, rangeEnd } = keys.ledger(namespace, name, generation).range;
        success.push({ type: "delete", delete: { key, rangeEnd } });
      }
      rules = rules.filter((one) => !isReplaced(one));
    }
    rules = rules.map((one) => counted.get(one) ?? one);
    if (counted.size > 0) {
      const value = encodeSpec(rules, Buffer.from(random.bytes(idBytes)).toString("hex"));
      success.push({ type: "put", put: { key: specKey, value } });
    }
    try {
      return (await kv.txn({ compare, success, failure: [] }, scope.rest())).succeeded;
    } catch (error) {
      // The response was lost: the next read shows the outcome.
      if (isStoreError(error, "OUTCOME_UNKNOWN")) return false;
      throw error;
    }
  }
}

function rulesOf(
  snapshot: QuotaSnapshot,
  only: ReadonlySet<string> | undefined,
  which: "all" | "counting",
): readonly CountedRule[] {
  const found: CountedRule[] = [];
  for (const namespace of snapshot.namespaces) {
    if (only !== undefined && !only.has(namespace)) continue;
    for (const rule of snapshot.spec(namespace).rules) {
      if (which !== "all" && rule.state !== which) continue;
      found.push({ namespace, rule, ledger: snapshot.ledger(namespace, rule) });
    }
  }
  return found;
}

function byNamespace(
  rules: readonly CountedRule[],
  counts: readonly Count[],
): ReadonlyMap<string, readonly Counted[]> {
  const found = new Map<string, Counted[]>();
  rules.forEach(({ namespace, rule, ledger }, index) => {
    const count = counts[index];
    if (count === undefined) return;
    const counted = { rule, ledger, count };
    const known = found.get(namespace);
    if (known === undefined) found.set(namespace, [counted]);
    else known.push(counted);
  });
  return found;
}

/** The count minus the ledger's use. Unreadable objects may use more than counted: for them no use is subtracted. */
function differencesOf({ rule, ledger, count }: Counted): Amounts {
  const used = amountsOf([...ledger.used].filter(([name]) => rule.hard.has(name)));
  const off = minus(count.total, used);
  return amountsOf([...off].filter(([name, value]) => value > 0n || !count.untold.has(name)));
}
