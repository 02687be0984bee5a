import { describe, expect, test } from "vitest";
import type { StoreError } from "../../../../src/errors.ts";
import { defineKind, definitionOf } from "../../../../src/resource/model/define-kind.ts";
import type { Kind, KindSpec } from "../../../../src/resource/model/kind.ts";
import { namespaceKind } from "../../../../src/resource/model/namespace-kind.ts";
import type { AnyResource, Resource } from "../../../../src/resource/model/resource.ts";

const spec: KindSpec<AnyResource> = {
  group: "apps",
  version: "v1",
  kind: "Widget",
  plural: "widgets",
  scope: "Namespaced",
};

const object = (more: Record<string, unknown> = {}, meta: Record<string, unknown> = {}): AnyResource => ({
  apiVersion: "apps/v1",
  kind: "Widget",
  metadata: {
    name: "w",
    namespace: "a",
    uid: "u",
    resourceVersion: "5",
    generation: 1,
    creationTimestamp: "2026-01-01T00:00:00Z",
    ...meta,
  },
  ...more,
});

const faultOf = (run: () => unknown): StoreError => {
  try {
    run();
  } catch (error) {
    return error as StoreError;
  }
  throw new Error("nothing was thrown");
};

describe("defineKind()", () => {
  test("fills in what the definition needs", () => {
    expect(definitionOf(defineKind(spec))).toMatchObject({
      group: "apps",
      apiVersion: "apps/v1",
      resource: "widgets.apps",
      keyPath: "apps/widgets",
      nameRule: "subdomain",
      headerVersion: 1,
      status: false,
      fields: [],
      indexes: [],
      singular: "widget",
      shortNames: [],
      categories: [],
      scale: undefined,
    });
    expect(definitionOf(defineKind({ ...spec, group: "" }))).toMatchObject({
      apiVersion: "v1",
      resource: "widgets",
      keyPath: "widgets",
    });
  });

  test("gives a frozen kind that later changes of the spec do not reach", () => {
    const changing = { ...spec, fields: { "spec.a": () => "1" } };
    const kind = defineKind(changing);
    Object.assign(changing.fields, { "spec.b": () => "2" });
    changing.plural = "others";
    expect(Object.isFrozen(kind)).toBe(true);
    expect(Object.isFrozen(kind.fields)).toBe(true);
    expect(kind.plural).toBe("widgets");
    expect(definitionOf(kind).headOf(object()).fields).toEqual({ "spec.a": "1" });
  });

  test.each<[string, Record<string, unknown>]>([
    ["group", { group: "Apps" }],
    ["group", { group: "../x" }],
    ["version", { version: "1" }],
    ["version", { version: "" }],
    ["plural", { plural: "pods/status" }],
    ["plural", { plural: ".." }],
    ["kind", { kind: "widget" }],
    ["scope", { scope: "namespaced" }],
    ["singular", { singular: "A Widget" }],
    ["shortNames", { shortNames: ["w", "W"] }],
    ["categories", { categories: "all" }],
    ["scale", { scale: { specReplicas: "spec.replicas" } }],
    ["scale", { scale: { specReplicas: "spec.replicas", statusReplicas: "status[0]" } }],
    ["keyPath", { keyPath: "/x" }],
    ["keyPath", { keyPath: "a/../b" }],
    ["keyPath", { keyPath: "" }],
    ["nameRule", { nameRule: "any" }],
    ["headerVersion", { headerVersion: 0 }],
    ["ttlSeconds", { ttlSeconds: 0 }],
    ["ttlSeconds", { ttlSeconds: 2.5 }],
    ["status", { status: "yes" }],
    ["measure", { measure: 5 }],
    ["upgrade", { upgrade: {} }],
    ["validate", { validate: "x" }],
    ["fields", { fields: { "metadata.name": () => "x" } }],
    ["fields", { fields: { __proto__x: () => "x", "a b": () => "x" } }],
    ["indexes", { indexes: ["field:spec.unknown"] }],
    ["indexes", { indexes: ["label:-"] }],
    ["indexes", { indexes: ["spec.a"] }],
  ])("refuses a bad %s: %j", (field, change) => {
    const error = faultOf(() => defineKind({ ...spec, ...change }));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect((error as StoreError<"INVALID_ARGUMENT">).details.errors).toContainEqual(
      expect.objectContaining({ field }),
    );
  });

  test("names every fault at once", () => {
    const error = faultOf(() => defineKind({ ...spec, version: "", plural: "", scope: "x" as "Cluster" }));
    expect((error as StoreError<"INVALID_ARGUMENT">).details.errors).toHaveLength(3);
  });
});

test("definitionOf() takes only what defineKind() made", () => {
  const copy = { ...defineKind(spec) } as Kind;
  for (const kind of [copy, {}, undefined, null]) {
    expect(faultOf(() => definitionOf(kind as Kind)).code).toBe("INVALID_ARGUMENT");
  }
});

describe("headOf()", () => {
  test("holds metadata without resourceVersion, fields that have a value, and exact amounts", () => {
    const kind = definitionOf(
      defineKind<AnyResource>({
        ...spec,
        headerVersion: 3,
        fields: { "spec.node": (o) => o["node"] as string | undefined, "spec.none": () => undefined },
        measure: () => ({ "requests.cpu": "250m", "requests.memory": "1Gi", gadgets: 2 }),
      }),
    );
    const { resourceVersion: _, ...metadata } = object().metadata;
    expect(kind.headOf(object({ node: "n1" }))).toEqual({
      apiVersion: "apps/v1",
      kind: "Widget",
      metadata,
      fields: { "spec.node": "n1" },
      amounts: { "requests.cpu": "0.25", "requests.memory": "1073741824", gadgets: "2" },
      headerVersion: 3,
    });
  });

  test.each<[string, Partial<KindSpec<AnyResource>>]>([
    ["a field that is no text", { fields: { "spec.a": () => 5 as unknown as string } }],
    [
      "a field that throws",
      {
        fields: {
          "spec.a": () => {
            throw new Error("x");
          },
        },
      },
    ],
    ["an amount that is no quantity", { measure: () => ({ cpu: "much" }) }],
    ["an amount the store counts itself", { measure: () => ({ bytes: 1 }) }],
    ["a count the store keeps itself", { measure: () => ({ "count/pods": 1 }) }],
    [
      "a measure that throws",
      {
        measure: () => {
          throw new Error("x");
        },
      },
    ],
  ])("refuses %s", (_, change) => {
    const error = faultOf(() =>
      definitionOf(defineKind<AnyResource>({ ...spec, ...change })).headOf(object()),
    );
    expect(error.code).toBe("INVALID_OBJECT");
    expect(error.details).toMatchObject({ name: "w", namespace: "a", kind: "Widget" });
  });
});

describe("upgrade()", () => {
  const stored = { ...object({ old: 1 }), apiVersion: "apps/v1beta1" };

  test("leaves today's version alone", () => {
    const today = object();
    expect(definitionOf(defineKind(spec)).upgrade(today)).toBe(today);
  });

  test("converts another one, without letting it move the object", () => {
    const kind = definitionOf(
      defineKind<AnyResource>({
        ...spec,
        upgrade: (from) => ({ ...from, new: 2, metadata: { ...from.metadata, name: "elsewhere", uid: "x" } }),
      }),
    );
    expect(kind.upgrade(stored)).toMatchObject({
      apiVersion: "apps/v1",
      kind: "Widget",
      new: 2,
      metadata: { name: "w", uid: "u" },
    });
  });

  test.each<[string, Partial<KindSpec<AnyResource>>]>([
    ["there is none", {}],
    [
      "it throws",
      {
        upgrade: () => {
          throw new Error("x");
        },
      },
    ],
    ["it gives nothing", { upgrade: () => undefined as unknown as AnyResource }],
  ])("calls the object corrupt when %s", (_, change) => {
    const kind = definitionOf(defineKind<AnyResource>({ ...spec, ...change }));
    expect(faultOf(() => kind.upgrade(stored)).code).toBe("CORRUPT_OBJECT");
  });
});

test("namespaceKind is the core one", () => {
  expect(definitionOf<Resource>(namespaceKind)).toMatchObject({
    apiVersion: "v1",
    kind: "Namespace",
    keyPath: "namespaces",
    scope: "Cluster",
    nameRule: "label",
    status: true,
    fields: ["status.phase"],
  });
});
