import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { jsonCodec } from "../../../../src/codec/form/codec.ts";
import { isWrapping } from "../../../../src/codec/sealing/transform.ts";
import { createStore } from "../../../../src/create-store.ts";
import { isStoreError, type StoreError } from "../../../../src/errors.ts";
import type { Etcd } from "../../../../src/etcd/ports/etcd.ts";
import { encryptionConfiguration } from "../../../../src/kubernetes/encryption/encryption-configuration.ts";
import { customResourceKinds, customResources } from "../../../../src/kubernetes/kinds/custom-kinds.ts";
import { kubernetesKind } from "../../../../src/kubernetes/kinds/kubernetes-kinds.ts";
import { memoryEtcd } from "../../../../src/testing/memory-etcd.ts";

const root = "/registry/apiextensions.k8s.io/customresourcedefinitions/";
const definition = (plural: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  apiVersion: "apiextensions.k8s.io/v1beta1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.example.com`, uid: plural },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural, singular: "widget", kind: "Widget", shortNames: ["wg"], categories: ["all"] },
    versions: [
      { name: "v1", served: true, storage: true },
      { name: "v1beta1", served: true, storage: false },
    ],
    subresources: {
      status: {},
      scale: { specReplicasPath: ".spec.size", statusReplicasPath: ".status.size" },
    },
    additionalPrinterColumns: [{ name: "Size", type: "integer", JSONPath: ".spec.size", priority: 1 }],
    selectableFields: [{ jsonPath: ".spec.colour" }],
    ...more,
  },
  status: { storedVersions: ["v1beta1", "v1"] },
});

let etcd: Etcd;
beforeEach(() => {
  etcd = memoryEtcd();
});
afterEach(() => etcd.close());

const put = (plural: string, value: unknown): Promise<unknown> =>
  etcd.kv.put({ key: `${root}${plural}.example.com`, value: Buffer.from(JSON.stringify(value)) });

describe("customResources()", () => {
  test("tells names, versions, the stored one, columns, fields and subresources", async () => {
    await put("widgets", definition("widgets"));
    const [widgets] = await customResources(etcd);
    expect(widgets).toMatchObject({
      kind: {
        group: "example.com",
        version: "v1",
        kind: "Widget",
        plural: "widgets",
        singular: "widget",
        shortNames: ["wg"],
        categories: ["all"],
        scope: "Namespaced",
        status: true,
        fields: ["spec.colour"],
        scale: { specReplicas: "spec.size", statusReplicas: "status.size" },
      },
      versions: [
        { name: "v1", served: true, storage: true },
        { name: "v1beta1", served: true, storage: false },
      ],
      storedVersions: ["v1beta1", "v1"],
      conversion: "None",
      columns: [{ name: "Size", type: "integer", jsonPath: ".spec.size", priority: 1 }],
    });
  });

  test("reads more definitions than one answer of etcd holds", async () => {
    for (let i = 0; i < 120; i++) await put(`kind${i}`, definition(`kind${i}`));
    expect((await customResourceKinds(etcd)).length).toBe(120);
  });

  test("reads none where there are none, and of another prefix what lies there", async () => {
    await put("widgets", definition("widgets"));
    expect(await customResourceKinds(etcd, { prefix: "/other" })).toEqual([]);
    await expect(customResourceKinds(etcd, { prefix: "" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  test("throws for a definition that cannot be read, or tells of it and goes on", async () => {
    await put("broken", { ...definition("broken"), spec: { group: "example.com", names: {}, versions: [] } });
    await etcd.kv.put({ key: `${root}cut.example.com`, value: Buffer.from('{"apiVersion"') });
    await put("widgets", definition("widgets"));
    await expect(customResourceKinds(etcd)).rejects.toMatchObject({ code: "CORRUPT_OBJECT" });
    const told: StoreError[] = [];
    const kinds = await customResourceKinds(etcd, { onCorrupt: (error) => told.push(error) });
    expect(kinds.map(({ plural }) => plural)).toEqual(["widgets"]);
    expect(told.map(({ message }) => message)).toEqual([
      expect.stringContaining("no version is marked as the one that is stored"),
      expect.stringContaining("Cannot read"),
    ]);
  });

  test("opens definitions that are encrypted", async () => {
    const secret = Buffer.alloc(32, 1).toString("base64");
    const transforms = await encryptionConfiguration({
      kind: "EncryptionConfiguration",
      resources: [{ resources: ["*.*"], providers: [{ aesgcm: { keys: [{ name: "k", secret }] } }] }],
    });
    const transform = transforms["*.*"];
    if (transform === undefined || !isWrapping(transform)) throw new Error("no transform");
    const key = `${root}widgets.example.com`;
    await etcd.kv.put({
      key,
      value: await transform.wrap(key, Buffer.from(JSON.stringify(definition("widgets")))),
    });
    expect((await customResourceKinds(etcd, { transforms })).length).toBe(1);
    await expect(customResourceKinds(etcd)).rejects.toThrow("no encryption configuration is given");
  });
});

describe("a store with a custom kind", () => {
  test("reads objects of every version of it, and writes the stored one", async () => {
    await put("widgets", definition("widgets"));
    const [kind] = await customResourceKinds(etcd);
    if (kind === undefined) throw new Error("no kind");
    const key = "/registry/example.com/widgets/default/a";
    const old = {
      apiVersion: "example.com/v1beta1",
      kind: "Widget",
      metadata: { name: "a", namespace: "default", uid: "u" },
      spec: { size: 1 },
    };
    await etcd.kv.put({ key, value: Buffer.from(JSON.stringify(old)) });
    await using store = await createStore({
      etcd,
      kinds: [kind, kubernetesKind("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition")],
      codec: jsonCodec({ raw: true }),
      compaction: false,
    });
    const widgets = store.resources(kind);
    expect(await widgets.get({ namespace: "default", name: "a" })).toMatchObject({
      apiVersion: "example.com/v1",
      spec: { size: 1 },
    });
    await widgets.guaranteedUpdate(
      { namespace: "default", name: "a" },
      (current) => ({ ...current, spec: { size: 2 } }) as never,
    );
    const { kvs } = await etcd.kv.range({ key });
    expect(JSON.parse(Buffer.from(kvs[0]?.value ?? "").toString())).toMatchObject({
      apiVersion: "example.com/v1",
      spec: { size: 2 },
    });
    expect((await customResourceKinds(store)).map(({ plural }) => plural)).toEqual(["widgets"]);
  });

  test("refuses a version the definition does not have, and one that needs a webhook", async () => {
    await put("widgets", definition("widgets", { conversion: { strategy: "Webhook" } }));
    const [kind] = await customResourceKinds(etcd);
    if (kind === undefined) throw new Error("no kind");
    await using store = await createStore({
      etcd,
      kinds: [kind],
      codec: jsonCodec({ raw: true }),
      compaction: false,
    });
    for (const [name, version, why] of [
      ["a", "v1beta1", "converts by a webhook"],
      ["b", "v9", 'has no version "example.com/v9"'],
    ] as const) {
      const object = {
        apiVersion: `example.com/${version}`,
        kind: "Widget",
        metadata: { name, namespace: "default", uid: "u" },
      };
      await etcd.kv.put({
        key: `/registry/example.com/widgets/default/${name}`,
        value: Buffer.from(JSON.stringify(object)),
      });
      const error = await store
        .resources(kind)
        .get({ namespace: "default", name })
        .catch((reason: unknown) => reason);
      expect(isStoreError(error, "CORRUPT_OBJECT") && error.message, name).toContain(why);
    }
  });
});
