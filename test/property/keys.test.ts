import fc from "fast-check";
import { expect, test } from "vitest";
import { defineKind, definitionOf } from "../../src/resource/model/define-kind.ts";
import { KeySpace, nestingKinds } from "../../src/resource/model/keys.ts";
import type { Key } from "../../src/resource/model/resource.ts";

const letter = fc.constantFrom(..."ab0-.".split(""));
const name = fc
  .array(letter, { minLength: 1, maxLength: 6 })
  .map((letters) => letters.join(""))
  .filter((text) => /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/.test(text));
const namespace = name.filter((text) => !text.includes("."));
const keyPath = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const kind = fc
  .record({ keyPath, scope: fc.constantFrom("Namespaced" as const, "Cluster" as const) })
  .map((spec) => definitionOf(defineKind({ version: "v1", kind: "X", plural: "xs", ...spec })));
const prefix = fc.constantFrom("/registry", "/a", "/a/b");

const keyOf = (scope: string, parts: { namespace: string; name: string }): Key =>
  scope === "Cluster" ? { name: parts.name } : parts;

test("a key and its coordinates are one and the same thing", () => {
  fc.assert(
    fc.property(prefix, kind, fc.record({ namespace, name }), (at, of, parts) => {
      const keys = new KeySpace(at);
      const key = keyOf(of.scope, parts);
      expect(keys.parse(of, keys.object(of, key))).toEqual(key);
      expect(keys.range(of).includes(keys.object(of, key))).toBe(true);
      expect(keys.all().includes(keys.object(of, key))).toBe(true);
    }),
  );
});

test("different coordinates of kinds that do not nest never share a key", () => {
  const place = fc.record({ of: kind, parts: fc.record({ namespace, name }) });
  fc.assert(
    fc.property(place, place, (a, b) => {
      const keys = new KeySpace("/registry");
      fc.pre(a.of.keyPath === b.of.keyPath || nestingKinds([a.of, b.of]) === undefined);
      fc.pre(a.of.keyPath !== b.of.keyPath || a.of.scope === b.of.scope);
      const [left, right] = [keyOf(a.of.scope, a.parts), keyOf(b.of.scope, b.parts)];
      const same = a.of.keyPath === b.of.keyPath && JSON.stringify(left) === JSON.stringify(right);
      expect(keys.object(a.of, left) === keys.object(b.of, right)).toBe(same);
    }),
  );
});

test("a range holds exactly the keys of its namespace, compared as bytes too", () => {
  fc.assert(
    fc.property(namespace, fc.record({ namespace, name }), kind, (wanted, parts, of) => {
      fc.pre(of.scope === "Namespaced");
      const keys = new KeySpace("/registry");
      const range = keys.range(of, wanted);
      const key = Buffer.from(keys.object(of, parts));
      const inside =
        Buffer.compare(key, Buffer.from(range.key)) >= 0 &&
        Buffer.compare(key, Buffer.from(range.rangeEnd)) < 0;
      expect(inside).toBe(parts.namespace === wanted);
      expect(range.includes(key.toString())).toBe(inside);
    }),
  );
});

test("going on behind a key gives exactly the rest of a range", () => {
  fc.assert(
    fc.property(namespace, fc.uniqueArray(name, { minLength: 1 }), kind, (at, names, of) => {
      fc.pre(of.scope === "Namespaced");
      const keys = new KeySpace("/registry");
      const sorted = names.map((text) => keys.object(of, { namespace: at, name: text })).sort();
      const middle = sorted[Math.floor(sorted.length / 2)] ?? "";
      const rest = keys.range(of, at).after(middle);
      expect(sorted.filter((key) => rest.includes(key))).toEqual(sorted.filter((key) => key > middle));
    }),
  );
});
