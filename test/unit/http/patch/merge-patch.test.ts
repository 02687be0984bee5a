/** JSON merge patch: the table of RFC 7386's appendix A, as far as an object is patched, and hostile input. */
import { mergePatch, patchOf, patchTypeOf } from "keelson/http";
import { describe, expect, it } from "vitest";

const cases: readonly (readonly [object, unknown, object])[] = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

describe("mergePatch", () => {
  for (const [target, patch, result] of cases) {
    it(`${JSON.stringify(target)} + ${JSON.stringify(patch)}`, () => {
      const before = structuredClone(target);
      expect(mergePatch(target, patch)).toEqual(result);
      expect(target).toEqual(before);
    });
  }

  for (const patch of [null, 1, "text", [{ a: 1 }], undefined]) {
    it(`refuses ${JSON.stringify(patch)} as a patch`, () => {
      expect(() => mergePatch({}, patch)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    });
  }

  it("refuses __proto__ at any depth and reaches no prototype", () => {
    for (const text of ['{"__proto__":{"polluted":1}}', '{"a":{"__proto__":{"polluted":1}}}']) {
      expect(() => mergePatch({ a: {} }, JSON.parse(text))).toThrow(/__proto__/);
    }
    expect(mergePatch({}, { constructor: { prototype: { polluted: 1 } } })).toEqual({
      constructor: { prototype: { polluted: 1 } },
    });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("refuses a patch deeper than an object may be", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`) as unknown;
    expect(() => mergePatch({}, deep)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

describe("patchOf", () => {
  it("is what the content type names", () => {
    expect(patchTypeOf("application/json-patch+json; charset=utf-8")).toBe("json");
    expect(patchTypeOf("Application/Strategic-Merge-Patch+JSON")).toBe("strategic");
    expect(patchTypeOf("application/apply-patch+yaml")).toBe("apply");
    expect(patchTypeOf("application/json")).toBeUndefined();
    expect(patchTypeOf(undefined)).toBeUndefined();
  });

  it("changes the object it is given, as often as it is asked", () => {
    const json = patchOf("json", [{ op: "add", path: "/n", value: [1] }]);
    expect([json({ a: 1 }), json({ b: 2 })]).toEqual([
      { a: 1, n: [1] },
      { b: 2, n: [1] },
    ]);
    expect(patchOf("merge", { a: null })({ a: 1 })).toEqual({});
    expect(patchOf("strategic", { a: { $patch: "replace" } })({ a: { b: 1 } })).toEqual({ a: {} });
  });
});
