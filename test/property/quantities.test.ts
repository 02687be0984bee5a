import fc from "fast-check";
import { expect, test } from "vitest";
import { formatQuantity, parseQuantity, quantityToNumber } from "../../src/resource/model/quantity.ts";

/** A model in the plainest form: a fraction, kept as numerator over denominator. */
const suffixes: readonly (readonly [string, bigint, bigint])[] = [
  ["", 1n, 1n],
  ["n", 1n, 10n ** 9n],
  ["u", 1n, 10n ** 6n],
  ["m", 1n, 1000n],
  ["k", 1000n, 1n],
  ["M", 10n ** 6n, 1n],
  ["G", 10n ** 9n, 1n],
  ["E", 10n ** 18n, 1n],
  ["Ki", 1024n, 1n],
  ["Gi", 1024n ** 3n, 1n],
  ["Ei", 1024n ** 6n, 1n],
  ["e3", 1000n, 1n],
  ["e-2", 1n, 100n],
  ["E+1", 10n, 1n],
];
const quantity = fc.record({
  negative: fc.boolean(),
  whole: fc.bigInt({ min: 0n, max: 10n ** 12n }),
  fraction: fc.stringMatching(/^[0-9]{0,12}$/),
  suffix: fc.constantFrom(...suffixes),
});
const textOf = (q: {
  negative: boolean;
  whole: bigint;
  fraction: string;
  suffix: readonly [string, bigint, bigint];
}) => `${q.negative ? "-" : ""}${q.whole}${q.fraction === "" ? "" : `.${q.fraction}`}${q.suffix[0]}`;

test("parseQuantity() gives the exact amount, rounded away from zero to a billionth", () => {
  fc.assert(
    fc.property(quantity, (q) => {
      const [, times, over] = q.suffix;
      const numerator = BigInt(`${q.whole}${q.fraction}`) * times * 10n ** 9n;
      const denominator = over * 10n ** BigInt(q.fraction.length);
      const up = numerator / denominator + (numerator % denominator === 0n ? 0n : 1n);
      expect(parseQuantity(textOf(q))).toBe(q.negative ? -up : up);
    }),
    { numRuns: 500 },
  );
});

test("formatQuantity() is canonical: it parses to the same amount and has one text for it", () => {
  fc.assert(
    fc.property(quantity, (q) => {
      const nanos = parseQuantity(textOf(q));
      const text = formatQuantity(nanos);
      expect(text).toMatch(/^(?:0|-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?)$/);
      expect(parseQuantity(text)).toBe(nanos);
    }),
  );
});

test("a ledger that adds and takes away in any order ends where it began", () => {
  fc.assert(
    fc.property(fc.array(quantity, { maxLength: 20 }), fc.func(fc.integer()), (amounts, order) => {
      const nanos = amounts.map((q) => parseQuantity(textOf(q)));
      const shuffled = [...nanos].sort((a, b) => order(a) - order(b));
      const added = nanos.reduce((sum, amount) => sum + amount, 0n);
      expect(shuffled.reduce((sum, amount) => sum - amount, added)).toBe(0n);
    }),
  );
});

test("numbers of the base unit come back as they went in", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), (whole, milli) => {
      expect(quantityToNumber(parseQuantity(whole)) === whole).toBe(true);
      expect(quantityToNumber(parseQuantity(`${milli}m`)) === milli / 1000).toBe(true);
      expect(parseQuantity(whole)).toBe(parseQuantity(String(whole)));
    }),
  );
});
