/**
 * Setting, reading and removing quotas: `Quotas` of the public contract.
 *
 *   set:  spec + rule "counting" ─► count at that revision ─► base entry, rule "active"
 *
 * From the first step on every write charges itself; the count covers exactly what was there before it. A limit that
 * merely moves takes effect in one step.
 */
import { Backoff } from "../base/backoff.ts";
import { type Call, CallScope } from "../base/call.ts";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { invalidArgument, isStoreError, StoreError } from "../errors.ts";
import type { TxnOp, TxnRequest, TxnResponse } from "../etcd/ports/messages.ts";
import type { Kv } from "../etcd/ports/ports.ts";
import type { LabelSelector, Preconditions } from "../resource/contract.ts";
import { parseLabelSelector } from "../resource/label-selector.ts";
import { parsePreconditions } from "../resource/preconditions.ts";
import { type Quantity, quantityToNumber } from "../resource/quantity.ts";
import { formatResourceVersion } from "../resource/revision.ts";
import type { QuotaStatus, Quotas, ReconcileReport } from "../resource/store.ts";
import { type Amounts, nothing } from "./amounts.ts";
import { type Census, type CountedObject, countUse } from "./census.ts";
import { encodeAmounts, readLedger } from "./ledger.ts";
import { checkedName, checkedQuota, checkNamespace, type WantedQuota } from "./quota-arguments.ts";
import type { LedgerKeys, QuotaKeys } from "./quota-keys.ts";
import { decodeSpec, encodeSpec, type NamespaceSpec, type QuotaRule } from "./quota-spec.ts";
import type { Reconciler } from "./reconcile.ts";
import type { SpecCache } from "./spec-cache.ts";

const conflictWaits = { firstMs: 5, maxMs: 250 } as const;
const idBytes = 6;
/** Entries made in one transaction: two operations each, within etcd's 128. */
const leasedPerTxn = 60;
/** Quotas of one namespace: each write asks all of them, within etcd's bound of a transaction. */
const quotasPerNamespaceMax = 16;

export interface QuotaAdminOptions {
  readonly kv: Kv;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: QuotaKeys;
  readonly specs: SpecCache;
  readonly census: Census;
  readonly reconciler: Reconciler;
}

interface LeasedObject {
  readonly object: CountedObject;
  readonly usage: Amounts;
}

export class QuotaAdmin implements Quotas {
  readonly #options: QuotaAdminOptions;

  constructor(options: QuotaAdminOptions) {
    this.#options = options;
  }

  async set(
    namespace: string,
    quota: {
      readonly name?: string | undefined;
      readonly hard: Readonly<Record<string, Quantity>>;
      readonly labelSelector?: string | LabelSelector | undefined;
    },
    options: { readonly preconditions?: Preconditions | undefined } & Call = {},
  ): Promise<QuotaStatus> {
    checkNamespace(namespace);
    const wanted = checkedQuota(quota);
    const expected = parsePreconditions(options.preconditions).revision;
    using scope = new CallScope(options, this.#options.clock, `set quota "${wanted.name}"`);
    const spec = await this.#change(namespace, expected, scope, (current) => {
      const rules = current.rules.filter((rule) => rule.name !== wanted.name);
      if (rules.length >= quotasPerNamespaceMax) {
        throw invalidArgument(
          "name",
          `Cannot set quota "${wanted.name}": the namespace has ${rules.length} others, at most ${quotasPerNamespaceMax} are allowed`,
        );
      }
      return { rules: [...rules, this.#rule(current, wanted)] };
    });
    const rule = ruleOf(spec, wanted.name);
    if (rule?.state === "counting") await this.#count(namespace, rule, spec.revision, scope);
    return await this.get(namespace, { name: wanted.name, ...scope.rest() });
  }

  async get(
    namespace: string,
    options: { readonly name?: string | undefined } & Call = {},
  ): Promise<QuotaStatus> {
    checkNamespace(namespace);
    const { name: asked, ...call } = options;
    const name = checkedName(asked);
    const all = await this.list({ ...call, namespace });
    const found = all.find((status) => status.name === name);
    if (found === undefined) {
      throw new StoreError(
        "NOT_FOUND",
        `Cannot get quota "${name}": there is none in ${placeOf(namespace)}`,
        { namespace, name },
      );
    }
    return found;
  }

  async list(
    options: { readonly namespace?: string | undefined } & Call = {},
  ): Promise<readonly QuotaStatus[]> {
    const { kv, keys } = this.#options;
    const { namespace, ...call } = options;
    if (namespace !== undefined) checkNamespace(namespace);
    // Specs and ledgers in one read: limits and use of one revision.
    const range = namespace === undefined ? keys.all() : keys.namespace(namespace);
    const { kvs, header } = await kv.range({ key: range.key, rangeEnd: range.rangeEnd }, call);
    const statuses: QuotaStatus[] = [];
    for (const kv0 of kvs) {
      const owner = keys.namespaceOfSpec(Buffer.from(kv0.key).toString());
      if (owner === undefined) continue;
      const spec = decodeSpec(owner, kv0.value, kv0.modRevision);
      for (const rule of spec.rules) {
        const ledgerKeys = keys.ledger(owner, rule.name, rule.generation);
        const own = kvs.filter((kv1) => ledgerKeys.range.includes(Buffer.from(kv1.key).toString()));
        const ledger = readLedger(
          ledgerKeys,
          { kvs: own, header, more: false, count: BigInt(own.length) },
          header.revision,
        );
        statuses.push({
          namespace: owner,
          name: rule.name,
          hard: numbersOf(rule.hard.keys(), rule.hard),
          used: numbersOf(rule.hard.keys(), ledger.used),
          resourceVersion: formatResourceVersion(spec.revision),
        });
      }
    }
    return statuses.sort((a, b) => compareText(a.namespace, b.namespace) || compareText(a.name, b.name));
  }

  async remove(
    namespace: string,
    options: {
      readonly name?: string | undefined;
      readonly preconditions?: Preconditions | undefined;
    } & Call = {},
  ): Promise<void> {
    checkNamespace(namespace);
    const name = checkedName(options.name);
    const expected = parsePreconditions(options.preconditions).revision;
    using scope = new CallScope(options, this.#options.clock, `remove quota "${name}"`);
    await this.#change(namespace, expected, scope, (current) => {
      if (ruleOf(current, name) === undefined) {
        throw new StoreError(
          "NOT_FOUND",
          `Cannot remove quota "${name}": there is none in ${placeOf(namespace)}`,
          { namespace, name },
        );
      }
      const range = this.#options.keys.ledgers(namespace, name);
      return {
        rules: current.rules.filter((rule) => rule.name !== name),
        ops: [{ type: "delete", delete: { key: range.key, rangeEnd: range.rangeEnd } }],
      };
    });
  }

  reconcile(namespace?: string, options: Call = {}): Promise<ReconcileReport> {
    if (namespace !== undefined) checkNamespace(namespace);
    return this.#options.reconciler.run(namespace, options);
  }

  /** A rule as wanted; it keeps its ledger when that counts all that the new limits need. */
  #rule(current: NamespaceSpec, wanted: WantedQuota): QuotaRule {
    const known = ruleOf(current, wanted.name);
    const counted =
      known !== undefined &&
      known.labelSelector === wanted.labelSelector &&
      [...wanted.hard.keys()].every((name) => known.hard.has(name));
    return {
      ...wanted,
      selection: parseLabelSelector(wanted.labelSelector === "" ? undefined : wanted.labelSelector),
      generation: counted ? known.generation : this.#id(),
      state: counted ? known.state : "counting",
    };
  }

  /**
   * Counts what was there when the rule appeared and makes it active. Gives up quietly when the rule has been replaced
   * or removed meanwhile; counts again under a new generation when that revision is compacted away.
   */
  async #count(namespace: string, rule: QuotaRule, since: bigint, scope: CallScope): Promise<void> {
    const { census, keys, specs } = this.#options;
    let counted: Amounts = nothing;
    try {
      const leased: LeasedObject[] = [];
      const [sum] = await countUse(census, namespace, [rule], since, scope.rest(), (object, usage) =>
        leased.push({ object, usage }),
      );
      counted = sum?.lasting ?? nothing;
      await this.#enterLeased(keys.ledger(namespace, rule.name, rule.generation), leased, scope);
    } catch (error) {
      if (!isStoreError(error, "EXPIRED")) throw error;
      const generation = this.#id();
      const spec = await this.#change(namespace, undefined, scope, (current) => {
        const present = current.rules.find((one) => one.generation === rule.generation);
        // Somebody else who set it, too, has counted: that ledger holds, and must not be left for an empty one.
        if (present?.state !== "counting") return undefined;
        return { rules: current.rules.map((one) => (one === present ? { ...one, generation } : one)) };
      });
      const again = spec.rules.find((one) => one.generation === generation);
      if (again !== undefined) await this.#count(namespace, again, spec.revision, scope);
      return;
    }
    await this.#change(namespace, undefined, scope, (current) => {
      const present = current.rules.find((one) => one.generation === rule.generation);
      if (present?.state !== "counting") return undefined;
      const ledger = keys.ledger(namespace, rule.name, rule.generation);
      return {
        rules: current.rules.map((one) => (one === present ? { ...one, state: "active" } : one)),
        ops: [{ type: "put", put: { key: ledger.base, value: encodeAmounts(counted) } }],
      };
    });
    await this.#dropOlder(namespace, rule, scope);
    await specs.read(namespace, scope.rest());
  }

  /**
   * Gives objects that live on leases entries of their own on the same leases. One that has changed or gone since it
   * was counted is passed over: its own write has charged it.
   */
  async #enterLeased(keys: LedgerKeys, leased: readonly LeasedObject[], scope: CallScope): Promise<void> {
    const { kv } = this.#options;
    const enter = ({ object, usage }: LeasedObject): TxnRequest => ({
      compare: [{ key: object.key, target: "mod", result: "=", operand: object.modRevision }],
      success: [
        {
          type: "put",
          put: { key: keys.leased(object.key), value: encodeAmounts(usage), lease: object.lease },
        },
      ],
      failure: [],
    });
    for (let at = 0; at < leased.length; at += leasedPerTxn) {
      const group = leased.slice(at, at + leasedPerTxn);
      const txn = {
        compare: [],
        success: group.map((one): TxnOp => ({ type: "txn", txn: enter(one) })),
        failure: [],
      };
      await kv.txn(txn, scope.rest()).catch(async (error: unknown) => {
        if (!isStoreError(error, "NOT_FOUND", "OUTCOME_UNKNOWN")) throw error;
        // One dead lease refuses the whole group; a lost answer is repeated: entering twice is entering once.
        for (const one of group) {
          await kv.txn(enter(one), scope.rest()).catch((single: unknown) => {
            if (!isStoreError(single, "NOT_FOUND")) throw single;
          });
        }
      });
    }
  }

  /** Ledgers of earlier generations of a quota: nobody reads them any more. */
  async #dropOlder(namespace: string, rule: QuotaRule, scope: CallScope): Promise<void> {
    const { kv, keys } = this.#options;
    const all = keys.ledgers(namespace, rule.name);
    const present = keys.ledger(namespace, rule.name, rule.generation).range;
    await kv.deleteRange({ key: all.key, rangeEnd: present.key }, scope.rest());
    await kv.deleteRange({ key: present.rangeEnd, rangeEnd: all.rangeEnd }, scope.rest());
  }

  /**
   * Changes a namespace's record by compare-and-swap; `decide` runs again on each conflict, undefined leaves it.
   * A lost answer is settled by reading the record back: its write id is unique.
   */
  async #change(
    namespace: string,
    expected: bigint | undefined,
    scope: CallScope,
    decide: (
      current: NamespaceSpec,
    ) => { readonly rules: readonly QuotaRule[]; readonly ops?: readonly TxnOp[] } | undefined,
  ): Promise<NamespaceSpec> {
    const { kv, keys, specs, clock, random } = this.#options;
    const key = keys.spec(namespace);
    const backoff = new Backoff(conflictWaits, clock, random);
    for (;;) {
      scope.throwIfEnded();
      const current = await specs.read(namespace, scope.rest());
      if (expected !== undefined && expected !== current.revision) {
        throw new StoreError(
          "PRECONDITION_FAILED",
          `Cannot change the quotas of ${placeOf(namespace)}: resourceVersion is ${current.revision}, expected ${expected}`,
          {
            namespace,
            field: "resourceVersion",
            expected: String(expected),
            actual: String(current.revision),
          },
        );
      }
      const next = decide(current);
      if (next === undefined) return current;
      const value = encodeSpec(next.rules, this.#id());
      const change: TxnOp =
        next.rules.length === 0 ? { type: "delete", delete: { key } } : { type: "put", put: { key, value } };
      let answer: TxnResponse | undefined;
      try {
        answer = await kv.txn(
          {
            compare: [{ key, target: "mod", result: "=", operand: current.revision }],
            success: [change, ...(next.ops ?? [])],
            failure: [],
          },
          scope.rest(),
        );
      } catch (error) {
        // What goes over etcd's space quota is applied and answered NO_SPACE: by its random id a spec is recognised.
        if (!isStoreError(error, "OUTCOME_UNKNOWN", "NO_SPACE")) throw error;
        const { kvs } = await kv.range({ key }, scope.rest());
        if (kvs[0] !== undefined && Buffer.from(kvs[0].value).toString() === value)
          return specs.learn(namespace, kvs[0]);
        if (isStoreError(error, "NO_SPACE")) throw error;
      }
      if (answer?.succeeded) return specs.read(namespace, scope.rest());
      await backoff.wait(scope.signal);
    }
  }

  #id(): string {
    return Buffer.from(this.#options.random.bytes(idBytes)).toString("hex");
  }
}

function ruleOf(spec: NamespaceSpec, name: string): QuotaRule | undefined {
  return spec.rules.find((rule) => rule.name === name);
}

function numbersOf(names: Iterable<string>, amounts: Amounts): Record<string, number> {
  return Object.fromEntries(
    [...names].sort().map((name) => [name, quantityToNumber(amounts.get(name) ?? 0n)]),
  );
}

const placeOf = (namespace: string): string =>
  namespace === "" ? "the cluster" : `namespace "${namespace}"`;
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
