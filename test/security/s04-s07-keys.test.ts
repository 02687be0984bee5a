/** S4 to S7 of the bad-input list: which keys and ranges can be written down at all. */
import { describe, expect, test } from "vitest";
import { defineKind, definitionOf } from "../../src/resource/model/define-kind.ts";
import { KeyRange } from "../../src/resource/model/key-range.ts";
import { KeySpace, nestingKinds, normalizePrefix } from "../../src/resource/model/keys.ts";
import { parseListOptions, parseWatchOptions } from "../../src/resource/options/read-options.ts";
import { codeOf } from "../support/failures.ts";
import { namespacedKind } from "../support/kinds.ts";
import { gears, widgets } from "../unit/resource/kinds.ts";

const keys = new KeySpace("/registry");
test("S4: a cluster-scoped kind with a namespace, and the reverse, are refused", () => {
  expect(codeOf(() => keys.object(gears, { namespace: "a", name: "g" }))).toBe("INVALID_ARGUMENT");
  expect(codeOf(() => keys.range(gears, "a"))).toBe("INVALID_ARGUMENT");
  expect(codeOf(() => parseListOptions(gears, { namespace: "a" }))).toBe("INVALID_ARGUMENT");
  expect(codeOf(() => parseWatchOptions(gears, { namespace: "a" }))).toBe("INVALID_ARGUMENT");
  expect(codeOf(() => keys.object(widgets, { name: "w" }))).toBe("INVALID_ARGUMENT");
});

describe("S5: a range is one namespace, whatever its neighbours are called", () => {
  const neighbours = ["a", "a-b", "ab", "a0", "aa"];

  test.each(neighbours)("of %s", (namespace) => {
    const range = keys.range(widgets, namespace);
    for (const other of neighbours) {
      const key = keys.object(widgets, { namespace: other, name: "w" });
      expect(key >= range.key && key < range.rangeEnd).toBe(other === namespace);
      expect(range.includes(key)).toBe(other === namespace);
    }
  });

  test("a kind's range leaves kinds alone that begin like it", () => {
    const kind = (plural: string): ReturnType<typeof definitionOf> =>
      definitionOf(defineKind({ version: "v1", kind: "X", plural, scope: "Cluster" }));
    const range = keys.range(kind("pods"));
    for (const plural of ["pods-x", "podsx", "pod", "podtemplates"]) {
      const key = keys.object(kind(plural), { name: "w" });
      expect(key >= range.key && key < range.rangeEnd).toBe(false);
    }
  });
});

describe("S6: ranges that must never be sent cannot be written down", () => {
  test.each(["", "a", "/registry", "/", "\xff", "\0", "/registry/pods"])(
    "a range of prefix %j is refused",
    (prefix) => {
      expect(codeOf(() => KeyRange.ofPrefix(prefix))).toBe("InvariantError");
    },
  );

  test("every range has an end behind its start that is no zero byte", () => {
    const ranges = [
      keys.all(),
      keys.range(gears),
      keys.range(widgets),
      keys.range(widgets, "a"),
      keys.range(widgets, "a").after("/registry/example.com/widgets/a/zzz"),
      keys.bookkeepingRange(),
      keys.bookkeepingRange("namespaces"),
    ];
    for (const { key, rangeEnd, prefix } of ranges) {
      expect(rangeEnd > key).toBe(true);
      expect(rangeEnd).not.toBe("\0");
      expect(rangeEnd).toBe(`${prefix.slice(0, -1)}0`);
    }
  });

  test("a range cannot be made but by its builder", () => {
    // @ts-expect-error: the constructor is private
    const construct = (): KeyRange => new KeyRange("/a/", "/a/");
    // @ts-expect-error: an object with the same fields is no range
    const literal: KeyRange = {
      key: "",
      rangeEnd: "\0",
      prefix: "",
      includes: () => true,
      after: () => literal,
    };
    expect(construct).toBeTypeOf("function");
    expect(literal).not.toBeInstanceOf(KeyRange);
  });
});

describe("S7: no object key reaches the bookkeeping", () => {
  const prefixes = [
    "/registry",
    "/a",
    "/a/b",
    "/namespaces",
    "/compact_rev_key",
    "/epoch",
    "/registry/keelson",
  ];

  test("by enumeration of prefixes and kinds", () => {
    const paths = ["keelson", "namespaces", "epoch", "registry", "compact", "a/b"];
    for (const prefix of prefixes) {
      const space = new KeySpace(prefix);
      for (const keyPath of paths) {
        const base = { version: "v1", kind: "X", plural: "xs", keyPath } as const;
        const flat = definitionOf(defineKind({ ...base, scope: "Cluster" }));
        const deep = definitionOf(defineKind({ ...base, scope: "Namespaced" }));
        const found = [
          space.object(flat, { name: "epoch" }),
          space.object(deep, { namespace: "registry", name: "epoch" }),
          space.range(flat).key,
          space.range(deep, "keelson").key,
          space.all().key,
        ];
        for (const key of found) {
          expect(key.startsWith(`${prefix}/`)).toBe(true);
          expect(key.startsWith("/keelson")).toBe(false);
          expect(key).not.toBe("compact_rev_key");
          for (const other of prefixes) {
            expect(new KeySpace(other).bookkeepingRange().includes(key)).toBe(false);
          }
        }
      }
    }
  });

  test.each(["/keelson", "/keelson/", "keelson", "//keelson//registry", "/keelson/registry", "/keelsonx"])(
    "prefix %s is refused",
    (prefix) => {
      expect(codeOf(() => normalizePrefix(prefix))).toBe("INVALID_ARGUMENT");
    },
  );

  test("kinds whose keys would nest are told apart", () => {
    const outer = definitionOf(namespacedKind("App"));
    const inner = definitionOf(namespacedKind("Job", { group: "apps" }));
    // The very same key, of a namespace of one and a kind of the other.
    expect(keys.object(outer, { namespace: "jobs", name: "x" })).toBe(`${keys.range(inner).key}x`);
    expect(nestingKinds([inner, outer])).toEqual([outer, inner]);
  });
});
