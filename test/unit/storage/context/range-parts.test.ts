/** Parts of a large range: where they are cut, what counting them costs, and that nothing falls between them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KeyValue, RangeRequest, RangeResponse } from "../../../../src/etcd/ports/messages.ts";
import { KeyRange } from "../../../../src/resource/model/key-range.ts";
import { partsOf } from "../../../../src/storage/context/range-parts.ts";

const range = KeyRange.ofPrefix("/r/");

/** Answers as etcd does, and counts the keys it visits. */
function source(given: readonly string[]): {
  visited: number;
  range(request: RangeRequest): Promise<RangeResponse>;
} {
  const keys = [...given].sort();
  const below = (key: string): number => {
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((keys[middle] ?? "") < key) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    visited: 0,
    async range({ key, rangeEnd, limit = 0, countOnly }) {
      const from = below(String(key));
      const to = Math.max(from, below(String(rangeEnd)));
      this.visited += to - from;
      const shown = countOnly === true ? [] : keys.slice(from, limit > 0 ? Math.min(to, from + limit) : to);
      const kvs = shown.map(
        (text): KeyValue => ({
          key: new TextEncoder().encode(text),
          value: new Uint8Array(0),
          createRevision: 1n,
          modRevision: 1n,
          version: 1n,
          lease: 0n,
        }),
      );
      const header = { clusterId: 1n, memberId: 1n, revision: 40n, raftTerm: 1n };
      return { header, kvs, more: false, count: BigInt(to - from) };
    },
  };
}

const within = (keys: readonly string[], { key, rangeEnd }: KeyRange): readonly string[] =>
  keys.filter((one) => one >= key && one < rangeEnd);

/** 40 namespaces of 1,000. */
const crowded = Array.from(
  { length: 40_000 },
  (_, i) => `/r/team-${String(i % 40).padStart(2, "0")}/item-${String(i).padStart(7, "0")}`,
);

describe("partsOf()", () => {
  it("cuts a large range into parts of few keys each, in order and without a gap", async () => {
    const kv = source(crowded);
    const parts = await partsOf(kv, range, crowded.length, {});
    expect(parts.length).toBeGreaterThan(4);
    expect(parts[0]?.key).toBe(range.key);
    expect(parts.at(-1)?.rangeEnd).toBe(range.rangeEnd);
    for (const [at, part] of parts.entries()) {
      if (at > 0) expect(part.key).toBe(parts[at - 1]?.rangeEnd);
      expect(within(crowded, part).length).toBeLessThanOrEqual(8_192);
    }
    expect(parts.reduce((sum, part) => sum + within(crowded, part).length, 0)).toBe(crowded.length);
    // Reading on by pages of 1,000, each counting what is behind it, would visit twenty times all of them.
    expect(kv.visited).toBeLessThan(crowded.length * 8);
  });

  it("cuts one namespace whose names begin alike", async () => {
    const keys = Array.from(
      { length: 20_000 },
      (_, i) => `/r/default/web-server-${String(i).padStart(9, "0")}`,
    );
    const parts = await partsOf(source(keys), range, keys.length, {});
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) expect(within(keys, part).length).toBeLessThanOrEqual(8_192);
  });

  it("begins behind the key that was read last", async () => {
    const sorted = [...crowded].sort();
    const after = sorted[5_000] ?? "";
    const left = sorted.slice(5_001);
    const parts = await partsOf(source(crowded), range.after(after), left.length, {});
    expect(parts[0]?.key).toBe(`${after}\0`);
    expect(parts.flatMap((part) => within(sorted, part))).toEqual(left);
  });

  it("leaves a range of few keys whole", async () => {
    const kv = source(crowded.slice(0, 100));
    expect(await partsOf(kv, range, 100, {})).toHaveLength(1);
    expect(kv.visited).toBe(0);
  });

  it("every key lies in exactly one part, whatever it is made of and however wrong the count was", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.stringMatching(/^[ -~]{1,6}$/), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        async (names, told) => {
          const keys = [...new Set(names.map((name) => `/r/${name}`))].sort();
          const parts = await partsOf(source(keys), range, told, {});
          expect(parts.flatMap((part) => within(keys, part))).toEqual(keys);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("KeyRange.cutAt()", () => {
  it("refuses keys that are not its own, or in no order", () => {
    expect(() => range.cutAt(["/s/a"])).toThrow();
    expect(() => range.cutAt(["/r/b", "/r/a"])).toThrow();
    expect(() => range.cutAt([range.key])).toThrow();
    expect(range.cutAt([])).toHaveLength(1);
  });

  it("a part ends at its own end behind a key, too, and includes nothing behind it", () => {
    const [first] = range.cutAt(["/r/m"]);
    expect(first?.after("/r/c").rangeEnd).toBe("/r/m");
    expect(first?.includes("/r/c")).toBe(true);
    expect(first?.includes("/r/m")).toBe(false);
  });
});
