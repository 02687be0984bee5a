/**
 * Setting, reading and removing quotas: `Quotas` of the public contract.
 *
 *   set:  spec + rule "counting" ─► count (reconcile.ts) ─► base entry, rule "active"
 *
 * From the first step on every write charges itself; the second may be anybody's, however often and whenever: a setter that
 * ends in between leaves a quota that is counted all the same. A limit that merely moves takes effect in one step.
 */
import { Backoff } from "../base/backoff.ts";
import { type Call, CallScope } from "../base/call.ts";
import type { Random } from "../base/random.ts";
import type { Clock } from "../base/time/clock.ts";
import { invalidArgument, isStoreError, StoreError } from "../errors.ts";
import type { TxnOp, TxnResponse } from "../etcd/ports/messages.ts";
import type { LabelSelector, Preconditions } from "../resource/contract/contract.ts";
import type { QuotaStatus, Quotas, ReconcileReport } from "../resource/contract/store.ts";
import { type Quantity, quantityToNumber } from "../resource/model/quantity.ts";
import { formatResourceVersion } from "../resource/model/revision.ts";
import { parsePreconditions } from "../resource/options/preconditions.ts";
import { parseLabelSelector } from "../resource/select/label-selector.ts";
import { type Amounts, increases, nothing } from "./amounts.ts";
import { checkedName, checkedQuota, checkNamespace, type WantedQuota } from "./quota-arguments.ts";
import { QuotaSnapshot, type SnapshotParts } from "./quota-snapshot.ts";
import { activeRule, encodeSpec, latestRule, type NamespaceSpec, type QuotaRule } from "./quota-spec.ts";
import type { Reconciler } from "./reconcile.ts";
import type { SpecCache } from "./spec-cache.ts";

const conflictWaits = { firstMs: 5, maxMs: 250 } as const;
const idBytes = 6;
/** Quotas of one namespace: each write asks all of them, within etcd's bound of a transaction. */
const quotasPerNamespaceMax = 16;

export interface QuotaAdminOptions extends SnapshotParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly specs: SpecCache;
  readonly reconciler: Reconciler;
  /** Names this process, in rules whose count it owes. */
  readonly owner: () => string;
  /** Counts in the background what a `set` here began and left. */
  readonly finishLater: (namespace: string) => void;
}

/** What a namespace's record becomes, and what else happens in the same transaction. */
interface SpecChange {
  readonly rules: readonly QuotaRule[];
  readonly ops?: readonly TxnOp[];
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
    await this.#change(namespace, expected, options.signal, scope, (current) =>
      this.#withQuota(current, wanted),
    );
    try {
      await this.#counted(namespace, wanted.name, scope);
      return await this.get(namespace, { name: wanted.name, ...scope.rest() });
    } catch (error) {
      this.#options.finishLater(namespace);
      if (options.signal?.aborted === true || !isStoreError(error) || error.code === "NOT_FOUND") throw error;
      throw new StoreError(
        "OUTCOME_UNKNOWN",
        `Quota "${wanted.name}" of ${placeOf(namespace)} is set, but whether what is there has been counted is not known: ${error.message}; the count goes on, get() tells its state`,
        { writeId: "", key: this.#options.keys.spec(namespace) },
        { cause: error },
      );
    }
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

  /** Limits and use of one revision. */
  async list(
    options: { readonly namespace?: string | undefined } & Call = {},
  ): Promise<readonly QuotaStatus[]> {
    const { turns, clock } = this.#options;
    const { namespace } = options;
    if (namespace !== undefined) checkNamespace(namespace);
    using scope = new CallScope(options, clock, "list quotas");
    const snapshot = await QuotaSnapshot.read(this.#options, namespace, scope.rest());
    const statuses: QuotaStatus[] = [];
    for (const owner of snapshot.namespaces) {
      const pause = turns.pause();
      if (pause !== undefined) await pause;
      const spec = snapshot.spec(owner);
      for (const name of new Set(spec.rules.map((rule) => rule.name))) {
        const status = statusOf(snapshot, spec, name);
        if (status !== undefined) statuses.push(status);
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
    await this.#change(namespace, expected, options.signal, scope, (current, isRepeated) => {
      if (latestRule(current, name) === undefined) {
        // An answer was lost, and it is gone: that was this call, or somebody with the same wish.
        if (isRepeated) return undefined;
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

  /**
   * The rules with a quota as wanted. A ledger that counts all that the new limits need is kept; otherwise the rule begins
   * another, and the present one still applies beside it. Undefined: it is as wanted.
   */
  #withQuota(current: NamespaceSpec, wanted: WantedQuota): SpecChange | undefined {
    const { keys, owner } = this.#options;
    const others = current.rules.filter((rule) => rule.name !== wanted.name);
    const names = new Set(others.map((rule) => rule.name)).size;
    if (names >= quotasPerNamespaceMax) {
      throw invalidArgument(
        "name",
        `Cannot set quota "${wanted.name}": the namespace has ${names} others, at most ${quotasPerNamespaceMax} are allowed`,
      );
    }
    const [active, latest] = [activeRule(current, wanted.name), latestRule(current, wanted.name)];
    if (latest !== undefined && isSame(latest, wanted)) return undefined;
    const dropped = (rule: QuotaRule | undefined): readonly TxnOp[] => {
      if (rule === undefined) return [];
      const { key, rangeEnd } = keys.ledger(current.namespace, rule.name, rule.generation).range;
      return [{ type: "delete", delete: { key, rangeEnd } }];
    };
    const pending = latest?.state === "counting" ? latest : undefined;
    if (active !== undefined && counts(active, wanted)) {
      return { rules: [...others, { ...active, ...wanted }], ops: dropped(pending) };
    }
    const held = active === undefined ? [] : [active];
    if (pending !== undefined && counts(pending, wanted)) {
      return { rules: [...others, ...held, { ...pending, ...wanted }] };
    }
    const rule: QuotaRule = {
      ...wanted,
      selection: parseLabelSelector(wanted.labelSelector === "" ? undefined : wanted.labelSelector),
      generation: this.#id(),
      state: "counting",
      setBy: owner(),
      unread: 0,
    };
    return { rules: [...others, ...held, rule], ops: dropped(pending) };
  }

  /** Resolves once the quota is counted, by this process or another; at once where it has been removed since. */
  async #counted(namespace: string, name: string, scope: CallScope): Promise<void> {
    const { specs, reconciler, clock, random } = this.#options;
    const backoff = new Backoff(conflictWaits, clock, random);
    for (let attempt = 1; ; attempt++) {
      scope.throwIfEnded();
      const rule = latestRule(await specs.read(namespace, scope.rest()), name);
      if (rule?.state !== "counting") return;
      if (attempt > 1) await backoff.wait(scope.signal);
      await reconciler.run(namespace, scope.rest(), "counting");
    }
  }

  /**
   * Changes a namespace's record by compare-and-swap; `decide` runs again on each conflict, undefined leaves it.
   * A lost answer is settled by reading the record back: its write id is unique.
   * @param caller the caller's own signal: the end of the call's time is distinguished from it, and says whether the change was sent
   * @throws OUTCOME_UNKNOWN when what became of a change could not be read back in time
   */
  async #change(
    namespace: string,
    expected: bigint | undefined,
    caller: AbortSignal | undefined,
    scope: CallScope,
    decide: (current: NamespaceSpec, isRepeated: boolean) => SpecChange | undefined,
  ): Promise<void> {
    const { kv, keys, specs, clock, random } = this.#options;
    const key = keys.spec(namespace);
    const backoff = new Backoff(conflictWaits, clock, random);
    let lost: StoreError | undefined;
    const orUnknown = (error: unknown): unknown =>
      lost === undefined || caller?.aborted === true ? error : unknownChange(namespace, key, lost);
    for (;;) {
      let current: NamespaceSpec;
      try {
        scope.throwIfEnded();
        current = await specs.read(namespace, scope.rest());
      } catch (error) {
        throw orUnknown(error);
      }
      if (expected !== undefined && expected !== current.revision) {
        throw orUnknown(
          new StoreError(
            "PRECONDITION_FAILED",
            `Cannot change the quotas of ${placeOf(namespace)}: resourceVersion is ${current.revision}, expected ${expected}`,
            {
              namespace,
              field: "resourceVersion",
              expected: String(expected),
              actual: String(current.revision),
            },
          ),
        );
      }
      const next = decide(current, lost !== undefined);
      if (next === undefined) return;
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
          { signal: caller, ...timeOf(scope) },
        );
      } catch (error) {
        // What goes over etcd's space quota is applied and answered NO_SPACE: by its random id a spec is recognised.
        if (!isStoreError(error, "OUTCOME_UNKNOWN", "NO_SPACE")) throw error;
        if (isStoreError(error, "OUTCOME_UNKNOWN")) lost = error;
        const { kvs } = await kv.range({ key }, scope.rest()).catch((failed: unknown) => {
          throw orUnknown(failed);
        });
        if (kvs[0] !== undefined && Buffer.from(kvs[0].value).toString() === value) return;
        if (isStoreError(error, "NO_SPACE")) throw error;
      }
      if (answer?.succeeded) {
        // The next write reads it again.
        specs.forget(namespace);
        return;
      }
      await backoff.wait(scope.signal).catch((failed: unknown) => {
        throw orUnknown(failed);
      });
    }
  }

  #id(): string {
    return Buffer.from(this.#options.random.bytes(idBytes)).toString("hex");
  }
}

/** A change was sent, and what became of it could not be read back. */
function unknownChange(namespace: string, key: string, cause: StoreError): StoreError {
  return new StoreError(
    "OUTCOME_UNKNOWN",
    `Cannot tell whether the quotas of ${placeOf(namespace)} were changed: ${cause.message}`,
    { writeId: "", key },
    { cause },
  );
}

/** What is left of a call's time. */
function timeOf(scope: CallScope): Pick<Call, "timeoutMs"> {
  const leftMs = scope.remainingMs();
  return leftMs === Number.POSITIVE_INFINITY ? {} : { timeoutMs: Math.max(1, leftMs) };
}

/** Whether a rule's ledger counts all that `wanted` limits. */
function counts(rule: QuotaRule, wanted: WantedQuota): boolean {
  return (
    rule.labelSelector === wanted.labelSelector &&
    [...wanted.hard.keys()].every((name) => rule.hard.has(name))
  );
}

function isSame(rule: QuotaRule, wanted: WantedQuota): boolean {
  return (
    counts(rule, wanted) &&
    rule.hard.size === wanted.hard.size &&
    [...wanted.hard].every(([name, limit]) => rule.hard.get(name) === limit)
  );
}

/** A quota as it was set last; while it is counted, with the use of the one it replaces, as far as that tells. */
function statusOf(snapshot: QuotaSnapshot, spec: NamespaceSpec, name: string): QuotaStatus | undefined {
  const { namespace } = spec;
  const rule = latestRule(spec, name);
  if (rule === undefined) return undefined;
  const { hard, state, unread } = rule;
  const active = activeRule(spec, name);
  const holding = active === undefined ? undefined : snapshot.ledger(namespace, active).used;
  const counted = increases(snapshot.ledger(namespace, rule).used);
  const used = state === "active" ? (holding ?? nothing) : new Map([...counted, ...(holding ?? nothing)]);
  return {
    namespace,
    name,
    hard: numbersOf(hard.keys(), hard),
    used: numbersOf(hard.keys(), used),
    state,
    ...(unread > 0 ? { unread } : {}),
    resourceVersion: formatResourceVersion(spec.revision),
  };
}

function numbersOf(names: Iterable<string>, amounts: Amounts): Record<string, number> {
  return Object.fromEntries(
    [...names].sort().map((name) => [name, quantityToNumber(amounts.get(name) ?? 0n)]),
  );
}

const placeOf = (namespace: string): string =>
  namespace === "" ? "the cluster" : `namespace "${namespace}"`;
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
