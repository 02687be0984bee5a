import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  copyPlainData,
  findPlainDataFault,
  notPlainData,
  plainDataDepthMax,
  sameContent,
} from "../../../../src/resource/model/plain-data.ts";

const nested = (levels: number): unknown => {
  let value: unknown = "leaf";
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? { inner: value } : [value];
  return value;
};

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** JSON as it comes from anywhere, without the two things plain data refuses. */
const plainJson = fc
  .jsonValue({ maxDepth: 6, noUnicodeString: false })
  .filter((value) => findPlainDataFault(value) === undefined);

describe("findPlainDataFault()", () => {
  it.each<[string, unknown, string, RegExp]>([
    ["a bigint", { spec: { size: 1n } }, "spec.size", /bigint/],
    ["a function", { spec: { run: () => 1 } }, "spec.run", /function/],
    ["a symbol", { spec: [Symbol("s")] }, "spec[0]", /symbol/],
    ["a Date", { spec: { at: new Date(0) } }, "spec.at", /Date/],
    ["a Map", { a: { "b.c/d": new Map() } }, 'a["b.c/d"]', /Map/],
    ["bytes", { data: new Uint8Array(2) }, "data", /Uint8Array/],
    ["a class instance", { a: new (class Widget {})() }, "a", /Widget/],
    ["an integer above 2^53 - 1", { a: [{ b: 2 ** 53 }] }, "a[0].b", /2\^53 - 1/],
    ["NaN", { a: Number.NaN }, "a", /NaN/],
    ["an infinity", { a: Number.NEGATIVE_INFINITY }, "a", /-Infinity/],
    ["a lone surrogate", { a: "x\ud800y" }, "a", /surrogate/],
    ["a lone surrogate in a name", { "x\udc00": 1 }, '["x\ufffd"]', /surrogate/],
    ["undefined in an array", { a: [1, undefined] }, "a[1]", /undefined/],
    ["a hole in an array", { a: new Array(1) }, "a[0]", /undefined/],
    [
      "a getter that throws",
      {
        get a(): never {
          throw new RangeError("its own");
        },
      },
      "",
      /cannot be read \(its own\)/,
    ],
    [
      "a proxy that throws",
      { a: new Proxy({}, { ownKeys: () => expect.unreachable("its own") }) },
      "",
      /its own/,
    ],
    ["a revoked proxy", { a: revokedProxy() }, "", /revoked/],
  ])("refuses %s with its path", (_, value, field, message) => {
    const fault = findPlainDataFault(value);
    expect(fault?.field).toBe(field);
    expect(fault?.message).toMatch(message);
  });

  it("takes 64 levels and refuses the 65th", () => {
    expect(findPlainDataFault(nested(plainDataDepthMax))).toBeUndefined();
    expect(findPlainDataFault(nested(plainDataDepthMax + 1))?.message).toMatch(/64 levels/);
  });

  it("refuses a cycle instead of running into it", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    expect(findPlainDataFault(cycle)?.message).toMatch(/deeper/);
  });

  it("takes undefined fields, -0, null prototypes and plain records of another realm", () => {
    const bare: unknown = Object.assign(Object.create(null), { x: 1 });
    expect(findPlainDataFault({ a: undefined, b: -0, c: bare, d: runInNewContext("({ e: [1] })") })).toBe(
      undefined,
    );
  });

  it("takes whatever JSON can say, integers kept safe", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const fault = findPlainDataFault(value);
        if (fault !== undefined) expect(fault.message).toMatch(/2\^53|__proto__|surrogate|name/);
      }),
    );
  });
});

describe("notPlainData()", () => {
  it("is INVALID_OBJECT with the field, for the caller's action", () => {
    const fault = findPlainDataFault({ spec: { size: 1n } });
    if (fault === undefined) expect.unreachable();
    const error = notPlainData(fault, 'create widget "a"', { name: "a" });
    expect(error.code).toBe("INVALID_OBJECT");
    expect(error.message).toBe(
      'Cannot create widget "a": field "spec.size": is a bigint, expected plain data',
    );
    expect(error.details).toMatchObject({ name: "a", errors: [{ field: "spec.size" }] });
  });
});

describe("sameContent()", () => {
  it("agrees with a copy in any key order, undefined fields added", () => {
    const shuffle = (value: unknown): unknown => {
      if (typeof value !== "object" || value === null) return value;
      if (Array.isArray(value)) return value.map(shuffle);
      return Object.fromEntries([
        ...Object.entries(value)
          .reverse()
          .map(([key, field]) => [key, shuffle(field)]),
        ["absent-on-purpose", undefined],
      ]);
    };
    fc.assert(fc.property(plainJson, (value) => sameContent(value, shuffle(value))));
  });

  it("is what canonical JSON text says", () => {
    const canonical = (value: unknown): string =>
      JSON.stringify(value, (_, field: unknown) =>
        typeof field === "object" && field !== null && !Array.isArray(field)
          ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
          : field,
      );
    const small = fc.jsonValue({ maxDepth: 2 }).filter((value) => findPlainDataFault(value) === undefined);
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(sameContent(a, b)).toBe(canonical(a) === canonical(b));
      }),
    );
  });

  it.each<[unknown, unknown]>([
    [{ a: 1 }, { a: 1, b: 1 }],
    [
      { a: undefined, b: 1 },
      { a: 1, b: 1 },
    ],
    [{ constructor: 1 }, {}],
    [{}, { constructor: 1 }],
    [[], {}],
    [{ a: null }, {}],
    [["1"], [1]],
  ])("tells %j from %j", (a, b) => {
    expect(sameContent(a, b)).toBe(false);
    expect(sameContent(b, a)).toBe(false);
  });
});

describe("copyPlainData()", () => {
  it("is equal, shares nothing, and drops undefined fields", () => {
    const original = { a: { b: [{ c: 1 }] }, gone: undefined };
    const copied = copyPlainData(original);
    expect(sameContent(copied, original)).toBe(true);
    expect("gone" in copied).toBe(false);
    copied.a.b.push({ c: 2 });
    expect(original.a.b).toHaveLength(1);
  });

  it("never sets a prototype", () => {
    expect(copyPlainData({ a: [-0] })).toEqual({ a: [0] });
    const copied = copyPlainData(JSON.parse('{"__proto__":{"polluted":1}}') as Record<string, unknown>);
    expect(Object.getPrototypeOf(copied)).toBe(Object.prototype);
    expect(copied["polluted"]).toBeUndefined();
  });
});
