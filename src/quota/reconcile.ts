/**
 * Holding ledgers against what is there: objects are counted at one revision and compared with the ledger at that
 * same revision, so writers going on meanwhile cannot make a difference. What differs goes into the base entry.
 *
 * It should find nothing but the use of objects that went without their ledger part (removed while etcd was out of
 * space, or expired after being counted into a new quota).
 */
import { Backoff } from "../base/backoff.ts";
import { type Call, CallScope } from "../base/call.ts";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { isStoreError } from "../errors.ts";
import type { Kv } from "../etcd/ports/ports.ts";
import { quantityToNumber } from "../resource/quantity.ts";
import type { ReconcileReport } from "../resource/store.ts";
import { amountsOf, minus, plus } from "./amounts.ts";
import { type Census, countUse } from "./census.ts";
import { encodeAmounts, type Ledger, readLedger } from "./ledger.ts";
import type { QuotaKeys } from "./quota-keys.ts";
import { decodeSpec, type NamespaceSpec, type QuotaRule } from "./quota-spec.ts";

const waits = { firstMs: 10, maxMs: 500 } as const;
/** Tries for one namespace whose ledgers keep being granted from: each try counts again. */
const triesMax = 20;

export interface ReconcilerOptions {
  readonly kv: Kv;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: QuotaKeys;
  readonly census: Census;
}

type Difference = ReconcileReport["differences"][number];

export class Reconciler {
  readonly #options: ReconcilerOptions;
  /** Differences found since the start; a healthy store stays at 0. */
  differences = 0;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** One namespace ("": the cluster-wide quotas), or with undefined all that have quotas. */
  async run(namespace: string | undefined, call: Call): Promise<ReconcileReport> {
    using scope = new CallScope(call, this.#options.clock, "reconcile quotas");
    const namespaces = namespace === undefined ? await this.#namespaces(scope) : [namespace];
    let checked = 0;
    const differences: Difference[] = [];
    for (const one of namespaces) {
      const report = await this.#namespace(one, scope);
      checked += report.checked;
      differences.push(...report.differences);
    }
    this.differences += differences.length;
    return { checked, differences };
  }

  async #namespaces(scope: CallScope): Promise<readonly string[]> {
    const { kv, keys } = this.#options;
    const range = keys.all();
    const { kvs } = await kv.range(
      { key: range.key, rangeEnd: range.rangeEnd, keysOnly: true },
      scope.rest(),
    );
    return kvs.flatMap((kv0) => keys.namespaceOfSpec(Buffer.from(kv0.key).toString()) ?? []);
  }

  async #namespace(
    namespace: string,
    scope: CallScope,
  ): Promise<{ checked: number; differences: readonly Difference[] }> {
    const { kv, keys, census, clock, random } = this.#options;
    const backoff = new Backoff(waits, clock, random);
    const range = keys.namespace(namespace);
    for (let attempt = 1; ; attempt++) {
      scope.throwIfEnded();
      const read = await kv.range({ key: range.key, rangeEnd: range.rangeEnd }, scope.rest());
      const { revision } = read.header;
      const specKv = read.kvs.find((kv0) => Buffer.from(kv0.key).toString() === keys.spec(namespace));
      const spec = decodeSpec(namespace, specKv?.value, specKv?.modRevision ?? 0n);
      const rules = spec.rules.filter((rule) => rule.state === "active");
      if (rules.length === 0) return { checked: 0, differences: [] };
      try {
        const counts = await countUse(census, namespace, rules, revision, scope.rest());
        const ledgers = rules.map((rule) => {
          const ledgerKeys = keys.ledger(namespace, rule.name, rule.generation);
          const kvs = read.kvs.filter((kv0) => ledgerKeys.range.includes(Buffer.from(kv0.key).toString()));
          return readLedger(ledgerKeys, { ...read, kvs }, revision);
        });
        const found = rules.flatMap((rule, index) => {
          const [ledger, count] = [ledgers[index], counts[index]];
          if (ledger === undefined || count === undefined) return [];
          return this.#differencesOf(namespace, rule, ledger, plus(count.lasting, count.leased));
        });
        if (found.length === 0) return { checked: rules.length, differences: [] };
        if (await this.#repair(spec, found, scope)) {
          return { checked: rules.length, differences: found.flatMap((one) => one.differences) };
        }
      } catch (error) {
        // The revision was compacted while its objects were counted: count at a later one.
        if (!isStoreError(error, "EXPIRED", "OUTCOME_UNKNOWN") || attempt >= triesMax) throw error;
      }
      if (attempt >= triesMax) return { checked: rules.length, differences: [] };
      await backoff.wait(scope.signal);
    }
  }

  #differencesOf(
    namespace: string,
    rule: QuotaRule,
    ledger: Ledger,
    counted: ReadonlyMap<string, bigint>,
  ): readonly Repair[] {
    const off = minus(counted, amountsOf([...ledger.used].filter(([name]) => rule.hard.has(name))));
    if (off.size === 0) return [];
    const differences = [...off.keys()].map((name) => ({
      namespace,
      quota: rule.name,
      name,
      ledger: quantityToNumber(ledger.used.get(name) ?? 0n),
      counted: quantityToNumber(counted.get(name) ?? 0n),
    }));
    return [{ rule, ledger, base: plus(ledger.base, off), differences }];
  }

  /** In one transaction; false when somebody granted or folded meanwhile. */
  async #repair(spec: NamespaceSpec, repairs: readonly Repair[], scope: CallScope): Promise<boolean> {
    const { kv, keys } = this.#options;
    const compare = [
      { key: keys.spec(spec.namespace), target: "mod", result: "=", operand: spec.revision } as const,
    ];
    const answer = await kv.txn(
      {
        compare: [
          ...compare,
          ...repairs.flatMap(({ rule, ledger }) => {
            const ledgerKeys = keys.ledger(spec.namespace, rule.name, rule.generation);
            return [
              { key: ledgerKeys.base, target: "mod", result: "=", operand: ledger.baseRevision } as const,
              { key: ledgerKeys.grants, target: "mod", result: "=", operand: ledger.grantsRevision } as const,
            ];
          }),
        ],
        success: repairs.flatMap(({ rule, ledger, base }) => {
          const ledgerKeys = keys.ledger(spec.namespace, rule.name, rule.generation);
          // Changing `grants` too keeps a grant that counted on the old sum from going through.
          return [
            { type: "put", put: { key: ledgerKeys.base, value: encodeAmounts(base) } } as const,
            { type: "put", put: { key: ledgerKeys.grants, value: String(ledger.revision) } } as const,
          ];
        }),
        failure: [],
      },
      scope.rest(),
    );
    return answer.succeeded;
  }
}

interface Repair {
  readonly rule: QuotaRule;
  readonly ledger: Ledger;
  readonly base: ReadonlyMap<string, bigint>;
  readonly differences: readonly Difference[];
}
