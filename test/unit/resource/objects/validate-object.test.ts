import { describe, expect, test } from "vitest";
import type { FieldError } from "../../../../src/errors/codes.ts";
import { isStoreError } from "../../../../src/errors.ts";
import type { Draft } from "../../../../src/resource/model/resource.ts";
import {
  validateDraft,
  validateForStorage,
  validateReplacement,
} from "../../../../src/resource/objects/validate-object.ts";
import { gears, type Widget, widget, widgets } from "../kinds.ts";

const faultsOf = (run: () => void): readonly FieldError[] => {
  try {
    run();
  } catch (error) {
    if (isStoreError(error, "INVALID_OBJECT")) return error.details.errors;
    throw error;
  }
  return [];
};
const draftFaults = (draft: unknown): readonly string[] =>
  faultsOf(() => validateDraft(widgets, draft as Draft<Widget>)).map(({ field }) => field);
const withMeta = (metadata: Record<string, unknown>): unknown => ({
  metadata: { name: "w", namespace: "a", ...metadata },
});

describe("validateDraft()", () => {
  test.each<unknown>([
    withMeta({}),
    withMeta({ name: undefined, generateName: "w-" }),
    { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "w", namespace: "a" } },
    withMeta({ labels: { "example.com/a": "b", c: "" }, annotations: { "Example.com/a": "any\ntext é" } }),
    withMeta({ finalizers: ["example.com/x", "orphan"] }),
    withMeta({ ownerReferences: [{ apiVersion: "v1", kind: "A", name: "a", uid: "u", controller: true }] }),
  ])("takes %j", (draft) => {
    expect(draftFaults(draft)).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["", null],
    ["", "text"],
    ["", []],
    ["apiVersion", { apiVersion: "v1", ...(withMeta({}) as object) }],
    ["kind", { kind: "Gear", ...(withMeta({}) as object) }],
    ["metadata", {}],
    ["metadata", { metadata: [] }],
    ["metadata.name", withMeta({ name: undefined })],
    ["metadata.name", withMeta({ name: "A" })],
    ["metadata.name", withMeta({ name: 5 })],
    ["metadata.generateName", withMeta({ name: undefined, generateName: "A-" })],
    ["metadata.namespace", withMeta({ namespace: undefined })],
    ["metadata.namespace", withMeta({ namespace: ".." })],
    ["metadata.uid", withMeta({ uid: [] })],
    ["metadata.resourceVersion", withMeta({ resourceVersion: "5" })],
    ["metadata.labels", withMeta({ labels: ["a"] })],
    ['metadata.labels["-a"]', withMeta({ labels: { "-a": "b" } })],
    ['metadata.labels["a"]', withMeta({ labels: { a: 5 } })],
    ["metadata.annotations", withMeta({ annotations: "x" })],
    ['metadata.annotations["a b"]', withMeta({ annotations: { "a b": "c" } })],
    ['metadata.annotations["a"]', withMeta({ annotations: { a: {} } })],
    ["metadata.annotations", withMeta({ annotations: { a: "x".repeat(262_144) } })],
    ["metadata.finalizers", withMeta({ finalizers: "x" })],
    ["metadata.finalizers[1]", withMeta({ finalizers: ["a", "a"] })],
    ["metadata.finalizers[0]", withMeta({ finalizers: ["a b"] })],
    ["metadata.ownerReferences", withMeta({ ownerReferences: {} })],
    ["metadata.ownerReferences[0]", withMeta({ ownerReferences: [5] })],
    [
      "metadata.ownerReferences[0].uid",
      withMeta({ ownerReferences: [{ apiVersion: "v1", kind: "A", name: "a" }] }),
    ],
    [
      "metadata.ownerReferences[0].controller",
      withMeta({
        ownerReferences: [{ apiVersion: "v1", kind: "A", name: "a", uid: "u", controller: "yes" }],
      }),
    ],
    [
      "metadata.ownerReferences",
      withMeta({
        ownerReferences: ["u", "v"].map((uid) => ({
          apiVersion: "v1",
          kind: "A",
          name: "a",
          uid,
          controller: true,
        })),
      }),
    ],
    ["metadata.managedFields", withMeta({ managedFields: {} })],
    ["spec.when", { ...(withMeta({}) as object), spec: { when: new Date(0) } }],
  ])("finds the fault in %s", (field, draft) => {
    expect(draftFaults(draft)).toEqual([field]);
  });

  test("finds all faults at once", () => {
    expect(draftFaults(withMeta({ name: "A", labels: { "-": "b" }, finalizers: ["a b"] }))).toEqual([
      "metadata.name",
      'metadata.labels["-"]',
      "metadata.finalizers[0]",
    ]);
  });

  test("refuses a namespace on a cluster-scoped kind", () => {
    const draft = { metadata: { name: "g", namespace: "a" } };
    expect(faultsOf(() => validateDraft(gears, draft)).map(({ field }) => field)).toEqual([
      "metadata.namespace",
    ]);
  });

  test("says what it was about", () => {
    expect(() => validateDraft(widgets, withMeta({ uid: 5 }) as Draft<Widget>)).toThrow(
      expect.objectContaining({
        code: "INVALID_OBJECT",
        message: 'Cannot create Widget "w": metadata.uid: 5: expected text',
        details: expect.objectContaining({ group: "example.com", kind: "Widget", namespace: "a", name: "w" }),
      }),
    );
  });
});

describe("validateReplacement()", () => {
  test.each(["0", "-1", "x"])("refuses resourceVersion %j", (resourceVersion) => {
    expect(faultsOf(() => validateReplacement(widgets, widget({ resourceVersion })))).toHaveLength(1);
  });

  test("takes an object as read, and one without a version", () => {
    const { resourceVersion: _, ...metadata } = widget().metadata;
    expect(faultsOf(() => validateReplacement(widgets, widget()))).toEqual([]);
    expect(faultsOf(() => validateReplacement(widgets, { ...widget(), metadata }))).toEqual([]);
  });

  test("with a key takes an object that leaves its place out, none that names another", () => {
    const key = { namespace: "a", name: "w" };
    const place = (metadata: Record<string, unknown>): readonly FieldError[] =>
      faultsOf(() => validateReplacement(widgets, { metadata } as Draft<Widget>, key));
    expect(place({})).toEqual([]);
    expect(place({ name: "w", namespace: "a" })).toEqual([]);
    expect(place({ name: "x", namespace: "b" }).map(({ field }) => field)).toEqual([
      "metadata.name",
      "metadata.namespace",
    ]);
  });
});

describe("validateForStorage()", () => {
  test("runs the kind's own rules, with the old object where there is one", () => {
    expect(faultsOf(() => validateForStorage(widgets, widget({}, { spec: { size: -1 } })))).toHaveLength(1);
    const bound = widget({}, { spec: { node: "n1" } });
    expect(faultsOf(() => validateForStorage(widgets, bound))).toEqual([]);
    expect(
      faultsOf(() => validateForStorage(widgets, widget({}, { spec: { node: "n2" } }), bound)).map(
        (e) => e.field,
      ),
    ).toEqual(["spec.node"]);
  });

  test("lets finalizers go from an object that is being deleted, and adds none", () => {
    const old = widget({ deletionTimestamp: "2026-01-02T00:00:00Z", finalizers: ["a/b", "c/d"] });
    const next = (finalizers: string[]): readonly FieldError[] =>
      faultsOf(() => validateForStorage(widgets, widget({ ...old.metadata, finalizers }), old));
    expect(next(["c/d"])).toEqual([]);
    expect(next(["c/d", "e/f"]).map(({ field }) => field)).toEqual(["metadata.finalizers"]);
  });
});
