/** Groups of writes keep etcd's limits, lose no write, and keep the order of writes of one key. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FencedWrite } from "../../src/etcd/fenced/fenced-write.ts";
import { tombstoneHolds, tombstoneKey, tombstoneValue } from "../../src/etcd/fenced/tombstones.ts";
import { planGroups } from "../../src/etcd/fenced/write-groups.ts";
import { groupTxn } from "../../src/etcd/fenced/write-txn.ts";
import type { TxnOp, TxnRequest } from "../../src/etcd/ports/messages.ts";

const root = "/keelson/registry";

const write = fc
  .record({
    name: fc.integer({ min: 0, max: 200 }),
    kind: fc.constantFrom("create", "update", "delete" as const),
    bytes: fc.oneof(
      { weight: 9, arbitrary: fc.constant(100) },
      { weight: 1, arbitrary: fc.constant(400_000) },
    ),
    ledgers: fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 4 }),
    withoutPuts: fc.boolean(),
  })
  .map(({ name, kind, bytes, ledgers, withoutPuts }): FencedWrite => {
    return {
      key: `/registry/${name}`,
      guard: kind === "create" ? 0n : 7n,
      writeId: new Uint8Array(16).fill(name),
      change: kind === "delete" ? { type: "delete" } : { type: "put", value: new Uint8Array(bytes) },
      ops: [...new Set(ledgers)].map(
        (i): TxnOp => ({ type: "put", put: { key: `/ledger/${i}`, value: "1" } }),
      ),
      reads: ledgers.map((i) => ({ key: `/ledger/${i}` })),
      withoutPuts: kind === "delete" && withoutPuts,
    };
  });

/** etcd's own check: a branch and the largest nested transaction in it share --max-txn-ops. */
function opsOf(txn: TxnRequest): number {
  const nested = [...txn.success, ...txn.failure].map((op) => (op.type === "txn" ? opsOf(op.txn) : 0));
  return Math.max(txn.compare.length, txn.success.length, txn.failure.length) + Math.max(0, ...nested);
}

function putKeys(txn: TxnRequest): readonly string[] {
  return [...txn.success].flatMap((op) => {
    if (op.type === "put") return [String(op.put.key)];
    if (op.type === "delete") return [String(op.delete.key)];
    return op.type === "txn" ? putKeys(op.txn) : [];
  });
}

describe("groups of writes", () => {
  test("hold every write once, within etcd's limits, no key twice in a round", () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 300 }), (writes) => {
        const rounds = planGroups(writes, root);
        const indexes = rounds.flat().flatMap((group) => group.members);
        expect([...indexes].sort((a, b) => a - b)).toEqual(writes.map((_, i) => i));
        for (const round of rounds) {
          const keys = round.flatMap((group) => group.members.map((i) => writes[i]?.key));
          expect(new Set(keys).size).toBe(keys.length);
          for (const { members } of round) {
            const group = members.flatMap((i) => writes[i] ?? []);
            const txn = groupTxn(group, { root, since: 5n, sessionKey: { key: "/s", revision: 1n } });
            expect(opsOf(txn)).toBeLessThanOrEqual(128);
            const put = putKeys(txn);
            expect(new Set(put).size).toBe(put.length);
            const bytes = group.reduce(
              (sum, w) => sum + (w.change.type === "put" ? w.change.value.length : 0),
              0,
            );
            if (members.length > 1) expect(bytes).toBeLessThan(1_300_000);
          }
        }
        // Writes that touch a common key are sent in the order given.
        const roundOf = new Map(
          rounds.flatMap((r, at) => r.flatMap((g) => g.members.map((i) => [i, at] as const))),
        );
        for (const [i, w] of writes.entries()) {
          const earlier = writes.slice(0, i).findLastIndex((other) => other.key === w.key);
          if (earlier >= 0) expect(roundOf.get(i) ?? 0).toBeGreaterThan(roundOf.get(earlier) ?? 0);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a tombstone names the deletes of its transaction and no other", () => {
    const id = (byte: number): Uint8Array => new Uint8Array(16).fill(byte);
    const value = tombstoneValue([id(1), id(2)]);
    expect([1, 2, 3].map((byte) => tombstoneHolds(value, id(byte)))).toEqual([true, true, false]);
    expect(tombstoneHolds(new Uint8Array(0), id(1))).toBe(false);
  });

  test("tombstones are where every client of every version looks for them", () => {
    expect(tombstoneKey(root, "/registry/pods/default/web-1")).toBe(
      `${root}/graves/${expectedBucket("/registry/pods/default/web-1")}`,
    );
    expect(tombstoneKey(root, "/registry/pods/größe")).toBe(
      `${root}/graves/${expectedBucket("/registry/pods/größe")}`,
    );
    const buckets = new Set(
      Array.from({ length: 20_000 }, (_, i) => tombstoneKey(root, `/registry/pods/ns/${i}`)),
    );
    expect(buckets.size).toBe(1024);
  });
});

/** FNV-1a with exact arithmetic, as the format says. */
function expectedBucket(key: string): string {
  let hash = 2166136261n;
  for (const byte of Buffer.from(key)) hash = ((hash ^ BigInt(byte)) * 16777619n) & 0xffffffffn;
  return (hash % 1024n).toString(16).padStart(3, "0");
}
