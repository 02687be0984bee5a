/** What a custom resource's schema makes of an object, as Kubernetes' structural schemas do. */
import { describe, expect, test } from "vitest";
import { schemaFaults } from "../../../../../examples/api-server/custom/schema-validation.ts";
import { fillSchemaDefaults, pruned } from "../../../../../examples/api-server/custom/structural-schema.ts";

const schema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      required: ["size"],
      properties: {
        size: { type: "integer", minimum: 1, maximum: 9 },
        colour: { type: "string", enum: ["red", "blue"], default: "red" },
        name: { type: "string", pattern: "^[a-z]+$", maxLength: 4 },
        ports: {
          type: "array",
          maxItems: 2,
          items: {
            type: "object",
            properties: { port: { type: "integer" }, tcp: { type: "boolean", default: true } },
          },
        },
        limits: { type: "object", additionalProperties: { type: "string" } },
        amount: { "x-kubernetes-int-or-string": true },
        open: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        nothing: { type: "string", nullable: true },
      },
    },
  },
};
const head = { apiVersion: "a/v1", kind: "K", metadata: { name: "n", labels: { any: "thing" } } };
const messages = (spec: object): readonly string[] =>
  schemaFaults({ ...head, spec }, schema).map(({ field, message }) => `${field}: ${message}`);

describe("pruning", () => {
  test("takes what the schema does not know, names each path, and leaves metadata alone", () => {
    const unknown: string[] = [];
    const spec = {
      size: 1,
      extra: { a: 1 },
      ports: [{ port: 1 }, { port: 2, bogus: true }],
      limits: { cpu: "1" },
      open: { anything: { at: "all" } },
    };
    const kept = pruned({ ...head, spec, more: 1 }, schema, (path) => unknown.push(path));
    expect(kept).toEqual({
      ...head,
      spec: {
        size: 1,
        ports: [{ port: 1 }, { port: 2 }],
        limits: { cpu: "1" },
        open: { anything: { at: "all" } },
      },
    });
    expect(unknown).toEqual(["spec.extra", "spec.ports[1].bogus", "more"]);
  });

  test("without a schema all is known; the given object is never the one that comes back", () => {
    const object = { ...head, spec: { a: { b: 1 } } };
    const kept = pruned(object, undefined, () => expect.unreachable());
    expect(kept).toEqual(object);
    expect(kept).not.toBe(object);
  });

  test("names of members that every object has are members like any other", () => {
    const object = JSON.parse('{"spec":{"size":1,"constructor":1,"__proto__":2,"toString":3}}') as object;
    const unknown: string[] = [];
    const kept = pruned({ ...head, ...object }, schema, (path) => unknown.push(path));
    expect(kept["spec"]).toEqual({ size: 1 });
    expect(unknown).toEqual(["spec.constructor", "spec.__proto__", "spec.toString"]);
  });
});

test("defaults come in where a member is absent or null, inside lists, and never over a value", () => {
  const value = { spec: { size: 1, colour: null, ports: [{}, { tcp: false }], nothing: null } };
  fillSchemaDefaults(value, schema);
  expect(value).toEqual({
    spec: { size: 1, colour: "red", ports: [{ tcp: true }, { tcp: false }], nothing: null },
  });
});

describe("faults", () => {
  test.each<[object, readonly string[]]>([
    [{ size: 1, colour: "blue", name: "abc", ports: [], amount: "5%" }, []],
    [{ size: 1, amount: 5, nothing: null }, []],
    [{}, ["spec.size: Required value"]],
    [
      { size: "1" },
      ['spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"'],
    ],
    [{ size: 10 }, ["spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9"]],
    [{ size: 0 }, ["spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"]],
    [
      { size: 1, colour: "green" },
      ['spec.colour: Unsupported value: "green": supported values: "red", "blue"'],
    ],
    [{ size: 1, name: "ABC" }, ['spec.name: Invalid value: "ABC": spec.name in body should match ^[a-z]+$']],
    [
      { size: 1, ports: [{ port: "x" }] },
      [
        'spec.ports[0].port: Invalid value: "string": spec.ports[0].port in body must be of type integer: "string"',
      ],
    ],
    [
      { size: 1, limits: { cpu: 1 } },
      [
        'spec.limits.cpu: Invalid value: "integer": spec.limits.cpu in body must be of type string: "integer"',
      ],
    ],
  ])("of %j", (spec, expected) => {
    expect(messages(spec)).toEqual(expected);
  });

  test("a whole object without what is required", () => {
    expect(schemaFaults(head, schema)).toEqual([{ field: "spec", message: "Required value" }]);
  });
});
