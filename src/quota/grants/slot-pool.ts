/**
 * The slots of one quota in this process: each is a ledger key that one write at a time charges.
 *
 *   idle --take--> taken --applied | refused | abandoned--> idle
 *
 * Concurrent writes take different slots, so they never conflict on a key: a quota does not serialise the writes of a
 * namespace. There is always a free slot (a new one, when all are taken), so grouped writes that are prepared
 * together cannot wait for each other. Only room can run out; `grants.ts` handles that.
 */
import type { KeyValue } from "../../etcd/ports/messages.ts";
import { type Amounts, covers } from "../model/amounts.ts";
import { decodeSlot, emptySlot, type LedgerSlot, type SlotEntry, validRoom } from "../model/ledger.ts";

export interface Slot {
  readonly id: string;
  entry: SlotEntry;
  /** Mod revision of the entry as last seen; 0n: not in etcd. */
  modRevision: bigint;
  taken: boolean;
}

export class SlotPool {
  readonly #owner: string;
  readonly #slots = new Map<string, Slot>();
  #made = 0;
  #released: (() => void)[] = [];

  /** @param owner the process's id: slots are named after it */
  constructor(owner: string) {
    this.#owner = owner;
  }

  get size(): number {
    return this.#slots.size;
  }

  get takenCount(): number {
    let count = 0;
    for (const slot of this.#slots.values()) if (slot.taken) count++;
    return count;
  }

  /** An idle slot with room for `need` under the spec; undefined when there is none. */
  take(need: Amounts, specRevision: bigint): Slot | undefined {
    for (const slot of this.#slots.values()) {
      if (slot.taken || !covers(validRoom(slot.entry, specRevision), need)) continue;
      slot.taken = true;
      return slot;
    }
    return undefined;
  }

  /** Any idle slot, or a new one. */
  takeAny(): Slot {
    const idle = [...this.#slots.values()].find((slot) => !slot.taken);
    if (idle !== undefined) {
      idle.taken = true;
      return idle;
    }
    const slot: Slot = {
      id: `${this.#owner}-${this.#made++}`,
      entry: emptySlot,
      modRevision: 0n,
      taken: true,
    };
    this.#slots.set(slot.id, slot);
    return slot;
  }

  release(slot: Slot): void {
    slot.taken = false;
    const waiting = this.#released;
    this.#released = [];
    for (const wake of waiting) wake();
  }

  /** Resolves when a slot is returned; at once when none is taken. */
  nextRelease(): Promise<void> {
    if (this.takenCount === 0) return Promise.resolve();
    return new Promise((resolve) => this.#released.push(resolve));
  }

  isTaken(id: string): boolean {
    return this.#slots.get(id)?.taken === true;
  }

  /** Updates our idle slots from a ledger read; taken slots are updated by their own write. */
  adopt(slots: readonly LedgerSlot[]): void {
    const seen = new Map(slots.map((slot) => [slot.id, slot]));
    for (const slot of this.#slots.values()) {
      if (slot.taken) continue;
      const entry = seen.get(slot.id);
      slot.entry = entry ?? emptySlot;
      slot.modRevision = entry?.modRevision ?? 0n;
    }
  }
}

/** Updates a slot from the failure branch's read of its key. */
export function refresh(slot: Slot, kv: KeyValue | undefined): void {
  slot.entry = kv === undefined ? emptySlot : decodeSlot(kv);
  slot.modRevision = kv?.modRevision ?? 0n;
}
