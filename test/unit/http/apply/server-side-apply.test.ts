/**
 * Server-side apply by the cases Kubernetes documents and structured-merge-diff tests: set, map and atomic lists, maps,
 * removal, take-over, conflicts and force, apply after create and update, the status subresource.
 */
import { fieldManagerOf, openApiMergeSchema, serverSideApply, trackUpdate } from "keelson/http";
import { describe, expect, it } from "vitest";
import { isStoreError } from "../../../../src/errors.ts";
import type { AnyResource } from "../../../../src/resource/model/resource.ts";

const keyed = (keys: string[], properties: object): object => ({
  type: "array",
  items: { properties },
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": keys,
});
const schema = openApiMergeSchema({
  properties: {
    metadata: {
      properties: {
        labels: { additionalProperties: { type: "string" } },
        finalizers: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
      },
    },
    spec: {
      properties: {
        replicas: { type: "integer" },
        selector: { type: "object", "x-kubernetes-map-type": "atomic" },
        args: { type: "array", items: { type: "string" } },
        template: { properties: { image: { type: "string" }, node: { type: "string" } } },
        ports: keyed(["port", "protocol"], {
          port: {},
          protocol: { default: "TCP" },
          name: { type: "string" },
        }),
        containers: keyed(["name"], {
          name: {},
          image: {},
          env: keyed(["name"], { name: {}, value: {} }),
        }),
      },
    },
    status: { properties: { ready: {}, conditions: keyed(["type"], { type: {}, status: {} }) } },
  },
});

const time = "2026-01-01T00:00:00Z";
const config = (fields: object): object => ({
  apiVersion: "apps/v1",
  kind: "Thing",
  metadata: { name: "a" },
  ...fields,
});
interface Extra {
  force?: boolean;
  subresource?: string;
  at?: string;
}
const apply = (
  live: AnyResource | undefined,
  who: string,
  fields: object,
  extra: Extra = {},
): AnyResource => {
  const { at = time, ...rest } = extra;
  const options = { fieldManager: who, time: at, schema, hasStatus: true, ...rest };
  const before = structuredClone(live);
  const result = serverSideApply(live, config(fields), options);
  expect(live).toEqual(before);
  return result;
};
const update = (
  before: AnyResource | undefined,
  who: string,
  after: AnyResource,
  extra: Extra = {},
): AnyResource => trackUpdate(before, after, { fieldManager: who, time, schema, hasStatus: true, ...extra });
const content = (object: AnyResource): object => {
  const { apiVersion: _, kind: __, metadata, ...rest } = object;
  const { managedFields: ___, name: ____, ...meta } = metadata;
  return Object.keys(meta).length === 0 ? rest : { metadata: meta, ...rest };
};
interface Entry {
  manager: string;
  operation: string;
  subresource?: string;
  fieldsV1: object;
  time?: string;
}
const owned = (object: AnyResource): Record<string, object> =>
  Object.fromEntries(
    ((object.metadata.managedFields ?? []) as Entry[]).map(
      ({ manager, operation, subresource, fieldsV1 }) => [
        `${manager} ${operation}${subresource === undefined ? "" : ` ${subresource}`}`,
        fieldsV1,
      ],
    ),
  );
const conflicts = (run: () => unknown): readonly string[] => {
  try {
    run();
  } catch (error) {
    if (isStoreError(error, "CONFLICT")) return [error.message];
    throw error;
  }
  return [];
};

describe("apply", () => {
  it("creates what is not there, and owns the fields it gives", () => {
    const made = apply(undefined, "one", { spec: { replicas: 3, ports: [{ port: 80, name: "web" }] } });
    expect(content(made)).toEqual({ spec: { replicas: 3, ports: [{ port: 80, name: "web" }] } });
    expect(made.metadata.managedFields).toEqual([
      {
        manager: "one",
        operation: "Apply",
        apiVersion: "apps/v1",
        time,
        fieldsType: "FieldsV1",
        fieldsV1: {
          "f:spec": {
            "f:ports": { 'k:{"port":80,"protocol":"TCP"}': { ".": {}, "f:name": {}, "f:port": {} } },
            "f:replicas": {},
          },
        },
      },
    ]);
  });

  it("applied again changes nothing, not even the time", () => {
    const made = apply(undefined, "one", { spec: { replicas: 3, args: ["a"] } });
    expect(
      apply(made, "one", { spec: { replicas: 3, args: ["a"] } }, { at: "2027-01-01T00:00:00Z" }),
    ).toEqual(made);
  });

  it("what the manager leaves out goes", () => {
    const made = apply(undefined, "one", {
      metadata: { name: "a", labels: { x: "1", y: "2" } },
      spec: { replicas: 3, template: { image: "i" }, ports: [{ port: 80 }, { port: 81 }] },
    });
    const less = apply(made, "one", {
      metadata: { name: "a", labels: { y: "2" } },
      spec: { ports: [{ port: 81 }] },
    });
    expect(content(less)).toEqual({ metadata: { labels: { y: "2" } }, spec: { ports: [{ port: 81 }] } });
    const none = apply(less, "one", {});
    expect(content(none)).toEqual({});
    // The name is nobody's, and does not go with the last label.
    expect(none.metadata.name).toBe("a");
  });

  it("what others own as well stays when one of them leaves it out", () => {
    let live = apply(undefined, "one", { spec: { replicas: 3, ports: [{ port: 80, name: "web" }] } });
    live = apply(live, "two", { spec: { replicas: 3, ports: [{ port: 80 }] } });
    live = apply(live, "one", { spec: { template: { image: "i" } } });
    expect(content(live)).toEqual({ spec: { replicas: 3, ports: [{ port: 80 }], template: { image: "i" } } });
    expect(Object.keys(owned(live)).sort()).toEqual(["one Apply", "two Apply"]);
  });

  it("what nobody owns stays", () => {
    const made = apply(undefined, "one", { spec: { replicas: 3 } });
    const defaulted = { ...made, spec: { replicas: 3, args: ["default"] } };
    const changed = apply(defaulted, "one", { spec: { replicas: 4 } });
    expect(content(changed)).toEqual({ spec: { replicas: 4, args: ["default"] } });
  });

  it("an item goes with what was defaulted in it", () => {
    const made = apply(undefined, "one", {
      spec: { containers: [{ name: "a", image: "1" }, { name: "b" }] },
    });
    const defaulted = {
      ...made,
      spec: { containers: [{ name: "a", image: "1", env: [{ name: "D" }] }, { name: "b" }] },
    };
    expect(content(apply(defaulted, "one", { spec: { containers: [{ name: "b" }] } }))).toEqual({
      spec: { containers: [{ name: "b" }] },
    });
  });

  it("null takes a field away, and owns that it is away", () => {
    const made = apply(undefined, "one", { spec: { replicas: 3, template: { image: "i" } } });
    const without = apply(made, "one", { spec: { replicas: null, template: { image: "i" } } });
    expect(content(without)).toEqual({ spec: { template: { image: "i" } } });
  });
});

describe("conflicts", () => {
  const live = apply(undefined, "one", { spec: { replicas: 3, template: { image: "i" } } });

  it("a different value of another's field is one, in Kubernetes' words", () => {
    expect(conflicts(() => apply(live, "two", { spec: { replicas: 4 } }))).toEqual([
      'Apply failed with 1 conflict: conflict with "one": .spec.replicas',
    ]);
    expect(conflicts(() => apply(live, "two", { spec: { replicas: 4, template: { image: "j" } } }))).toEqual([
      'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.replicas\n- .spec.template.image',
    ]);
  });

  it("a Status has a cause for each", () => {
    try {
      apply(live, "two", { spec: { replicas: 4 } });
      expect.unreachable();
    } catch (error) {
      expect(isStoreError(error) && error.toStatus()).toMatchObject({
        code: 409,
        reason: "Conflict",
        details: {
          causes: [
            { reason: "FieldManagerConflict", message: 'conflict with "one"', field: ".spec.replicas" },
          ],
        },
      });
    }
  });

  it("the same value is shared and no conflict", () => {
    const shared = apply(live, "two", { spec: { replicas: 3 } });
    expect(owned(shared)).toEqual({
      "one Apply": { "f:spec": { "f:replicas": {}, "f:template": { "f:image": {} } } },
      "two Apply": { "f:spec": { "f:replicas": {} } },
    });
    expect(
      conflicts(() => apply(shared, "one", { spec: { replicas: 5, template: { image: "i" } } })),
    ).toEqual(['Apply failed with 1 conflict: conflict with "two": .spec.replicas']);
  });

  it("force takes over, and the other owns it no longer", () => {
    const taken = apply(live, "two", { spec: { replicas: 4 } }, { force: true });
    expect(content(taken)).toEqual({ spec: { replicas: 4, template: { image: "i" } } });
    expect(owned(taken)).toEqual({
      "one Apply": { "f:spec": { "f:template": { "f:image": {} } } },
      "two Apply": { "f:spec": { "f:replicas": {} } },
    });
  });

  it("atomic lists and maps belong to one as a whole", () => {
    const whole = apply(undefined, "one", { spec: { args: ["a"], selector: { app: "x" } } });
    expect(owned(whole)).toEqual({ "one Apply": { "f:spec": { "f:args": {}, "f:selector": {} } } });
    expect(conflicts(() => apply(whole, "two", { spec: { args: ["a", "b"] } }))).toHaveLength(1);
    expect(conflicts(() => apply(whole, "two", { spec: { selector: { tier: "y" } } }))).toHaveLength(1);
    expect(
      content(apply(whole, "two", { spec: { args: ["b"], selector: { tier: "y" } } }, { force: true })),
    ).toEqual({ spec: { args: ["b"], selector: { tier: "y" } } });
  });

  it("items of a set and of a map list, and entries of a map, do not conflict", () => {
    let all = apply(undefined, "one", {
      metadata: { name: "a", labels: { a: "1" }, finalizers: ["x"] },
      spec: { ports: [{ port: 80 }] },
    });
    all = apply(all, "two", {
      metadata: { name: "a", labels: { b: "2" }, finalizers: ["y", "x"] },
      spec: { ports: [{ port: 80, protocol: "UDP" }] },
    });
    expect(content(all)).toEqual({
      metadata: { labels: { a: "1", b: "2" }, finalizers: ["y", "x"] },
      spec: { ports: [{ port: 80 }, { port: 80, protocol: "UDP" }] },
    });
    expect(owned(all)["two Apply"]).toEqual({
      "f:metadata": { "f:finalizers": { 'v:"x"': {}, 'v:"y"': {} }, "f:labels": { "f:b": {} } },
      "f:spec": {
        "f:ports": { 'k:{"port":80,"protocol":"UDP"}': { ".": {}, "f:port": {}, "f:protocol": {} } },
      },
    });
    const less = apply(all, "two", {});
    expect(content(less)).toEqual({
      metadata: { labels: { a: "1" }, finalizers: ["x"] },
      spec: { ports: [{ port: 80 }] },
    });
  });

  it("lists that give no list type go by their merge key, or are sets", () => {
    const old = openApiMergeSchema({
      properties: {
        owners: {
          type: "array",
          "x-kubernetes-patch-strategy": "merge",
          "x-kubernetes-patch-merge-key": "uid",
        },
        names: { type: "array", "x-kubernetes-patch-strategy": "merge" },
      },
    });
    const options = { time, schema: old };
    const first = serverSideApply<AnyResource>(undefined, config({ owners: [{ uid: "1" }], names: ["x"] }), {
      ...options,
      fieldManager: "one",
    });
    const both = serverSideApply(first, config({ owners: [{ uid: "2" }], names: ["y"] }), {
      ...options,
      fieldManager: "two",
    });
    expect(content(both)).toEqual({ owners: [{ uid: "1" }, { uid: "2" }], names: ["x", "y"] });
  });

  it("names a field in a keyed item as Kubernetes does", () => {
    const made = apply(undefined, "one", { spec: { containers: [{ name: "a", image: "1" }] } });
    expect(
      conflicts(() => apply(made, "two", { spec: { containers: [{ name: "a", image: "2" }] } })),
    ).toEqual(['Apply failed with 1 conflict: conflict with "one": .spec.containers[name="a"].image']);
  });
});

describe("other writes", () => {
  const created = (fields: object): AnyResource =>
    update(undefined, "creator", config(fields) as AnyResource);

  it("a create owns all it gives, records and lists too", () => {
    expect(owned(created({ metadata: { name: "a", labels: { a: "1" } }, spec: { replicas: 1 } }))).toEqual({
      "creator Update": {
        "f:metadata": { "f:labels": { ".": {}, "f:a": {} } },
        "f:spec": { "f:replicas": {} },
      },
    });
  });

  it("a create owns a record that not every object of the type has", () => {
    expect(owned(created({ spec: { template: { image: "i" } } }))).toEqual({
      "creator Update": { "f:spec": { "f:template": { ".": {}, "f:image": {} } } },
    });
  });

  it("apply after create conflicts over what differs, with the manager's version", () => {
    const made = created({ spec: { replicas: 1 } });
    expect(conflicts(() => apply(made, "one", { spec: { replicas: 2 } }))).toEqual([
      'Apply failed with 1 conflict: conflict with "creator" using apps/v1: .spec.replicas',
    ]);
    const forced = apply(made, "one", { spec: { replicas: 2 } }, { force: true });
    expect(owned(forced)).toEqual({
      "one Apply": { "f:spec": { "f:replicas": {} } },
    });
  });

  it("an update takes over what it changes from an applier, who gets it back only by force", () => {
    const made = apply(undefined, "one", { spec: { replicas: 1, template: { image: "i" } } });
    const scaled = update(made, "scaler", { ...made, spec: { replicas: 5, template: { image: "i" } } });
    expect(owned(scaled)).toEqual({
      "one Apply": { "f:spec": { "f:template": { "f:image": {} } } },
      "scaler Update": { "f:spec": { "f:replicas": {} } },
    });
    expect(
      conflicts(() => apply(scaled, "one", { spec: { replicas: 1, template: { image: "i" } } })),
    ).toHaveLength(1);
    expect(content(apply(scaled, "one", { spec: { template: { image: "i" } } }))).toEqual({
      spec: { replicas: 5, template: { image: "i" } },
    });
  });

  it("an update that removes a field takes it from all", () => {
    const made = apply(undefined, "one", { spec: { replicas: 1, template: { image: "i" } } });
    const without = update(made, "two", { ...made, spec: { template: { image: "i" } } });
    expect(owned(without)).toEqual({ "one Apply": { "f:spec": { "f:template": { "f:image": {} } } } });
  });

  it("an update that changes nothing leaves managedFields as they are", () => {
    const made = created({ spec: { replicas: 1 } });
    expect(update(made, "two", structuredClone(made))).toEqual(made);
    const { managedFields: _, ...metadata } = made.metadata;
    expect(update(made, "two", { ...made, metadata })).toEqual(made);
  });

  it("an object that was never tracked stays so, and its first apply finds an owner of the rest", () => {
    const old = config({ spec: { replicas: 1 } }) as AnyResource;
    expect(update(old, "two", { ...old, spec: { replicas: 2 } }).metadata.managedFields).toBeUndefined();
    expect(conflicts(() => apply(old, "one", { spec: { replicas: 2 } }))).toEqual([
      'Apply failed with 1 conflict: conflict with "before-first-apply" using apps/v1: .spec.replicas',
    ]);
    expect(Object.keys(owned(apply(old, "one", { spec: { replicas: 1 } })))).toEqual([
      "one Apply",
      "before-first-apply Update",
    ]);
  });

  it("managedFields of [{}] clear the record", () => {
    const made = created({ spec: { replicas: 1 } });
    const cleared = update(made, "two", { ...made, metadata: { ...made.metadata, managedFields: [{}] } });
    expect(cleared.metadata.managedFields).toBeUndefined();
  });

  it("the oldest of more than ten updaters become one", () => {
    let live = created({ spec: { replicas: 0 } });
    for (let index = 0; index < 15; index++) {
      const labels = { ...live.metadata.labels, [`l${index}`]: "x" };
      const at = `2026-01-01T00:00:${String(index + 10)}Z`;
      const next = { ...live, metadata: { ...live.metadata, labels } };
      live = trackUpdate(live, next, { fieldManager: `m${index}`, time: at, schema, hasStatus: true });
    }
    const names = Object.keys(owned(live));
    expect(names).toHaveLength(10);
    expect(names[0]).toBe("ancient-changes Update");
    expect(names.at(-1)).toBe("m14 Update");
    expect(JSON.stringify(owned(live)["ancient-changes Update"])).toContain('"f:l0"');
  });
});

describe("the status subresource", () => {
  it("has entries of its own, and the object's requests leave the status alone", () => {
    let live = apply(undefined, "one", { spec: { replicas: 1 }, status: { ready: 1 } });
    expect(owned(live)).toEqual({ "one Apply": { "f:spec": { "f:replicas": {} } } });
    expect(content(live)).toEqual({ spec: { replicas: 1 } });
    live = apply(live, "one", { spec: { replicas: 9 }, status: { ready: 1 } }, { subresource: "status" });
    expect(content(live)).toEqual({ spec: { replicas: 1 }, status: { ready: 1 } });
    expect(owned(live)).toEqual({
      "one Apply": { "f:spec": { "f:replicas": {} } },
      "one Apply status": { "f:status": { "f:ready": {} } },
    });
    live = update(live, "kubelet", { ...live, status: { ready: 2 } }, { subresource: "status" });
    expect(conflicts(() => apply(live, "one", { status: { ready: 1 } }, { subresource: "status" }))).toEqual([
      'Apply failed with 1 conflict: conflict with "kubelet" with subresource "status" using apps/v1: .status.ready',
    ]);
  });
});

describe("an update that leaves out what is not its own", () => {
  const live = update(undefined, "creator", config({ spec: { replicas: 1 } }) as AnyResource);
  const both = update(live, "kubelet", { ...live, status: { ready: 1 } }, { subresource: "status" });

  it("the object's takes the status from nobody", () => {
    const { status: _, ...bare } = both as AnyResource & { status: unknown };
    const without = update(both, "two", { ...bare, spec: { replicas: 2 } });
    expect(owned(without)["kubelet Update status"]).toEqual({ "f:status": { ".": {}, "f:ready": {} } });
    const applied = apply(both, "one", { spec: { replicas: 1 } });
    expect(owned(applied)["kubelet Update status"]).toEqual({ "f:status": { ".": {}, "f:ready": {} } });
  });

  it("the status subresource's takes the spec from nobody", () => {
    const { spec: _, ...bare } = both as AnyResource & { spec: unknown };
    const without = update(both, "kubelet", { ...bare, status: { ready: 2 } }, { subresource: "status" });
    expect(owned(without)["creator Update"]).toEqual({ "f:spec": { "f:replicas": {} } });
  });
});

describe("order of items", () => {
  const names = (object: AnyResource): unknown =>
    ((object["spec"] as { containers: { name: string }[] }).containers ?? []).map(({ name }) => name);
  const containers = (...list: string[]): object => ({
    spec: { containers: list.map((name) => ({ name })) },
  });

  it("is the configuration's, with others where they stood", () => {
    const live = config(containers("a", "x", "b", "y")) as AnyResource;
    expect(names(apply(live, "one", containers("b", "a", "n")))).toEqual(["x", "b", "y", "a", "n"]);
    expect(names(apply(live, "one", containers("a", "b")))).toEqual(["a", "x", "b", "y"]);
    expect(names(apply(live, "one", containers("n", "a")))).toEqual(["n", "a", "x", "b", "y"]);
  });
});

describe("refusals", () => {
  const options = { fieldManager: "one", time, schema };
  const refused = (given: unknown, extra: object = {}): unknown => {
    try {
      return serverSideApply(undefined, given, { ...options, ...extra });
    } catch (error) {
      return isStoreError(error) ? error.code : error;
    }
  };
  it("of what is no configuration", () => {
    expect(refused("text")).toBe("INVALID_ARGUMENT");
    expect(refused({ kind: "Thing" })).toBe("INVALID_ARGUMENT");
    expect(refused(config({}), { fieldManager: "" })).toBe("INVALID_ARGUMENT");
    expect(refused(config({}), { fieldManager: "x".repeat(129) })).toBe("INVALID_ARGUMENT");
    expect(refused(config({ metadata: { name: "a", managedFields: [] } }))).toBe("INVALID_ARGUMENT");
    expect(refused(config({ metadata: { name: "a", uid: "other" } }))).toBe("CONFLICT");
    expect(refused(JSON.parse('{"apiVersion":"v1","__proto__":{"x":1}}'))).toBe("INVALID_ARGUMENT");
    for (const absent of [null, ""]) {
      const metadata = { name: "a", uid: absent, resourceVersion: absent };
      expect(() => serverSideApply(undefined, config({ metadata }), options)).not.toThrow();
    }
  });
  it("of items that cannot be told apart", () => {
    expect(refused(config({ spec: { containers: [{ image: "1" }] } }))).toBe("INVALID_OBJECT");
    expect(refused(config({ spec: { ports: [{ port: 1 }, { port: 1, protocol: "TCP" }] } }))).toBe(
      "INVALID_OBJECT",
    );
  });
  it("managedFields that cannot be read count as none", () => {
    const broken = {
      fieldsType: "FieldsV1",
      operation: "Update",
      apiVersion: "v1",
      fieldsV1: { "k:nonsense": {} },
    };
    const live = config({
      metadata: { name: "a", managedFields: [broken] },
      spec: { replicas: 1 },
    }) as AnyResource;
    expect(conflicts(() => apply(live, "one", { spec: { replicas: 2 } }))[0]).toContain("before-first-apply");
  });
});

describe("fieldManagerOf", () => {
  it("is the query's, else the program of the User-Agent", () => {
    expect(fieldManagerOf(new URLSearchParams("fieldManager=me"), "kubectl/v1.32 (linux)")).toBe("me");
    expect(fieldManagerOf(new URLSearchParams(), "kubectl/v1.32 (linux)")).toBe("kubectl");
    expect(fieldManagerOf(new URLSearchParams(), undefined)).toBe("unknown");
    expect(fieldManagerOf(new URLSearchParams(), `${"x".repeat(300)}\u0007/1`)).toHaveLength(128);
  });
});
