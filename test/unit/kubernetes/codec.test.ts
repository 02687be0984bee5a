/** `kubernetesCodec` in a store: what it writes is what kube-apiserver writes, and what kube-apiserver writes it reads. */
import { createStore, createWatchCache, jsonView, metadataView, type Store } from "keelson";
import { jsonCodec, msgpackCodec, readStoredValue } from "keelson/codec";
import type { Etcd } from "keelson/etcd";
import {
  decodeKubernetes,
  encodeKubernetes,
  isKubernetesProtobuf,
  kubernetesCodec,
} from "keelson/kubernetes";
import { memoryEtcd } from "keelson/testing";
import { afterEach, describe, expect, test } from "vitest";
import type { AnyResource } from "../../../src/resource/model/resource.ts";
import { namespacedKind } from "../../support/kinds.ts";

const Pod = namespacedKind<AnyResource>("Pod", {
  status: true,
  fields: { "spec.nodeName": (pod) => (pod["spec"] as { nodeName?: string } | undefined)?.nodeName },
  reads: ["spec.nodeName"],
});
const Widget = namespacedKind<AnyResource>("Widget", { group: "example.com" });

const podKey = "/registry/pods/default/a";
const pod = (spec: object = {}): AnyResource =>
  ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a", namespace: "default", labels: { app: "web" } },
    spec: { containers: [{ name: "c", image: "i", resources: { requests: { cpu: "1000m" } } }], ...spec },
  }) as unknown as AnyResource;

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function openStore(
  codec = kubernetesCodec(),
  etcd: Etcd = memoryEtcd(),
): Promise<{ store: Store; etcd: Etcd }> {
  const store = await createStore({ etcd, kinds: [Pod, Widget], codec, compaction: false });
  open.push(store);
  return { store, etcd };
}

async function stored(etcd: Etcd, key: string): Promise<Uint8Array> {
  const { kvs } = await etcd.kv.range({ key: Buffer.from(key) });
  const value = kvs[0]?.value;
  if (value === undefined) throw new Error(`nothing at ${key}`);
  return value;
}

async function put(etcd: Etcd, key: string, value: Uint8Array): Promise<void> {
  await etcd.kv.put({ key: Buffer.from(key), value });
}

/** `bytes` with a field that no table has, at the end of the object's message. */
function withUnknownField(bytes: Uint8Array): Uint8Array {
  const { start, end, lengthAt } = messageOf(bytes);
  const text = "what only a newer Kubernetes knows";
  const message = Buffer.concat([
    bytes.subarray(start, end),
    Buffer.from([0xfa, 0x7f, text.length]),
    Buffer.from(text),
  ]);
  return Buffer.concat([bytes.subarray(0, lengthAt), varint(message.length), message, bytes.subarray(end)]);
}

function messageOf(bytes: Uint8Array): { start: number; end: number; lengthAt: number } {
  let at = 4;
  at += 2 + (bytes[at + 1] ?? 0);
  const lengthAt = at + 1;
  let length = 0;
  let shift = 0;
  at = lengthAt;
  for (;;) {
    const byte = bytes[at++] ?? 0;
    length += (byte & 0x7f) << shift;
    shift += 7;
    if (byte < 0x80) break;
  }
  return { start: at, end: at + length, lengthAt };
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}

describe("a store with kubernetesCodec()", () => {
  test("stores built-in kinds as protobuf without a version, custom resources as JSON", async () => {
    const { store, etcd } = await openStore();
    const created = await store.resources(Pod).create(pod());
    const bytes = await stored(etcd, podKey);
    expect(isKubernetesProtobuf(bytes)).toBe(true);
    const { resourceVersion: _, ...metadata } = created.metadata;
    expect(Buffer.compare(bytes, encodeKubernetes({ ...created, metadata } as AnyResource))).toBe(0);
    expect(decodeKubernetes(bytes).metadata).not.toHaveProperty("resourceVersion");

    await store
      .resources(Widget)
      .create({ metadata: { name: "w", namespace: "default" }, spec: { b: 1, a: 2 } });
    const json = Buffer.from(await stored(etcd, "/registry/example.com/widgets/default/w")).toString();
    expect(json).toMatch(
      /^\{"apiVersion":"example.com\/v1","kind":"Widget","metadata":\{.*\},"spec":\{"a":2,"b":1\}\}\n$/,
    );
  });

  test("reads back what it stored, by get, list, selectors, views and a cache", async () => {
    const { store } = await openStore();
    const pods = store.resources(Pod);
    await pods.create(pod({ nodeName: "n1" }));
    const read = await pods.get({ namespace: "default", name: "a" });
    expect(read).toMatchObject({
      spec: { nodeName: "n1", containers: [{ resources: { requests: { cpu: "1" } } }] },
    });
    const names = async (selection: object): Promise<string[]> =>
      (await pods.list(selection)).items.map(({ metadata }) => metadata.name);
    expect(await names({ fieldSelector: "spec.nodeName=n1" })).toEqual(["a"]);
    expect(await names({ fieldSelector: "spec.nodeName=n2" })).toEqual([]);
    expect(await names({ labelSelector: "app=web" })).toEqual(["a"]);
    const metadata = await pods.as(metadataView).get({ namespace: "default", name: "a" });
    expect(metadata.metadata.labels).toEqual({ app: "web" });
    const json = await pods.as(jsonView).get({ namespace: "default", name: "a" });
    expect(JSON.parse(Buffer.from(json).toString())).toEqual(read);
    const cache = createWatchCache(pods);
    open.push(cache);
    await cache.ready();
    expect(await cache.get({ namespace: "default", name: "a" })).toEqual(read);
    expect((await cache.list({ fieldSelector: "spec.nodeName=n1" })).items).toHaveLength(1);
  });

  test.each([
    ["MessagePack", msgpackCodec()],
    ["JSON", jsonCodec()],
    ["raw JSON", jsonCodec({ raw: true })],
  ])("reads %s, and stores it as protobuf with the next write", async (_, codec) => {
    const etcd = memoryEtcd();
    const { store: before } = await openStore(codec, etcd);
    await before.resources(Pod).create(pod());
    const { store } = await openStore(kubernetesCodec(), etcd);
    const pods = store.resources(Pod);
    const read = await pods.get({ namespace: "default", name: "a" });
    expect(read).toMatchObject({ metadata: { name: "a" } });
    await pods.update(read);
    expect(isKubernetesProtobuf(await stored(etcd, podKey))).toBe(true);
  });

  test("a namespace is emptied and removed although its counts have no place in Kubernetes", async () => {
    const { store, etcd } = await openStore();
    await store.namespaces.create({ metadata: { name: "n" } });
    expect(isKubernetesProtobuf(await stored(etcd, "/registry/namespaces/n"))).toBe(true);
    await store
      .resources(Pod)
      .create({ ...pod(), metadata: { name: "a", namespace: "n", finalizers: ["keep.example.com/a"] } });
    await store.namespaces.delete({ name: "n" });
    await store.resources(Pod).guaranteedUpdate({ namespace: "n", name: "a" }, (current) => ({
      ...current,
      metadata: { ...current.metadata, finalizers: [] },
    }));
    for await (const event of store.namespaces.watch({ sendInitialEvents: true, timeoutMs: 20_000 })) {
      if (event.type === "DELETED" && event.object.metadata.name === "n") break;
      if (event.type === "BOOKMARK" && event.initialEventsEnd) {
        const left = await store.namespaces.list();
        if (!left.items.some(({ metadata }) => metadata.name === "n")) break;
      }
    }
    const { items } = await store.namespaces.list();
    expect(items.map(({ metadata }) => metadata.name)).not.toContain("n");
  });

  test("a member that the type has not is refused with its path and stores nothing", async () => {
    const { store } = await openStore();
    await expect(store.resources(Pod).create(pod({ size: 1 }))).rejects.toMatchObject({
      code: "INVALID_OBJECT",
      details: { key: podKey, errors: [{ field: "spec.size" }] },
    });
    await expect(store.resources(Pod).get({ namespace: "default", name: "a" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test("fields of a newer Kubernetes: reads go on, a write is refused by name, deleting is not", async () => {
    const { store, etcd } = await openStore();
    const pods = store.resources(Pod);
    await pods.create(pod());
    await put(etcd, podKey, withUnknownField(await stored(etcd, podKey)));
    const bytes = await stored(etcd, podKey);
    const read = await pods.get({ namespace: "default", name: "a" });
    expect(read).toMatchObject({ spec: { containers: [{ name: "c" }] } });
    const value = await readStoredValue(podKey, bytes, { codec: kubernetesCodec() });
    expect(value).toMatchObject({ format: "foreign", unread: ["core/v1.Pod field 2047"] });
    await expect(
      pods.guaranteedUpdate({ namespace: "default", name: "a" }, (current) => ({
        ...structuredClone(current),
        metadata: { ...current.metadata, labels: { app: "other" } },
      })),
    ).rejects.toMatchObject({
      code: "INVALID_OBJECT",
      message: expect.stringContaining("core/v1.Pod field 2047"),
    });
    expect(Buffer.compare(await stored(etcd, podKey), bytes)).toBe(0);
    await pods.delete({ namespace: "default", name: "a" });
  });

  test("a damaged value is CORRUPT_OBJECT with key and offset; the others of its list are read", async () => {
    const { store, etcd } = await openStore();
    const pods = store.resources(Pod);
    await pods.create(pod());
    const bytes = await stored(etcd, podKey);
    await put(etcd, "/registry/pods/default/b", bytes.slice(0, -20));
    const faults: unknown[] = [];
    const { items } = await pods.list({ onCorrupt: (error) => faults.push(error) });
    expect(items).toHaveLength(1);
    expect(faults).toEqual([
      expect.objectContaining({
        code: "CORRUPT_OBJECT",
        details: expect.objectContaining({ key: "/registry/pods/default/b", offset: expect.any(Number) }),
      }),
    ]);
  });

  test("any name is data, in protobuf and in JSON", async () => {
    const Plain = namespacedKind<AnyResource>("ConfigMap");
    const Custom = namespacedKind<AnyResource>("Custom", { group: "a.b" });
    const etcd = memoryEtcd();
    const open = (): Promise<Store> =>
      createStore({ etcd, kinds: [Plain, Custom], codec: kubernetesCodec(), compaction: false });
    await using first = await open();
    await using second = await open();
    const data = JSON.parse('{"__proto__":"a","constructor":"b","toJSON":"c"}') as object;
    for (const kind of [Plain, Custom]) {
      await first.resources(kind).create({ metadata: { namespace: "default", name: "a" }, data });
      const read = await second.resources(kind).get({ namespace: "default", name: "a" });
      expect(Object.entries(read["data"] as object).sort()).toEqual(Object.entries(data).sort());
    }
  });

  test("a store with another codec says which one reads the value", async () => {
    const etcd = memoryEtcd();
    const { store: first } = await openStore(kubernetesCodec(), etcd);
    await first.resources(Pod).create(pod());
    const { store } = await openStore(msgpackCodec(), etcd);
    await expect(store.resources(Pod).get({ namespace: "default", name: "a" })).rejects.toThrow(
      "kubernetesCodec()",
    );
  });
});
