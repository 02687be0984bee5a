/**
 * The guard that charges quotas in every write's own transaction.
 *
 *   compare  spec of the namespace and of the cluster unchanged; the slot unchanged
 *   put      the slot: use plus the write's amount, room minus it
 *
 * So there is no write without its charge and no charge without its write, whichever responses are lost. An object on
 * a lease is charged by its own entry on the same lease: when the lease expires, etcd removes both at one revision. A
 * removal while etcd is out of space (`withoutPuts`) omits its ledger part; the periodic check corrects the ledger.
 */
import type { Call } from "../base/call.ts";
import type { QuotaViolation } from "../errors/codes.ts";
import { StoreError } from "../errors.ts";
import type { Compare, KeyValue, RangeRequest, TxnOp } from "../etcd/ports/messages.ts";
import type { RecordedHead } from "../resource/model/head.ts";
import { subjectOf } from "../resource/objects/read-errors.ts";
import {
  type Change,
  type GuardPart,
  Postponed,
  type PrepareOptions,
  type WriteGuard,
} from "../storage/seam/write-guard.ts";
import type { Granted } from "./grants/grant-round.ts";
import type { Ledgers, QuotaLedger } from "./grants/ledgers.ts";
import { refresh, type Slot } from "./grants/slot-pool.ts";
import { type Amounts, increases, minus, nothing, plus } from "./model/amounts.ts";
import { encodeAmounts, encodeSlot, type SlotEntry, validRoom } from "./model/ledger.ts";
import type { QuotaKeys } from "./model/quota-keys.ts";
import {
  concerns,
  countsMeasures,
  isToldByKey,
  type NamespaceSpec,
  type QuotaRule,
  usageOf,
} from "./model/quota-spec.ts";
import type { SpecCache } from "./model/spec-cache.ts";

export interface QuotaGuardOptions {
  readonly keys: QuotaKeys;
  readonly specs: SpecCache;
  readonly ledgers: Ledgers;
}

/** Kubernetes' own Namespace kind: core group. */
const namespacesResource = "namespaces";

/** The effect of a write on one quota. */
interface Charge {
  readonly spec: NamespaceSpec;
  readonly rule: QuotaRule;
  /** The room it needs: its increase, where the write may be refused or the amount is limited. */
  readonly need: Amounts;
  /** Use of objects without a lease, which slots record. */
  readonly slotDelta: Amounts;
  /** The entry of an object on a lease: its new value, or its removal. */
  readonly leased: { readonly amounts: Amounts } | "remove" | undefined;
}

/** A charge with its slot, ready to be sent. */
interface Prepared {
  readonly charge: Charge;
  readonly ledger: QuotaLedger;
  readonly slot: Slot | undefined;
  readonly entry: SlotEntry | undefined;
}

export class QuotaGuard implements WriteGuard {
  readonly #options: QuotaGuardOptions;
  /** By the innermost spec: the part of a write that charges nothing. */
  readonly #uncharged = new WeakMap<
    NamespaceSpec,
    { readonly cluster: NamespaceSpec | undefined; readonly part: GuardPart }
  >();

  constructor(options: QuotaGuardOptions) {
    this.#options = options;
  }

  prepare(change: Change, options: PrepareOptions, call: Call): GuardPart | undefined | Promise<GuardPart> {
    return options.withoutPuts ? undefined : this.#prepareUnder(change, options, call);
  }

  /** Uses the specs as known now. */
  #prepareUnder(change: Change, options: PrepareOptions, call: Call): GuardPart | Promise<GuardPart> {
    const { specs } = this.#options;
    const cluster = specs.get("", call);
    const own = change.namespace === undefined ? undefined : specs.get(change.namespace, call);
    if (cluster instanceof Promise || own instanceof Promise) {
      return Promise.all([cluster, own]).then(([first, second]) =>
        this.#prepare(change, withOwn(first, second), options, call),
      );
    }
    return this.#prepare(change, withOwn(cluster, own), options, call);
  }

  #prepare(
    change: Change,
    specs: readonly NamespaceSpec[],
    options: PrepareOptions,
    call: Call,
  ): GuardPart | Promise<GuardPart> {
    const { before, kind } = change;
    const { resource } = kind;
    const concerned = specs.flatMap(({ rules }) => rules.filter((rule) => concerns(rule, resource)));
    const countsAmounts = concerned.some(countsMeasures);
    const was =
      before === undefined || concerned.every(isToldByKey)
        ? undefined
        : countsAmounts
          ? before.charged(call)
          : before.recorded;
    return was instanceof Promise
      ? was.then((recorded) => this.#prepareFrom(change, recorded, specs, countsAmounts, options, call))
      : this.#prepareFrom(change, was, specs, countsAmounts, options, call);
  }

  /** @param was the counted part of the previous state */
  #prepareFrom(
    change: Change,
    was: RecordedHead | undefined,
    specs: readonly NamespaceSpec[],
    countsAmounts: boolean,
    options: PrepareOptions,
    call: Call,
  ): GuardPart | Promise<GuardPart> {
    const charges: Charge[] = [];
    for (const spec of specs) {
      for (const rule of spec.rules) {
        const charge = chargeOf(spec, rule, change, was);
        if (charge !== undefined) charges.push(charge);
      }
    }
    return charges.length === 0
      ? this.#partWithoutCharges(change, specs, countsAmounts)
      : this.#withSlots(change, specs, charges, countsAmounts, options, call);
  }

  async #withSlots(
    change: Change,
    specs: readonly NamespaceSpec[],
    charges: readonly Charge[],
    countsAmounts: boolean,
    options: PrepareOptions,
    call: Call,
  ): Promise<GuardPart> {
    const prepared: Prepared[] = [];
    const violations: QuotaViolation[] = [];
    try {
      for (const charge of charges) {
        const ledger = this.#options.ledgers.of(charge.spec, charge.rule);
        const how = { patient: !options.grouped, unrefusable: change.isDeletion };
        const taken = options.dryRun
          ? await fits(ledger, charge, how, call)
          : await slotFor(ledger, charge, how);
        if (taken.type === "busy")
          throw new Postponed(`quota "${charge.rule.name}" has no room beside the group's own`);
        if (taken.type === "exceeded") violations.push(...taken.violations);
        else if (taken.type === "stale") {
          giveBack(prepared);
          // The specs are read again and the charge starts over: other rules may apply now.
          await this.#options.specs.read(charge.spec.namespace, call);
          return await this.#prepareUnder(change, options, call);
        } else {
          prepared.push({ charge, ledger, slot: taken.slot, entry: entryAfter(taken.slot, charge) });
        }
        call.signal?.throwIfAborted();
      }
      if (violations.length > 0) throw quotaExceeded(change, violations);
    } catch (error) {
      giveBack(prepared);
      throw error;
    }
    return this.#part(change, specs, prepared, countsAmounts);
  }

  /** Most writes charge nothing: their part is the same as long as the specs are the same. */
  #partWithoutCharges(change: Change, specs: readonly NamespaceSpec[], countsAmounts: boolean): GuardPart {
    const endsNamespace = change.kind.resource === namespacesResource && change.after === undefined;
    const [cluster, own] = specs;
    const innermost = own ?? cluster;
    if (endsNamespace || countsAmounts || innermost === undefined) {
      return this.#part(change, specs, [], countsAmounts);
    }
    const known = this.#uncharged.get(innermost);
    if (known !== undefined && known.cluster === cluster) return known.part;
    const part = this.#part(change, specs, [], countsAmounts);
    this.#uncharged.set(innermost, { cluster, part });
    return part;
  }

  #part(
    change: Change,
    specs: readonly NamespaceSpec[],
    prepared: readonly Prepared[],
    countsAmounts: boolean,
  ): GuardPart {
    const { keys } = this.#options;
    const specKeys = specs.map((spec) => keys.spec(spec.namespace));
    const slotted = prepared.flatMap(({ ledger, slot, entry }) =>
      slot === undefined || entry === undefined ? [] : [{ slot, entry, key: ledger.keys.slot(slot.id) }],
    );
    const compares: Compare[] = [
      ...specs.map(
        (spec, index): Compare => ({
          key: specKeys[index] ?? "",
          target: "mod",
          result: "=",
          operand: spec.revision,
        }),
      ),
      ...slotted.map(
        ({ slot, key }): Compare => ({ key, target: "mod", result: "=", operand: slot.modRevision }),
      ),
    ];
    const reads: RangeRequest[] = [...specKeys, ...slotted.map(({ key }) => key)].map((key) => ({ key }));
    return {
      countsAmounts,
      compares,
      ops: [
        ...slotted.map(({ key, entry }): TxnOp => ({ type: "put", put: { key, value: encodeSlot(entry) } })),
        ...prepared.flatMap(({ ledger, charge }) => leasedOps(ledger, charge, change)),
        ...this.#endOfNamespace(change),
      ],
      reads,
      applied: (revision) => {
        for (const { slot, entry } of slotted) {
          slot.entry = entry;
          slot.modRevision = revision;
        }
        giveBack(prepared);
        this.#forgetNamespace(change);
      },
      refused: (answers) => {
        const found = answers.map((answer): KeyValue | undefined => answer.kvs[0]);
        let mine = false;
        specs.forEach((spec, index) => {
          if ((found[index]?.modRevision ?? 0n) === spec.revision) return;
          this.#options.specs.learn(spec.namespace, found[index]);
          mine = true;
        });
        slotted.forEach(({ slot }, index) => {
          const kv = found[specs.length + index];
          if ((kv?.modRevision ?? 0n) === slot.modRevision) return;
          refresh(slot, kv);
          mine = true;
        });
        giveBack(prepared);
        return mine ? "mine" : "not mine";
      },
      // After an unknown outcome the slot's revision may have changed: its next use reads it again.
      abandoned: () => giveBack(prepared),
    };
  }

  /** A deleted namespace loses its quotas: a new one with the same name starts without quotas. */
  #endOfNamespace({ kind, name, after }: Change): readonly TxnOp[] {
    if (kind.resource !== namespacesResource || after !== undefined) return [];
    const { key, rangeEnd } = this.#options.keys.namespace(name);
    return [{ type: "delete", delete: { key, rangeEnd } }];
  }

  #forgetNamespace({ kind, name, after }: Change): void {
    if (kind.resource !== namespacesResource || after !== undefined) return;
    this.#options.specs.forget(name);
    this.#options.ledgers.forget(name);
  }
}

/** The charge of a change to one rule; undefined when the rule does not apply to it. */
function chargeOf(
  spec: NamespaceSpec,
  rule: QuotaRule,
  { kind, before, after, isDeletion }: Change,
  recorded: RecordedHead | undefined,
): Charge | undefined {
  const was =
    before === undefined
      ? nothing
      : usageOf(rule, kind.resource, { recorded, storedBytes: before.storedBytes });
  const is = after === undefined ? nothing : usageOf(rule, kind.resource, after);
  const wasLeased = before !== undefined && before.lease !== 0n;
  const isLeased = after !== undefined && after.lease !== 0n;
  const delta = minus(is, was);
  const slotDelta = minus(isLeased ? nothing : is, wasLeased ? nothing : was);
  const leaseMoved = wasLeased && isLeased && before.lease !== after.lease;
  // While a rule is counted, an object on a lease may have no entry yet, and the count skips changed objects.
  const enters = rule.state === "counting" && isLeased && is.size > 0;
  if (delta.size === 0 && slotDelta.size === 0 && !leaseMoved && !enters) return undefined;
  const leased = isLeased && is.size > 0 ? { amounts: is } : wasLeased && was.size > 0 ? "remove" : undefined;
  // A removal needs no room, whatever was charged for the object.
  const need = rule.state === "counting" || (isDeletion && after === undefined) ? nothing : increases(delta);
  return { spec, rule, need, slotDelta, leased };
}

type Taken = Granted | { readonly type: "slot"; readonly slot: undefined };

async function slotFor(
  ledger: QuotaLedger,
  { spec, need, slotDelta }: Charge,
  how: { readonly patient: boolean; readonly unrefusable: boolean },
): Promise<Taken> {
  // No slot change and no room needed: the leased entry records everything.
  if (need.size === 0 && slotDelta.size === 0) return { type: "slot", slot: undefined };
  const ready = ledger.pool.take(need, spec.revision);
  if (ready !== undefined) return { type: "slot", slot: ready };
  return need.size === 0 ? { type: "slot", slot: ledger.pool.takeAny() } : ledger.grants.ask(need, how);
}

/** The answer that a write would get, without a slot: a dry run charges nothing and moves no room. */
async function fits(
  { grants }: QuotaLedger,
  { need }: Charge,
  { unrefusable }: { readonly unrefusable: boolean },
  call: Call,
): Promise<Exclude<Taken, { readonly slot: Slot }>> {
  const violations = need.size === 0 || unrefusable ? [] : await grants.violations(need, call);
  if (violations === undefined) return { type: "stale" };
  return violations.length > 0 ? { type: "exceeded", violations } : { type: "slot", slot: undefined };
}

function entryAfter(slot: Slot | undefined, { spec, need, slotDelta }: Charge): SlotEntry | undefined {
  if (slot === undefined) return undefined;
  return {
    used: plus(slot.entry.used, slotDelta),
    room: minus(validRoom(slot.entry, spec.revision), need),
    grantedAt: spec.revision,
  };
}

function leasedOps(ledger: QuotaLedger, { leased }: Charge, change: Change): readonly TxnOp[] {
  if (leased === undefined) return [];
  const key = ledger.keys.leased(change.key);
  if (leased === "remove") return [{ type: "delete", delete: { key } }];
  return [
    { type: "put", put: { key, value: encodeAmounts(leased.amounts), lease: change.after?.lease ?? 0n } },
  ];
}

function giveBack(prepared: readonly Prepared[]): void {
  for (const { ledger, slot } of prepared) if (slot !== undefined) ledger.pool.release(slot);
}

function withOwn(cluster: NamespaceSpec, own: NamespaceSpec | undefined): readonly NamespaceSpec[] {
  return own === undefined ? [cluster] : [cluster, own];
}

function quotaExceeded(change: Change, violations: readonly QuotaViolation[]): StoreError<"QUOTA_EXCEEDED"> {
  const { kind, key, namespace, name } = change;
  const list = violations
    .map(
      (v) =>
        `quota "${v.quota}"${v.namespace === "" ? " (cluster-wide)" : ""}: ${v.name} used ${v.used} + requested ${v.requested}, limited to ${v.hard}`,
    )
    .join("; ");
  return new StoreError(
    "QUOTA_EXCEEDED",
    `Cannot ${change.before === undefined ? "create" : "update"} ${kind.resource} "${name}": ${list}`,
    { ...subjectOf(kind, { namespace, name }, key), violations },
  );
}
