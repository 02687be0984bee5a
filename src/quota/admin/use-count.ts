/**
 * Sums over a count of the objects: the use of each rule's objects. A count is taken at one revision, so it can be
 * compared with the ledger at that revision.
 */
import type { Call } from "../../base/call.ts";
import type { TurnBudget } from "../../base/time/turn-budget.ts";
import type { RecordedHead } from "../../resource/model/head.ts";
import type { Census, CensusQuestion, CountedObject } from "../../storage/seam/census.ts";
import { type Amounts, AmountsSum, plus } from "../model/amounts.ts";
import type { Ledger } from "../model/ledger.ts";
import { leasedId, objectKeyOf } from "../model/quota-keys.ts";
import { concerns, isToldByKey, type QuotaRule, untoldNames, usageOf } from "../model/quota-spec.ts";

/** A rule whose objects are to be counted. */
export interface CountedRule {
  readonly namespace: string;
  readonly rule: QuotaRule;
  /** The rule's ledger at the revision of the count. */
  readonly ledger: Ledger;
}

export interface LeasedObject {
  readonly key: string;
  readonly modRevision: bigint;
  readonly lease: bigint;
  readonly usage: Amounts;
}

/** The use of a rule's objects, except those on leases: they have their own ledger entries. */
export class Count {
  readonly #lasting = new AmountsSum();
  readonly #leasedUse = new AmountsSum();
  readonly #untold = new Set<string>();
  /** Objects on leases without an entry in the ledger: another tool's, or older than the rule. */
  readonly unentered: LeasedObject[] = [];
  readonly #unenteredUse = new AmountsSum();
  readonly #entered: ReadonlyMap<string, Amounts>;
  readonly #seen = new Set<string>();
  /** Objects that could not be read or measured, and are counted partly. */
  unread = 0;

  constructor(entered: ReadonlyMap<string, Amounts>) {
    this.#entered = entered;
  }

  get lasting(): Amounts {
    return this.#lasting.total;
  }

  get total(): Amounts {
    return plus(this.lasting, this.#leasedUse.total);
  }

  /** Keys of objects with an entry in the ledger that were not there: removed without their entry, by another tool. */
  get gone(): readonly string[] {
    if (this.#seen.size === this.#entered.size) return [];
    return [...this.#entered.keys()].flatMap((id) => (this.#seen.has(id) ? [] : [objectKeyOf(id)]));
  }

  /** The use of `unentered`. */
  get unenteredUse(): Amounts {
    return this.#unenteredUse.total;
  }

  /** Names whose real use is at least the count. */
  get untold(): ReadonlySet<string> {
    return this.#untold;
  }

  add(rule: QuotaRule, object: CountedObject, recorded: RecordedHead | undefined): void {
    const id = object.lease === 0n ? undefined : leasedId(object.key);
    const isEntered = id !== undefined && this.#entered.has(id);
    if (isEntered) this.#seen.add(id);
    const usage = usageOf(rule, object.resource, { recorded, storedBytes: object.storedBytes });
    const untold = untoldNames(rule, object.resource, recorded);
    // For such a rule keys are sufficient, so no value was opened.
    if (untold.length > 0 && !isToldByKey(rule)) {
      this.unread++;
      for (const name of untold) this.#untold.add(name);
    }
    if (object.lease === 0n) this.#lasting.add(usage);
    else if (usage.size > 0) {
      this.#leasedUse.add(usage);
      if (isEntered) return;
      const { key, modRevision, lease } = object;
      this.unentered.push({ key, modRevision, lease, usage });
      this.#unenteredUse.add(usage);
    }
  }
}

/** Counts the objects of several rules in one pass over the store, or over the only namespace that they are in. */
export async function countUse(
  census: Census,
  rules: readonly CountedRule[],
  revision: bigint,
  turns: TurnBudget,
  call: Call,
): Promise<readonly Count[]> {
  const counts = rules.map(({ ledger }) => new Count(ledger.leased));
  const byNamespace = new Map<string, { readonly rule: QuotaRule; readonly count: Count }[]>();
  rules.forEach(({ namespace, rule }, index) => {
    const count = counts[index];
    if (count === undefined) return;
    const known = byNamespace.get(namespace);
    if (known === undefined) byNamespace.set(namespace, [{ rule, count }]);
    else known.push({ rule, count });
  });
  const [only = ""] = byNamespace.keys();
  const question: CensusQuestion = {
    namespace: byNamespace.size === 1 ? only : "",
    revision,
    concerns: (resource) => rules.some(({ rule }) => concerns(rule, resource)),
    keysOnly: rules.every(({ rule }) => isToldByKey(rule) && !rule.hard.has("bytes")),
  };
  const everywhere = byNamespace.get("") ?? [];
  for await (const object of census.objectsAt(question, call)) {
    const pause = turns.pause();
    if (pause !== undefined) await pause;
    const { namespace, resource } = object;
    const own = namespace === undefined ? undefined : byNamespace.get(namespace);
    const concerned = [...everywhere, ...(own ?? [])].filter(({ rule }) => concerns(rule, resource));
    if (concerned.length === 0) continue;
    const toOpen = concerned.some(({ rule }) => !isToldByKey(rule));
    const opened = toOpen ? object.recorded() : undefined;
    const recorded = opened instanceof Promise ? await opened : opened;
    for (const { rule, count } of concerned) count.add(rule, object, recorded);
  }
  return counts;
}
