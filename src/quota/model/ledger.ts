/**
 * The ledger of one quota, read at one revision.
 *
 *   used  = base + every slot's use + every leased entry          the use of live objects
 *   room  = what slots may still charge without asking             granted under the spec's present revision only
 *   free  = hard - used - room                                     what the next grant may use
 *
 * At every revision used + room <= hard (unless hard was lowered below it). A charge moves an amount from its slot's
 * room to use; a grant moves it from free to room and changes `grants`, so grants take turns.
 */
import type { KeyValue } from "../../etcd/ports/messages.ts";
import {
  type Amounts,
  AmountsSum,
  amountsOf,
  formatAmounts,
  minus,
  nothing,
  parseAmounts,
  plus,
} from "./amounts.ts";
import type { LedgerEntryKey } from "./quota-keys.ts";
import type { QuotaRule } from "./quota-spec.ts";

/** One slot's entry. `used` may be below zero: another process may delete what this one created. */
export interface SlotEntry {
  readonly used: Amounts;
  readonly room: Amounts;
  /** Revision of the spec under which the room was granted; under any other revision it is void. */
  readonly grantedAt: bigint;
}

export const emptySlot: SlotEntry = { used: nothing, room: nothing, grantedAt: 0n };

export interface LedgerSlot extends SlotEntry {
  readonly id: string;
  readonly modRevision: bigint;
}

export interface Ledger {
  readonly revision: bigint;
  readonly base: Amounts;
  /** 0n: it has not been counted yet. */
  readonly baseRevision: bigint;
  /** Mod revision of `grants`; 0n before the first one. */
  readonly grantsRevision: bigint;
  readonly slots: readonly LedgerSlot[];
  /** Entries of objects on leases, by the name of the object there (quota-keys.ts, `leasedId`). */
  readonly leased: ReadonlyMap<string, Amounts>;
  /** The sum of all slots: use of objects without a lease, since the ledger began. */
  readonly slotsUsed: Amounts;
  readonly used: Amounts;
}

/** A ledger built from its entries, in any order; an entry that is put again replaces its earlier value. */
export class LedgerBuilder {
  #base = nothing;
  #baseRevision = 0n;
  #grantsRevision = 0n;
  readonly #slots = new Map<string, LedgerSlot>();
  readonly #leased = new Map<string, Amounts>();
  readonly #slotsUsed = new AmountsSum();
  readonly #leasedUsed = new AmountsSum();

  /** The number of keys it is built from. */
  get size(): number {
    return (
      this.#slots.size +
      this.#leased.size +
      Number(this.#baseRevision > 0n) +
      Number(this.#grantsRevision > 0n)
    );
  }

  get slotCount(): number {
    return this.#slots.size;
  }

  put(entry: LedgerEntryKey, kv: KeyValue): void {
    switch (entry.type) {
      case "base":
        this.#base = decodeAmounts(kv);
        this.#baseRevision = kv.modRevision;
        break;
      case "grants":
        this.#grantsRevision = kv.modRevision;
        break;
      case "slot": {
        const slot = { ...decodeSlot(kv), id: entry.id, modRevision: kv.modRevision };
        this.#slotsUsed.subtract(this.#slots.get(entry.id)?.used ?? nothing);
        this.#slotsUsed.add(slot.used);
        this.#slots.set(entry.id, slot);
        break;
      }
      case "leased": {
        const amounts = decodeAmounts(kv);
        this.#leasedUsed.subtract(this.#leased.get(entry.id) ?? nothing);
        this.#leasedUsed.add(amounts);
        this.#leased.set(entry.id, amounts);
      }
    }
  }

  /** The state now; later puts still change `leased`. */
  build(revision: bigint): Ledger {
    const slotsUsed = this.#slotsUsed.total;
    return {
      revision,
      base: this.#base,
      baseRevision: this.#baseRevision,
      grantsRevision: this.#grantsRevision,
      slots: [...this.#slots.values()],
      leased: this.#leased,
      slotsUsed,
      used: plus(plus(this.#base, slotsUsed), this.#leasedUsed.total),
    };
  }
}

/** Room of a slot under the spec of `specRevision`. */
export function validRoom(slot: SlotEntry, specRevision: bigint): Amounts {
  return slot.grantedAt === specRevision ? slot.room : nothing;
}

/** The amount that may still be granted; below zero where more is used than allowed. */
export function freeAmounts(rule: QuotaRule, ledger: Ledger, specRevision: bigint): Amounts {
  const taken = new AmountsSum();
  taken.add(ledger.used);
  for (const slot of ledger.slots) taken.add(validRoom(slot, specRevision));
  return minus(new Map(rule.hard), only(taken.total, rule));
}

/** The amounts that the rule limits. */
function only(amounts: Amounts, rule: QuotaRule): Amounts {
  return amountsOf([...amounts].filter(([name]) => rule.hard.has(name)));
}

export function encodeAmounts(amounts: Amounts): string {
  return JSON.stringify(formatAmounts(amounts));
}

export function decodeAmounts(kv: KeyValue): Amounts {
  return parseAmounts(JSON.parse(new TextDecoder().decode(kv.value)) as Record<string, string>);
}

interface SlotText {
  readonly used: Record<string, string>;
  readonly room: Record<string, string>;
  readonly grantedAt: string;
}

export function encodeSlot({ used, room, grantedAt }: SlotEntry): string {
  const text: SlotText = {
    used: formatAmounts(used),
    room: formatAmounts(room),
    grantedAt: String(grantedAt),
  };
  return JSON.stringify(text);
}

export function decodeSlot(kv: KeyValue): SlotEntry {
  const text = JSON.parse(new TextDecoder().decode(kv.value)) as SlotText;
  return { used: parseAmounts(text.used), room: parseAmounts(text.room), grantedAt: BigInt(text.grantedAt) };
}
