import { describe, expect, test } from "vitest";
import {
  formatQuantity,
  parseQuantity,
  type Quantity,
  quantityToNumber,
} from "../../../../src/resource/model/quantity.ts";

describe("parseQuantity()", () => {
  test.each<[Quantity, string, number]>([
    [0, "0", 0],
    [3, "3", 3],
    [0.1, "0.1", 0.1],
    [1e-7, "0.0000001", 1e-7],
    [-2.5, "-2.5", -2.5],
    ["500m", "0.5", 0.5],
    ["2Gi", "2147483648", 2147483648],
    ["1.5Ki", "1536", 1536],
    ["100n", "0.0000001", 1e-7],
    ["250u", "0.00025", 0.00025],
    ["1k", "1000", 1000],
    ["2M", "2000000", 2e6],
    ["3G", "3000000000", 3e9],
    ["4T", "4000000000000", 4e12],
    ["5P", "5000000000000000", 5e15],
    ["6E", "6000000000000000000", 6e18],
    ["1Mi", "1048576", 2 ** 20],
    ["1Ti", "1099511627776", 2 ** 40],
    ["1Pi", "1125899906842624", 2 ** 50],
    ["1Ei", "1152921504606846976", 2 ** 60],
    ["1e3", "1000", 1000],
    ["1E3", "1000", 1000],
    ["1.5e-3", "0.0015", 0.0015],
    ["+7", "7", 7],
    [".5", "0.5", 0.5],
    ["5.", "5", 5],
    ["-0.1", "-0.1", -0.1],
    ["0.1m", "0.0001", 0.0001],
    ["9007199254740993", "9007199254740993", 9007199254740992],
  ])("%s is %s", (quantity, text, number) => {
    const nanos = parseQuantity(quantity);
    expect(formatQuantity(nanos)).toBe(text);
    expect(quantityToNumber(nanos)).toBe(number);
    expect(parseQuantity(text)).toBe(nanos);
  });

  test("rounds away from zero below a billionth, as Kubernetes does", () => {
    expect(formatQuantity(parseQuantity("0.1n"))).toBe("0.000000001");
    expect(formatQuantity(parseQuantity("-0.1n"))).toBe("-0.000000001");
    expect(formatQuantity(parseQuantity("1e-30"))).toBe("0.000000001");
  });

  test.each([
    "",
    " 1",
    "1 ",
    "1\n",
    ".",
    "-",
    "1mi",
    "1K",
    "1KI",
    "0x10",
    "1e",
    "1e+",
    "1e1000",
    "1e99",
    "Infinity",
    "NaN",
    "1,000",
    "1_000",
    "1".repeat(65),
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    null,
    undefined,
    {},
    10n,
  ])("refuses %s", (quantity) => {
    expect(() => parseQuantity(quantity, "hard")).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", details: { argument: "hard", errors: undefined } }),
    );
  });
});

test("amounts are ordered by size, not by notation", () => {
  expect(parseQuantity("1Ki") > parseQuantity("1k")).toBe(true);
  expect(parseQuantity("1000m")).toBe(parseQuantity(1));
  expect(parseQuantity("-1") < parseQuantity("0")).toBe(true);
});
