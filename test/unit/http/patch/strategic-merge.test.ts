/**
 * Strategic merge patch over the part of a pod's type that has every rule in it: lists with merge keys, lists of
 * scalars, lists without a rule, a field with retainKeys, a field that is replaced.
 */
import { openApiMergeSchema, strategicMergePatch } from "keelson/http";
import { describe, expect, it } from "vitest";

const merging = (key: string, properties: object = {}): object => ({
  type: "array",
  items: { type: "object", properties },
  "x-kubernetes-patch-strategy": "merge",
  "x-kubernetes-patch-merge-key": key,
});
const schema = openApiMergeSchema({
  properties: {
    metadata: {
      properties: {
        labels: { additionalProperties: { type: "string" } },
        finalizers: { type: "array", items: { type: "string" }, "x-kubernetes-patch-strategy": "merge" },
      },
    },
    spec: {
      properties: {
        containers: merging("name", { env: merging("name"), args: { type: "array" } }),
        keyless: { type: "array", items: { type: "object" }, "x-kubernetes-patch-strategy": "merge" },
        strategy: { type: "object", "x-kubernetes-patch-strategy": "retainKeys" },
        whole: { type: "object", "x-kubernetes-patch-strategy": "replace" },
        ports: merging("containerPort"),
      },
    },
  },
});
const patched = (target: object, patch: unknown): object => strategicMergePatch(target, patch, schema);
const containers = (...list: object[]): object => ({ spec: { containers: list } });

describe("strategicMergePatch", () => {
  const cases: readonly (readonly [name: string, target: object, patch: object, result: object])[] = [
    [
      "merges records and drops nulls",
      { a: 1, b: { c: 1 } },
      { a: null, b: { d: 2 } },
      { b: { c: 1, d: 2 } },
    ],
    [
      "merges items by their key; new ones stand where the patch has them, as in Kubernetes",
      containers({ name: "a", image: "1" }, { name: "b", image: "1" }),
      containers({ name: "c", image: "3" }, { name: "b", image: "2" }),
      containers({ name: "c", image: "3" }, { name: "a", image: "1" }, { name: "b", image: "2" }),
    ],
    [
      "merges lists in items of lists",
      containers({ name: "a", env: [{ name: "X", value: "1" }] }),
      containers({ name: "a", env: [{ name: "Y", value: "2" }] }),
      containers({
        name: "a",
        env: [
          { name: "Y", value: "2" },
          { name: "X", value: "1" },
        ],
      }),
    ],
    [
      "replaces a list without a rule",
      containers({ name: "a", args: ["1", "2"] }),
      containers({ name: "a", args: ["3"] }),
      containers({ name: "a", args: ["3"] }),
    ],
    [
      "$patch: delete takes an item away",
      containers({ name: "a" }, { name: "b" }),
      containers({ name: "a", $patch: "delete" }),
      containers({ name: "b" }),
    ],
    [
      "$patch: delete of an item that is not there changes nothing",
      containers({ name: "b" }),
      containers({ name: "a", $patch: "delete" }),
      containers({ name: "b" }),
    ],
    [
      "$patch: replace as an item replaces the list",
      containers({ name: "a" }, { name: "b" }),
      containers({ name: "c" }, { $patch: "replace" }),
      containers({ name: "c" }),
    ],
    [
      "$patch: replace in a record replaces it",
      { spec: { a: 1, b: 2 } },
      { spec: { $patch: "replace", c: 3 } },
      { spec: { c: 3 } },
    ],
    [
      "$patch: delete in a record empties it",
      { spec: { a: 1 } },
      { spec: { $patch: "delete" } },
      { spec: {} },
    ],
    ["$patch: delete of a record that is not there adds none", {}, { spec: { $patch: "delete" } }, {}],
    [
      "$patch: replace in an item replaces the item's list only",
      containers({ name: "a", env: [{ name: "X" }] }),
      containers({ name: "a", env: [{ name: "Y" }, { $patch: "replace" }] }),
      containers({ name: "a", env: [{ name: "Y" }] }),
    ],
    [
      "lists of scalars are united",
      { metadata: { finalizers: ["a", "b"] } },
      { metadata: { finalizers: ["b", "c"] } },
      { metadata: { finalizers: ["a", "b", "c"] } },
    ],
    [
      "$deleteFromPrimitiveList takes scalars away, and others may come in the same patch",
      { metadata: { finalizers: ["a", "b", "c"] } },
      { metadata: { "$deleteFromPrimitiveList/finalizers": ["a"], finalizers: ["d"] } },
      { metadata: { finalizers: ["d", "b", "c"] } },
    ],
    [
      "$setElementOrder orders the items it names around those it does not",
      containers({ name: "a" }, { name: "b" }, { name: "other" }),
      {
        spec: {
          "$setElementOrder/containers": [{ name: "b" }, { name: "c" }, { name: "a" }],
          containers: [{ name: "c", image: "3" }],
        },
      },
      containers({ name: "b" }, { name: "c", image: "3" }, { name: "a" }, { name: "other" }),
    ],
    [
      "$setElementOrder alone only orders",
      { metadata: { finalizers: ["a", "b", "c"] } },
      { metadata: { "$setElementOrder/finalizers": ["c", "a"] } },
      { metadata: { finalizers: ["b", "c", "a"] } },
    ],
    [
      "$retainKeys leaves the fields it names",
      { spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } } },
      { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } },
      { spec: { strategy: { type: "Recreate" } } },
    ],
    [
      "a field that is replaced takes nothing over",
      { spec: { whole: { a: 1 } } },
      { spec: { whole: { b: 2 } } },
      { spec: { whole: { b: 2 } } },
    ],
    [
      'a key may be a number, and 80 is not "80"',
      { spec: { ports: [{ containerPort: 80, name: "a" }] } },
      { spec: { ports: [{ containerPort: 80, name: "b" }, { containerPort: "80" }] } },
      { spec: { ports: [{ containerPort: 80, name: "b" }, { containerPort: "80" }] } },
    ],
    [
      "nulls and directives in what is new are carried out",
      {},
      {
        spec: {
          a: null,
          containers: [
            { name: "a", image: null },
            { name: "b", $patch: "delete" },
          ],
        },
      },
      containers({ name: "a" }),
    ],
    ["another type replaces", { spec: { a: [1] } }, { spec: { a: { b: 1 } } }, { spec: { a: { b: 1 } } }],
  ];
  for (const [name, target, patch, result] of cases) {
    it(name, () => {
      const before = structuredClone(target);
      expect(patched(target, patch)).toEqual(result);
      expect(target).toEqual(before);
    });
  }

  it("keeps items where they stand relative to those the patch names", () => {
    const target = { metadata: { finalizers: ["1", "a", "2", "b", "3"] } };
    const patch = { metadata: { "$setElementOrder/finalizers": ["b", "a"] } };
    expect(patched(target, patch)).toEqual({ metadata: { finalizers: ["1", "2", "b", "a", "3"] } });
  });

  it("without a schema merges records and replaces lists", () => {
    expect(strategicMergePatch({ a: { b: 1 }, c: [1] }, { a: { d: 2 }, c: [2] }, undefined)).toEqual({
      a: { b: 1, d: 2 },
      c: [2],
    });
  });

  const refused: readonly (readonly [name: string, patch: unknown, code: string])[] = [
    ["an unknown $patch", { spec: { $patch: "move" } }, "INVALID_ARGUMENT"],
    ["an unknown directive", { spec: { $pathc: "delete" } }, "INVALID_ARGUMENT"],
    [
      "a $retainKeys that leaves out a field it sets",
      { spec: { $retainKeys: ["a"], b: 1 } },
      "INVALID_ARGUMENT",
    ],
    [
      "items in another order than $setElementOrder's",
      {
        spec: {
          "$setElementOrder/containers": [{ name: "a" }, { name: "b" }],
          containers: [{ name: "b" }, { name: "a" }],
        },
      },
      "INVALID_ARGUMENT",
    ],
    ["an item without its key", containers({ image: "1" }), "INVALID_OBJECT"],
    ["a list of records without a merge key", { spec: { keyless: [{ a: 1 }] } }, "INVALID_OBJECT"],
    ["a list", [], "INVALID_ARGUMENT"],
    ["__proto__", JSON.parse('{"spec":{"__proto__":{"polluted":1}}}'), "INVALID_ARGUMENT"],
  ];
  for (const [name, patch, code] of refused) {
    it(`refuses ${name}: ${code}`, () => {
      expect(() => patched(containers({ name: "a" }), patch)).toThrow(expect.objectContaining({ code }));
    });
  }
});

describe("openApiMergeSchema", () => {
  it("follows references, also from a type to itself", () => {
    const definitions: Record<string, object> = {
      Node: { properties: { child: { $ref: "Node" }, all: { allOf: [{ $ref: "Node" }] } } },
    };
    const node = openApiMergeSchema({ $ref: "Node" }, (reference) => definitions[reference]);
    expect(node.field?.("child")?.field?.("child")?.field?.("all")?.field?.("child")).toBeDefined();
    expect(node.field?.("toString")).toBeUndefined();
  });
});
