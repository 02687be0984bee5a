import fc from "fast-check";
import { expect, test } from "vitest";
import { SortedList } from "../../../src/base/sorted-list.ts";

const keyOf = (n: number): string => `k${String(n).padStart(4, "0")}`;

test("a sorted list equals a sorted array, whatever is inserted and deleted", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.nat(900)), { maxLength: 1500 }),
      fc.nat(900),
      fc.nat(900),
      (steps, from, end) => {
        const list = new SortedList<{ key: string }>();
        const model = new Set<string>();
        for (const [insert, n] of steps) {
          const key = keyOf(n);
          if (insert) {
            expect(list.insert({ key })).toBe(!model.has(key));
            model.add(key);
          } else {
            expect(list.delete(key)?.key).toBe(model.delete(key) ? key : undefined);
          }
        }
        const sorted = [...model].sort();
        const all: string[] = [];
        list.forEach(({ key }) => {
          all.push(key);
        });
        expect(all).toEqual(sorted);
        expect(list.size).toBe(sorted.length);
        const inside = sorted.filter((key) => key >= keyOf(from) && key < keyOf(end));
        const scanned: string[] = [];
        list.scan(keyOf(from), keyOf(end), ({ key }) => scanned.push(key) > 0);
        expect(scanned).toEqual(inside);
        expect(list.countBetween(keyOf(from), keyOf(end))).toBe(inside.length);
      },
    ),
    { numRuns: 60 },
  );
});

test("scan() stops where the visitor says so", () => {
  const list = new SortedList<{ key: string }>();
  for (let n = 0; n < 600; n++) list.insert({ key: keyOf((n * 7) % 600) });
  const seen: string[] = [];
  list.scan(keyOf(250), "l", ({ key }) => seen.push(key) < 10);
  expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => keyOf(250 + i)));
});
