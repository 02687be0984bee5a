/**
 * Setting, reading and removing quotas: `Quotas` of the public contract.
 *
 *   set:  spec + rule "counting" ─► count (reconcile.ts) ─► base entry, rule "active"
 *
 * From the first step on, every write charges itself. Any process may do the second step, at any time and repeatedly:
 * when a setter ends in between, the quota is still counted. A limit that only changes its value takes effect in one
 * step.
 */
import { Backoff } from "../../base/backoff.ts";
import { type Call, CallScope } from "../../base/call.ts";
import type { Random } from "../../base/random.ts";
import type { Clock } from "../../base/time/clock.ts";
import { invalidArgument, isStoreError, StoreError } from "../../errors.ts";
import type { TxnOp } from "../../etcd/ports/messages.ts";
import type { LabelSelector } from "../../resource/contract/scope.ts";
import type { QuotaStatus, Quotas, ReconcileReport } from "../../resource/contract/store.ts";
import type { Preconditions } from "../../resource/contract/write-options.ts";
import type { Quantity } from "../../resource/model/quantity.ts";
import { parseLabelSelector } from "../../resource/select/label-selector.ts";
import { activeRule, latestRule, type NamespaceSpec, type QuotaRule } from "../model/quota-spec.ts";
import type { SpecCache } from "../model/spec-cache.ts";
import {
  checkedName,
  checkedQuota,
  checkedVersion,
  checkNamespace,
  type WantedQuota,
} from "./quota-arguments.ts";
import { QuotaSnapshot, type SnapshotParts } from "./quota-snapshot.ts";
import { statusOf } from "./quota-status.ts";
import type { Reconciler } from "./reconcile.ts";
import { changeSpec, conflictWaits, type SpecChange, specId, textOfOwner } from "./spec-change.ts";

/** Quotas of one namespace: each write checks all of them, within etcd's bound of a transaction. */
const quotasPerNamespaceMax = 16;

export interface QuotaAdminOptions extends SnapshotParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly specs: SpecCache;
  readonly reconciler: Reconciler;
  /** Identifies this process in rules that it must count. */
  readonly owner: () => string;
  /** Counts in the background when a `set` here has ended before its count. */
  readonly finishLater: (namespace: string) => void;
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
    const expected = checkedVersion(options.preconditions);
    using scope = new CallScope(options, this.#options.clock, `set quota "${wanted.name}"`);
    await changeSpec(this.#options, namespace, expected, options.signal, scope, (current) =>
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
        `Quota "${wanted.name}" of ${textOfOwner(namespace)} is set, but whether what is there has been counted is not known: ${error.message}; the count continues, get() has its state`,
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
        `Cannot get quota "${name}": there is none in ${textOfOwner(namespace)}`,
        { namespace, name },
      );
    }
    return found;
  }

  /** Limits and use at one revision. */
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
    const expected = checkedVersion(options.preconditions);
    using scope = new CallScope(options, this.#options.clock, `remove quota "${name}"`);
    await changeSpec(this.#options, namespace, expected, options.signal, scope, (current, isRepeated) => {
      if (latestRule(current, name) === undefined) {
        // The response was lost, and the quota is gone: this call or another one removed it.
        if (isRepeated) return undefined;
        throw new StoreError(
          "NOT_FOUND",
          `Cannot remove quota "${name}": there is none in ${textOfOwner(namespace)}`,
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
   * The rules with the wanted quota. A ledger that counts everything that the new limits need is kept; otherwise the
   * rule begins another one, and the present rule still applies beside it. Undefined: no change is needed.
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
      generation: specId(this.#options.random),
      state: "counting",
      setBy: owner(),
      unread: 0,
    };
    return { rules: [...others, ...held, rule], ops: dropped(pending) };
  }

  /** Resolves once the quota is counted, by this process or another; at once when it has been removed since. */
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
}

/** Whether a rule's ledger counts everything that `wanted` limits. */
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

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
