/** Each keyword that Kubernetes takes in a structural schema refuses what kube-apiserver 1.20.2 refuses with it. */
import { describe, expect, test } from "vitest";
import { schemaFaults } from "../../../../../examples/api-server/custom/schema-validation.ts";
import { fillSchemaDefaults } from "../../../../../examples/api-server/custom/structural-schema.ts";

const set = { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" };
const map = {
  type: "array",
  items: { type: "object", properties: { k: { type: "string" } } },
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["k"],
};
const embedded = { type: "object", "x-kubernetes-embedded-resource": true };
const either = (keyword: string): object => ({
  type: "object",
  [keyword]: [{ required: ["a"] }, { required: ["b"] }],
});

describe("a schema", () => {
  test.each<[schema: object, good: readonly unknown[], bad: readonly unknown[]]>([
    [{ type: "integer", multipleOf: 2 }, [0, 4], [3]],
    [{ type: "integer", minimum: 0, exclusiveMinimum: true }, [1], [0, -1]],
    [{ type: "integer", maximum: 9, exclusiveMaximum: true }, [8], [9, 10]],
    [{ type: "string", maxLength: 2 }, ["😀😀", ""], ["abc"]],
    [{ type: "object", minProperties: 1, maxProperties: 2 }, [{ a: 1 }], [{}, { a: 1, b: 2, c: 3 }]],
    [{ "x-kubernetes-int-or-string": true }, [1, "5%"], [true, 1.5, {}]],
    [set, [["a", "b"]], [["a", "a"]]],
    [
      map,
      [
        [
          { k: "a", v: 1 },
          { k: "b", v: 1 },
        ],
      ],
      [
        [
          { k: "a", v: 1 },
          { k: "a", v: 2 },
        ],
      ],
    ],
    [embedded, [{ apiVersion: "v1", kind: "Pod" }], [{}, { apiVersion: "", kind: "Pod" }]],
    [{ type: "string", allOf: [{ minLength: 3 }, { pattern: "^x" }] }, ["xyz"], ["x", "abc"]],
    [either("anyOf"), [{ a: 1 }, { a: 1, b: 1 }], [{}]],
    [either("oneOf"), [{ a: 1 }, { b: 1 }], [{}, { a: 1, b: 1 }]],
    [{ type: "string", not: { pattern: "bad" } }, ["good"], ["bad"]],
    [{ type: "string", format: "date-time" }, ["2020-01-01T00:00:00Z"], ["x", "2020-01-01"]],
    [{ type: "string", format: "date" }, ["2020-01-01"], ["2020-13-01"]],
    [{ type: "string", format: "duration" }, ["1h30m", "0"], ["x"]],
    [{ type: "string", format: "byte" }, ["aGk=", ""], ["!!"]],
    [{ type: "string", format: "ipv4" }, ["10.0.0.1"], ["1.2.3", "::1"]],
    [{ type: "string", format: "ipv6" }, ["::1"], ["10.0.0.1"]],
    [{ type: "string", format: "cidr" }, ["10.0.0.0/8", "::/0"], ["10.0.0.0", "10.0.0.0/33"]],
    [{ type: "string", format: "uri" }, ["https://a.b/c", "/path"], ["::"]],
    [{ type: "string", format: "email" }, ["a@b.c"], ["x"]],
    [{ type: "string", format: "uuid" }, ["0f1e2d3c-0000-4000-8000-000000000000"], ["x"]],
    [{ type: "string", format: "of-another-system" }, ["x"], []],
  ])("%j", (schema, good, bad) => {
    const faults = (value: unknown): readonly unknown[] =>
      schemaFaults({ f: value }, { properties: { f: schema } });
    for (const value of good) expect([value, faults(value)]).toEqual([value, []]);
    for (const value of bad) expect([value, faults(value).length > 0]).toEqual([value, true]);
  });
});

test("a null counts as absent where the schema does not allow one", () => {
  const text = { type: "string" };
  const schema = {
    type: "object",
    properties: {
      plain: text,
      nullable: { ...text, nullable: true },
      filled: { ...text, default: "x" },
      map: { type: "object", additionalProperties: text },
    },
  };
  const value = { plain: null, nullable: null, filled: null, map: { a: null, b: "c" } };
  fillSchemaDefaults(value, schema);
  expect(value).toEqual({ nullable: null, filled: "x", map: { b: "c" } });
  expect(schemaFaults(value, schema)).toEqual([]);
});
