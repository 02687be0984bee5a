/**
 * Packs many independent writes into transactions within etcd's limits. Pure; used by `writeMany`.
 *
 * Measured on etcd 3.4 and 3.5: the operations of a transaction and those of its largest member together are limited to 128; a
 * request to 1.5 MiB; a key may be put once, in any branch. So the members of a group have different keys; a second write
 * of a key waits for the next round, which begins when this one has been answered.
 */
import type { Bytes, TxnOp } from "../ports/messages.ts";
import type { FencedWrite } from "./fenced-write.ts";
import { tombstoneKey } from "./tombstones.ts";
import { leavesTombstone, memberCost } from "./write-txn.ts";

export interface GroupPlan {
  /** Indexes of the writes, in the order given. */
  readonly members: readonly number[];
}

/** etcd's --max-txn-ops. */
const txnOpsMax = 128;
/** Below etcd's 1.5 MiB per request: the rest is for framing and what is not counted here. */
const groupBytesMax = 1_200_000;
/** Larger groups gain little (120 per group: 10 % over 64) and make every member wait longer. */
const groupMembersMax = 64;
/** Compares, names and framing of one member. */
const memberOverheadBytes = 400;

/** Rounds of groups: the groups of a round may be sent together, a round only after the previous one. */
export function planGroups(writes: readonly FencedWrite[], root: string): readonly (readonly GroupPlan[])[] {
  const rounds: GroupPlan[][] = [];
  let waiting = [...writes.entries()];
  while (waiting.length > 0) {
    const taken = new Set<string>();
    const later: typeof waiting = [];
    const groups: GroupPlan[] = [];
    let group = new OpenGroup();
    for (const [index, write] of waiting) {
      const keys = keysOf(write);
      if (keys === undefined) {
        groups.push({ members: [index] });
        continue;
      }
      if (keys.some((key) => taken.has(key))) {
        later.push([index, write]);
        // A later write that touches its other keys must not overtake it either.
        for (const key of keys) taken.add(key);
        continue;
      }
      for (const key of keys) taken.add(key);
      if (!group.add(index, write, root)) {
        groups.push({ members: group.members });
        group = new OpenGroup();
        if (!group.add(index, write, root)) groups.push({ members: [index] });
      }
    }
    if (group.members.length > 0) groups.push({ members: group.members });
    rounds.push(groups);
    waiting = later;
  }
  return rounds;
}

class OpenGroup {
  readonly members: number[] = [];
  readonly #tombstones = new Set<string>();
  #largest = 0;
  #bytes = 0;

  /** False when it does not fit; the group is then unchanged. */
  add(index: number, write: FencedWrite, root: string): boolean {
    const tombstone = leavesTombstone(write) ? tombstoneKey(root, write.key) : undefined;
    const tombstones =
      this.#tombstones.size + (tombstone === undefined || this.#tombstones.has(tombstone) ? 0 : 1);
    const largest = Math.max(this.#largest, memberCost(write));
    const bytes = this.#bytes + sizeOf(write);
    const count = this.members.length + 1;
    // One more operation for the record of values without a write id.
    if (count > groupMembersMax || count + tombstones + 1 + largest > txnOpsMax || bytes > groupBytesMax)
      return false;
    this.members.push(index);
    if (tombstone !== undefined) this.#tombstones.add(tombstone);
    this.#largest = largest;
    this.#bytes = bytes;
    return true;
  }
}

/** Every key the write changes; undefined when they cannot be listed (a range delete, a nested txn). */
function keysOf(write: FencedWrite): readonly string[] | undefined {
  const keys = [write.key];
  for (const op of write.ops ?? []) {
    const key = changedKey(op);
    if (key === undefined) return undefined;
    if (key !== "") keys.push(key);
  }
  return keys;
}

function changedKey(op: TxnOp): string | undefined {
  if (op.type === "range") return "";
  if (op.type === "put") return text(op.put.key);
  if (op.type === "delete") return op.delete.rangeEnd === undefined ? text(op.delete.key) : undefined;
  return undefined;
}

function text(key: Bytes): string {
  return typeof key === "string" ? key : Buffer.from(key).toString();
}

function sizeOf(write: FencedWrite): number {
  let bytes = memberOverheadBytes + 3 * write.key.length;
  if (write.change.type === "put") bytes += write.change.value.length;
  for (const op of write.ops ?? []) if (op.type === "put") bytes += op.put.key.length + op.put.value.length;
  for (const compare of write.compares ?? []) bytes += compare.key.length + 32;
  for (const read of write.reads ?? []) bytes += read.key.length + 32;
  return bytes;
}
