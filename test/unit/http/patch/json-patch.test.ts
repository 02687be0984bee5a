/** JSON patch: the examples of RFC 6902's appendix A, what Kubernetes adds to them, and what an attacker sends. */
import { jsonPatch } from "keelson/http";
import { describe, expect, it } from "vitest";
import { isStoreError } from "../../../../src/errors.ts";

type Case = readonly [name: string, target: object, patch: readonly object[], result: object];

const cases: readonly Case[] = [
  [
    "A.1 adds an object member",
    { foo: "bar" },
    [{ op: "add", path: "/baz", value: "qux" }],
    { baz: "qux", foo: "bar" },
  ],
  [
    "A.2 adds an array element",
    { foo: ["bar", "baz"] },
    [{ op: "add", path: "/foo/1", value: "qux" }],
    { foo: ["bar", "qux", "baz"] },
  ],
  [
    "A.3 removes an object member",
    { baz: "qux", foo: "bar" },
    [{ op: "remove", path: "/baz" }],
    { foo: "bar" },
  ],
  [
    "A.4 removes an array element",
    { foo: ["bar", "qux", "baz"] },
    [{ op: "remove", path: "/foo/1" }],
    { foo: ["bar", "baz"] },
  ],
  [
    "A.5 replaces a value",
    { baz: "qux", foo: "bar" },
    [{ op: "replace", path: "/baz", value: "boo" }],
    { baz: "boo", foo: "bar" },
  ],
  [
    "A.6 moves a value",
    { foo: { bar: "baz", waldo: "fred" }, qux: { corge: "grault" } },
    [{ op: "move", from: "/foo/waldo", path: "/qux/thud" }],
    { foo: { bar: "baz" }, qux: { corge: "grault", thud: "fred" } },
  ],
  [
    "A.7 moves an array element",
    { foo: ["all", "grass", "cows", "eat"] },
    [{ op: "move", from: "/foo/1", path: "/foo/3" }],
    { foo: ["all", "cows", "eat", "grass"] },
  ],
  [
    "A.8 tests a value",
    { baz: "qux", foo: ["a", 2, "c"] },
    [
      { op: "test", path: "/baz", value: "qux" },
      { op: "test", path: "/foo/1", value: 2 },
    ],
    { baz: "qux", foo: ["a", 2, "c"] },
  ],
  [
    "A.10 adds a nested object",
    { foo: "bar" },
    [{ op: "add", path: "/child", value: { grandchild: {} } }],
    { foo: "bar", child: { grandchild: {} } },
  ],
  [
    "A.11 ignores members it does not know",
    { foo: "bar" },
    [{ op: "add", path: "/baz", value: "qux", xyz: 123 }],
    { foo: "bar", baz: "qux" },
  ],
  [
    "A.14 unescapes ~ and /",
    { "/": 9, "~1": 10 },
    [{ op: "test", path: "/~01", value: 10 }],
    { "/": 9, "~1": 10 },
  ],
  [
    "A.16 adds an array as an element",
    { foo: ["bar"] },
    [{ op: "add", path: "/foo/-", value: ["abc", "def"] }],
    { foo: ["bar", ["abc", "def"]] },
  ],
  ["replaces the whole object", { a: 1 }, [{ op: "replace", path: "", value: { b: 2 } }], { b: 2 }],
  ["copies a value", { a: { b: 1 } }, [{ op: "copy", from: "/a", path: "/c" }], { a: { b: 1 }, c: { b: 1 } }],
  ["null as a value is one", { a: null }, [{ op: "replace", path: "/a", value: 1 }], { a: 1 }],
  [
    "test against null passes for an absent member, as in Kubernetes",
    { a: 1 },
    [{ op: "test", path: "/b", value: null }],
    { a: 1 },
  ],
  [
    "a member named like one of Object.prototype is set and not inherited",
    {},
    [{ op: "add", path: "/constructor", value: 1 }],
    { constructor: 1 },
  ],
];

describe("jsonPatch", () => {
  for (const [name, target, patch, result] of cases) {
    it(name, () => {
      const before = structuredClone(target);
      expect(jsonPatch(target, patch)).toEqual(result);
      expect(target).toEqual(before);
    });
  }

  const unfit: readonly Case[] = [
    ["A.9 a test that fails", { baz: "qux" }, [{ op: "test", path: "/baz", value: "bar" }], {}],
    ["A.12 a parent that is not there", { foo: "bar" }, [{ op: "add", path: "/baz/bat", value: "qux" }], {}],
    ["A.15 a number is not its text", { "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: "10" }], {}],
    ["removing what is not there", {}, [{ op: "remove", path: "/a" }], {}],
    ["replacing what is not there", {}, [{ op: "replace", path: "/a", value: 1 }], {}],
    ["replacing an inherited member", {}, [{ op: "replace", path: "/toString", value: 1 }], {}],
    ["an index past the end", { a: [1] }, [{ op: "add", path: "/a/2", value: 1 }], {}],
    ["an index with a leading zero", { a: [1, 2] }, [{ op: "remove", path: "/a/01" }], {}],
    ["- where nothing is added", { a: [1, 2] }, [{ op: "remove", path: "/a/-" }], {}],
    ["a result that is no object", { a: [1] }, [{ op: "replace", path: "", value: [1] }], {}],
    ["a path through text", { a: "text" }, [{ op: "replace", path: "/a/0", value: "x" }], {}],
  ];
  for (const [name, target, patch] of unfit) {
    it(`refuses ${name}: INVALID_OBJECT`, () => {
      expect(() => jsonPatch(target, patch)).toThrow(expect.objectContaining({ code: "INVALID_OBJECT" }));
    });
  }

  const malformed: readonly (readonly [string, unknown])[] = [
    ["no list", { op: "add", path: "/a", value: 1 }],
    ["an unknown operation", [{ op: "merge", path: "/a", value: 1 }]],
    ["an operation of an inherited name", [{ op: "toString", path: "/a", value: 1 }]],
    ["a pointer without /", [{ op: "remove", path: "a" }]],
    ["no path", [{ op: "remove" }]],
    ["no value", [{ op: "add", path: "/a" }]],
    ["no from", [{ op: "copy", path: "/a" }]],
    ["a move into itself", [{ op: "move", from: "/a", path: "/a/b" }]],
    ["the whole object taken away", [{ op: "remove", path: "" }]],
    ["__proto__ in a pointer", [{ op: "add", path: "/__proto__/polluted", value: true }]],
    ["__proto__ in a from", [{ op: "copy", from: "/__proto__", path: "/a" }]],
    [
      "__proto__ in a value",
      JSON.parse('[{"op":"add","path":"/a","value":{"__proto__":{"polluted":true}}}]'),
    ],
    ["a pointer deeper than an object may be", [{ op: "add", path: "/a".repeat(65), value: 1 }]],
    ["too many operations", Array.from({ length: 10_001 }, () => ({ op: "test", path: "", value: {} }))],
  ];
  for (const [name, patch] of malformed) {
    it(`refuses ${name}: INVALID_ARGUMENT`, () => {
      expect(() => jsonPatch({ a: { b: 1 } }, patch)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });
  }

  it("bounds what copies multiply", () => {
    const doubling = Array.from({ length: 40 }, () => ({ op: "copy", from: "/a", path: "/a/-" }));
    expect(() => jsonPatch({ a: ["x".repeat(64)] }, doubling)).toThrow(/copies of more than/);
  });

  it("applies all or nothing, and names the operation that does not fit", () => {
    const target = { a: 1 };
    const patch = [
      { op: "replace", path: "/a", value: 2 },
      { op: "remove", path: "/b" },
    ];
    try {
      jsonPatch(target, patch);
      expect.unreachable();
    } catch (error) {
      expect(isStoreError(error, "INVALID_OBJECT") && error.details.errors).toEqual([
        { field: "/b", message: 'operation 1 (remove "/b"): there is nothing at "/b"' },
      ]);
    }
    expect(target).toEqual({ a: 1 });
  });

  it("shares nothing with the patch", () => {
    const value = { list: [1] };
    const result = jsonPatch<{ a?: { list: number[] } }>({}, [{ op: "add", path: "/a", value }]);
    result.a?.list.push(2);
    expect(value.list).toEqual([1]);
  });
});
