/**
 * One round of grants: it decides which waiters get room in the ledger just read and whose room is reclaimed for
 * them, and builds the one transaction that writes both. It sends nothing; `grants.ts` sends the transaction and
 * reports whether it was applied.
 */

import type { QuotaViolation } from "../../errors/codes.ts";
import type { Compare, PutRequest } from "../../etcd/ports/messages.ts";
import { type Amounts, covers, minus, nothing, plus, scaled, smaller } from "../model/amounts.ts";
import {
  encodeSlot,
  freeAmounts,
  type Ledger,
  type LedgerSlot,
  type SlotEntry,
  validRoom,
} from "../model/ledger.ts";
import type { LedgerKeys } from "../model/quota-keys.ts";
import type { NamespaceSpec, QuotaRule } from "../model/quota-spec.ts";
import type { Slot, SlotPool } from "./slot-pool.ts";

/** Slots that one round may write: etcd accepts 128 operations in a transaction, including compares. */
const slotsPerRoundMax = 48;
/** A grant is at most this many times the need, so that one slot does not hold room that others want. */
const grantFactor = 64n;
/** A grant is also at most this part of the free amount for each slot in use. */
const freeShare = 4n;
export type Granted =
  | { readonly type: "slot"; readonly slot: Slot }
  /** The spec has changed: ask again under the new one. */
  | { readonly type: "stale" }
  /** Our own unsettled writes hold the remaining room; only for callers that do not wait. */
  | { readonly type: "busy" }
  | { readonly type: "exceeded"; readonly violations: readonly QuotaViolation[] };

/** A write that waits for room. */
export interface WaitingWrite {
  readonly need: Amounts;
  readonly patient: boolean;
  readonly unrefusable: boolean;
  readonly resolve: (granted: Granted) => void;
  readonly reject: (error: unknown) => void;
}

/** The input of a round. */
export interface RoundParts {
  readonly spec: NamespaceSpec;
  readonly rule: QuotaRule;
  readonly keys: LedgerKeys;
  readonly pool: SlotPool;
}

/** The writes of one transaction of grants. */
export class GrantRound {
  readonly #options: RoundParts;
  readonly #victims: LedgerSlot[];
  readonly #granted: { readonly waiter: WaitingWrite; readonly slot: Slot; readonly entry: SlotEntry }[] = [];
  readonly #emptied = new Map<string, LedgerSlot>();
  #free: Amounts;
  /** Our own writes under way may hold room that the round has not taken from them. */
  readonly #spared: boolean;

  constructor(options: RoundParts, ledger: Ledger, takeOwn: boolean) {
    this.#options = options;
    const { spec, pool, rule } = options;
    this.#free = freeAmounts(rule, ledger, spec.revision);
    // Reclaims room of other processes first, because our own idle slots were tried already; room of our own writes
    // under way last.
    this.#victims = ledger.slots.filter(
      (slot) => validRoom(slot, spec.revision).size > 0 && (takeOwn || !pool.isTaken(slot.id)),
    );
    this.#spared = !takeOwn && pool.takenCount > 0;
    this.#victims.sort((a, b) => Number(pool.isTaken(a.id)) - Number(pool.isTaken(b.id)));
  }

  /** There is nothing to write. Reclaiming room is worth a transaction by itself: the next round may need more of it. */
  get isEmpty(): boolean {
    return this.#granted.length === 0 && this.#emptied.size === 0;
  }

  get grantsAny(): boolean {
    return this.#granted.length > 0;
  }

  get served(): readonly WaitingWrite[] {
    return this.#granted.map(({ waiter }) => waiter);
  }

  /** Finds room for a waiter; false when this round has none. */
  serve(waiter: WaitingWrite): boolean {
    const { spec, pool } = this.#options;
    if (this.#granted.length + this.#emptied.size >= slotsPerRoundMax) return false;
    while (!covers(this.#free, waiter.need)) {
      if (this.#granted.length + this.#emptied.size >= slotsPerRoundMax) return false;
      const victim = this.#victims.shift();
      // A write that must not be refused goes beyond the limit, but only when no room is left to reclaim.
      if (victim === undefined && waiter.unrefusable && !this.#spared) break;
      if (victim === undefined) return false;
      if (this.#granted.some(({ slot }) => slot.id === victim.id)) continue;
      this.#emptied.set(victim.id, victim);
      this.#free = plus(this.#free, validRoom(victim, spec.revision));
    }
    const slot = pool.takeAny();
    const emptied = this.#emptied.delete(slot.id);
    const held = emptied ? nothing : validRoom(slot.entry, spec.revision);
    const share = BigInt(pool.size + 1) * freeShare;
    const extra = smaller(scaled(waiter.need, grantFactor), divided(this.#free, share));
    const wanted = larger(waiter.need, extra);
    const given = minus(wanted, smaller(wanted, held));
    const grant = covers(this.#free, given) ? given : minus(waiter.need, smaller(waiter.need, held));
    this.#free = minus(this.#free, grant);
    this.#granted.push({
      waiter,
      slot,
      entry: { used: slot.entry.used, room: plus(held, grant), grantedAt: spec.revision },
    });
    return true;
  }

  get compares(): readonly Compare[] {
    const { keys } = this.#options;
    const compare = (id: string, operand: bigint): Compare => ({
      key: keys.slot(id),
      target: "mod",
      result: "=",
      operand,
    });
    return [
      ...this.#granted.map(({ slot }) => compare(slot.id, slot.modRevision)),
      ...[...this.#emptied.values()].map((victim) => compare(victim.id, victim.modRevision)),
    ];
  }

  get puts(): readonly PutRequest[] {
    const { keys, spec } = this.#options;
    return [
      ...this.#granted.map(({ slot, entry }) => ({ key: keys.slot(slot.id), value: encodeSlot(entry) })),
      ...[...this.#emptied.values()].map((victim) => ({
        key: keys.slot(victim.id),
        value: encodeSlot({ used: victim.used, room: nothing, grantedAt: spec.revision }),
      })),
    ];
  }

  /** The transaction was applied: the waiters have their slots. */
  grant(revision: bigint): void {
    for (const { waiter, slot, entry } of this.#granted) {
      slot.entry = entry;
      slot.modRevision = revision;
      waiter.resolve({ type: "slot", slot });
    }
  }

  /** The transaction was not applied: the slots are idle again, and are read again before use. */
  giveBack(): void {
    for (const { slot } of this.#granted) this.#options.pool.release(slot);
  }
}

function divided(amounts: Amounts, by: bigint): Amounts {
  return new Map(
    [...amounts]
      .filter(([, value]) => value > 0n)
      .map(([name, value]) => [name, wholeUnits(value / by)] as const),
  );
}

/** Shares are whole units where possible: room for half a pod is useless. */
function wholeUnits(nanos: bigint): bigint {
  return nanos >= 1_000_000_000n ? nanos - (nanos % 1_000_000_000n) : nanos;
}

function larger(a: Amounts, b: Amounts): Amounts {
  return new Map(
    [...a].map(([name, value]) => [name, value > (b.get(name) ?? 0n) ? value : (b.get(name) ?? 0n)] as const),
  );
}
