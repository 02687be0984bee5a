/**
 * The ledger of one quota, read at one revision.
 *
 *   used  = base + every slot's use + every leased entry          what live objects cost
 *   room  = what slots may still charge without asking             granted under the spec's present revision only
 *   free  = hard - used - room                                     what the next grant may give out
 *
 * At every revision used + room <= hard (unless hard was lowered below it): a charge moves an amount from its slot's
 * room to use, a grant moves it from free to room and changes `grants`, so grants take turns.
 */
import type { KeyValue, RangeResponse } from "../etcd/ports/messages.ts";
import { type Amounts, amountsOf, formatAmounts, minus, nothing, parseAmounts, plus } from "./amounts.ts";
import type { LedgerKeys } from "./quota-keys.ts";
import type { QuotaRule } from "./quota-spec.ts";

/** One slot's entry. `used` may be below zero: what one process created another may delete. */
export interface SlotEntry {
  readonly used: Amounts;
  readonly room: Amounts;
  /** Revision of the spec under which the room was granted; under any other one it is void. */
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
  readonly baseRevision: bigint;
  /** Mod revision of `grants`; 0n before the first one. */
  readonly grantsRevision: bigint;
  readonly slots: readonly LedgerSlot[];
  readonly used: Amounts;
}

export function readLedger(keys: LedgerKeys, answer: RangeResponse, revision: bigint): Ledger {
  let base = nothing;
  let baseRevision = 0n;
  let grantsRevision = 0n;
  let used = nothing;
  const slots: LedgerSlot[] = [];
  for (const kv of answer.kvs) {
    const key = Buffer.from(kv.key).toString();
    switch (keys.kindOf(key)) {
      case "base":
        base = decodeAmounts(kv);
        baseRevision = kv.modRevision;
        used = plus(used, base);
        break;
      case "grants":
        grantsRevision = kv.modRevision;
        break;
      case "slot": {
        const slot = { ...decodeSlot(kv), id: keys.slotId(key), modRevision: kv.modRevision };
        slots.push(slot);
        used = plus(used, slot.used);
        break;
      }
      case "leased":
        used = plus(used, decodeAmounts(kv));
    }
  }
  return { revision, base, baseRevision, grantsRevision, slots, used };
}

/** Room of a slot under the spec of `specRevision`. */
export function validRoom(slot: SlotEntry, specRevision: bigint): Amounts {
  return slot.grantedAt === specRevision ? slot.room : nothing;
}

/** What may still be given out; amounts below zero where more is in use than allowed. */
export function freeAmounts(rule: QuotaRule, ledger: Ledger, specRevision: bigint): Amounts {
  const taken = ledger.slots.reduce((sum, slot) => plus(sum, validRoom(slot, specRevision)), ledger.used);
  return minus(new Map(rule.hard), only(taken, rule));
}

/** The amounts that the rule limits. */
function only(amounts: Amounts, rule: QuotaRule): Amounts {
  return amountsOf([...amounts].filter(([name]) => rule.hard.has(name)));
}

export function encodeAmounts(amounts: Amounts): string {
  return JSON.stringify(formatAmounts(amounts));
}

function decodeAmounts(kv: KeyValue): Amounts {
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
