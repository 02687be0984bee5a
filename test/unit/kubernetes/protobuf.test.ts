/** Kubernetes' protobuf, object by object: what a reader and a writer must do that no generated sample shows. */
import {
  decodeKubernetes,
  encodeKubernetes,
  encodeKubernetesProtobuf,
  hasKubernetesProtobuf,
  kubernetesTypes,
  type UnknownField,
} from "keelson/kubernetes";
import { describe, expect, test } from "vitest";
import type { AnyResource } from "../../../src/resource/model/resource.ts";

const hex = (text: string): Uint8Array => Buffer.from(text.replace(/\s+/g, ""), "hex");

/** A ConfigMap as kube-apiserver stores it: every text of ObjectMeta that is no pointer in Go, set or not. */
const configMapBytes = hex(`
  6b387300 0a0f 0a02 7631 1209 436f6e6669674d6170
  1224 0a1b 0a01 61 1200 1a01 6e 2200 2a01 75 3200 3800 4206 08f9bea5e505 1000 1205 0a01 6b 1200
  1a00 2200`);

const object = (value: object): AnyResource => value as AnyResource;

describe("decodeKubernetes()", () => {
  test("a ConfigMap comes out as kube-apiserver shows it, its members in Go's order", () => {
    const bytes = encodeKubernetes(
      object({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "a", namespace: "n", uid: "u", creationTimestamp: "2020-01-01T00:00:00Z" },
        data: { k: "" },
      }),
    );
    const decoded = decodeKubernetes(bytes);
    expect(JSON.stringify(decoded)).toBe(
      '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"n","uid":"u",' +
        '"creationTimestamp":"2020-01-01T00:00:00Z"},"data":{"k":""}}',
    );
  });

  test("what Go prints as null and {} is there although the bytes have nothing", () => {
    const bytes = encodeKubernetes(
      object({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "a" } }),
    );
    expect(decodeKubernetes(bytes)).toEqual({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "a" },
      rules: null,
    });
    const node = encodeKubernetes(object({ apiVersion: "v1", kind: "Node", metadata: { name: "a" } }));
    expect(decodeKubernetes(node)).toMatchObject({
      spec: {},
      status: { daemonEndpoints: { kubeletEndpoint: { Port: 0 } } },
    });
  });

  test.each([
    ["cut", configMapBytes.slice(0, 40)],
    ["neither", Buffer.from("nothing")],
    ["empty", new Uint8Array(0)],
  ])("bytes that are %s are CORRUPT_OBJECT", (_, bytes) => {
    expect(() => decodeKubernetes(bytes)).toThrow(expect.objectContaining({ code: "CORRUPT_OBJECT" }));
  });

  test("a kind that the table does not have is named", () => {
    const bytes = hex("6b387300 0a0a 0a02 7631 1204 4e6f7065 1200 1a00 2200");
    expect(() => decodeKubernetes(bytes)).toThrow('"v1" "Nope"');
  });

  test("a list of a million empty messages costs no memory: it is refused", () => {
    const items = Buffer.alloc(2_000_000).fill(Buffer.from([0x12, 0x00]));
    const bytes = Buffer.concat([
      hex("6b387300 0a0d 0a02 7631 1207 506f644c697374 12"),
      Buffer.from([0x80 | (items.length & 0x7f), 0x80 | ((items.length >> 7) & 0x7f), items.length >> 14]),
      items,
    ]);
    expect(() => decodeKubernetes(bytes)).toThrow("far more messages than bytes");
  });

  test("an integer beyond 2^53 is refused with its name and place, never rounded", () => {
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "a", generation: 5 } };
    const bytes = encodeKubernetes(object(pod));
    const at = Buffer.from(bytes).indexOf(Buffer.from([0x38, 0x05]));
    const larger = Buffer.concat([
      bytes.subarray(0, at + 1),
      Buffer.from([0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]),
      bytes.subarray(at + 2),
    ]);
    for (const offset of lengthsBefore(larger, at)) larger[offset] = (larger[offset] ?? 0) + 7;
    expect(() => decodeKubernetes(larger)).toThrow(/at byte \d+: "generation" is beyond/);
  });
});

/** Offsets of the one-byte lengths of what holds `at`: the message, and its metadata. */
function lengthsBefore(bytes: Uint8Array, at: number): number[] {
  const found: number[] = [];
  for (let i = 4; i < at; i++) {
    const tag = bytes[i - 1];
    if ((tag === 0x12 || tag === 0x0a) && i + 1 + (bytes[i] ?? 0) > at && i > 13) found.push(i);
  }
  return found.slice(0, 2);
}

describe("encodeKubernetes()", () => {
  test("quantities are canonical, times whole seconds, maps sorted by bytes", () => {
    const encoded = encodeKubernetes(
      object({
        apiVersion: "v1",
        kind: "PersistentVolume",
        metadata: {
          name: "a",
          creationTimestamp: "2020-01-01T01:00:00.5+01:00",
          labels: { b: "2", a: "1", "\u{10000}": "4", "\uffff": "3" },
        },
        spec: { capacity: { storage: "1024Mi" } },
      }),
    );
    const decoded = decodeKubernetes(encoded);
    expect(decoded.metadata.creationTimestamp).toBe("2020-01-01T00:00:00Z");
    expect(decoded["spec"]).toMatchObject({ capacity: { storage: "1Gi" } });
    expect(Object.keys(decoded.metadata.labels ?? {})).toEqual(["a", "b", "\uffff", "\u{10000}"]);
  });

  test.each([
    ["a member that the type has not", { data: {}, dat: {} }, "dat"],
    ["a number for text", { data: { a: 1 } }, "data.a"],
    ["a record for a list", { metadata: { name: "a", finalizers: {} } }, "metadata.finalizers"],
    ["bytes that are no base64", { binaryData: { a: "%" } }, "binaryData.a"],
    [
      "a time that is none",
      { metadata: { name: "a", creationTimestamp: "today" } },
      "metadata.creationTimestamp",
    ],
    ["a lone surrogate", { data: { a: "\ud800" } }, "data.a"],
  ])("%s is INVALID_OBJECT with its path", (_, members, field) => {
    const bad = object({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, ...members });
    expect(() => encodeKubernetes(bad)).toThrow(
      expect.objectContaining({
        code: "INVALID_OBJECT",
        details: expect.objectContaining({ errors: [expect.objectContaining({ field })] }),
      }),
    );
  });

  test("text and JSON that look like nothing stay what they are where Go has structs", () => {
    const service = object({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "a" },
      spec: {
        ports: [
          { port: 1, targetPort: "" },
          { port: 2, targetPort: 0 },
        ],
      },
    });
    expect(decodeKubernetes(encodeKubernetes(service))).toMatchObject(service);
    const revision = object({
      apiVersion: "apps/v1",
      kind: "ControllerRevision",
      metadata: { name: "a" },
      data: false,
      revision: 1,
    });
    expect(decodeKubernetes(encodeKubernetes(revision))).toMatchObject({ data: false });
  });

  test("members that the type has not are told and left out when asked", () => {
    const told: string[] = [];
    const encoded = encodeKubernetes(
      object({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "a" },
        spec: { containers: [{ name: "c", imag: "x" }], nodeNam: "n" },
      }),
      { onUnknownMember: (path) => told.push(path) },
    );
    expect(told.sort()).toEqual(["spec.containers[0].imag", "spec.nodeNam"]);
    expect(JSON.stringify(decodeKubernetes(encoded))).not.toContain('imag"');
  });

  test("custom resources are JSON with sorted members and a line's end, CustomResourceDefinitions JSON in Go's order", () => {
    const custom = {
      kind: "Widget",
      apiVersion: "example.com/v1",
      spec: { b: "<", a: [1] },
      metadata: { name: "a" },
    };
    expect(Buffer.from(encodeKubernetes(object(custom))).toString()).toBe(
      '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"a"},"spec":{"a":[1],"b":"\\u003c"}}\n',
    );
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "widgets.example.com" },
      spec: {
        group: "example.com",
        scope: "Namespaced",
        names: { plural: "widgets", kind: "Widget" },
        versions: [],
      },
    };
    expect(Buffer.from(encodeKubernetes(object(definition))).toString()).toBe(
      '{"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1","metadata":{"name":"widgets.example.com"},' +
        '"spec":{"group":"example.com","names":{"plural":"widgets","kind":"Widget"},"scope":"Namespaced","versions":null},' +
        '"status":{"conditions":null,"acceptedNames":{"plural":"","kind":""},"storedVersions":null}}\n',
    );
    const sent = encodeKubernetesProtobuf(object(definition));
    expect(decodeKubernetes(sent)).toMatchObject({ spec: { group: "example.com" } });
    expect(hasKubernetesProtobuf("example.com/v1", "Widget")).toBe(false);
    expect(hasKubernetesProtobuf("meta.k8s.io/v1", "Table")).toBe(false);
  });
});

describe("fields of a newer Kubernetes", () => {
  /** The ConfigMap with field 99 of its message: what a newer kube-apiserver may have written. */
  const newer = (() => {
    const bytes = encodeKubernetes(
      object({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { k: "v" } }),
    );
    const raw = 4 + 17;
    const length = bytes[raw + 1] ?? 0;
    const grown = Buffer.concat([
      bytes.subarray(0, raw + 2 + length),
      Buffer.from([0x9a, 0x06, 0x01, 0x78]),
      bytes.subarray(raw + 2 + length),
    ]);
    grown[raw + 1] = length + 4;
    return grown;
  })();

  test("reading goes on and says which they are", () => {
    let told: readonly UnknownField[] = [];
    const decoded = decodeKubernetes(newer, { onUnknownFields: (fields) => (told = fields) });
    expect(decoded).toMatchObject({ data: { k: "v" } });
    expect(told).toEqual([
      { message: "core/v1.ConfigMap", number: 99, offset: expect.any(Number), sizeBytes: 4 },
    ]);
  });

  test("unchanged it is written back as it was; changed it is refused by name", () => {
    const decoded = decodeKubernetes(newer);
    expect(Buffer.compare(encodeKubernetes(decoded), newer)).toBe(0);
    decoded.metadata.labels = { a: "b" };
    expect(() => encodeKubernetes(decoded)).toThrow("core/v1.ConfigMap field 99");
  });
});

describe("kubernetesTypes()", () => {
  const types = kubernetesTypes();

  test("says of a field what Go says", () => {
    const containers = types.message("core/v1.PodSpec")?.fields.find(({ name }) => name === "containers");
    expect(containers).toMatchObject({
      number: 2,
      type: { message: "core/v1.Container" },
      repeated: "list",
      required: true,
      patchStrategies: ["merge"],
      patchMergeKey: "name",
      listType: "map",
      listMapKeys: ["name"],
    });
    const policy = types.message("core/v1.PodSpec")?.fields.find(({ name }) => name === "restartPolicy");
    expect(policy).toMatchObject({ enum: ["Always", "Never", "OnFailure"], required: false });
    expect(
      types.message("meta/v1.ObjectMeta")?.fields.find(({ name }) => name === "clusterName")?.until,
    ).toBe("1.24");
  });

  test("every message that a field names is there, and every kind has one", () => {
    for (const name of types.messages) {
      for (const { type } of types.message(name)?.fields ?? []) {
        if ("message" in type) expect(types.message(type.message), `${name}: ${type.message}`).toBeDefined();
      }
    }
    for (const { message } of types.kinds) expect(types.message(message), message).toBeDefined();
    expect(types.ofKind("apps/v1", "WatchEvent")?.name).toBe("meta/v1.WatchEvent");
    expect(types.ofKind("example.com/v1", "WatchEvent")).toBeUndefined();
  });
});
