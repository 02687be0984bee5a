/**
 * Every field of metadata × every JSON type × every verb × every codec, stored by us and stored raw by another tool.
 *
 *   ours    acknowledged: it can be read, listed and deleted; else INVALID_OBJECT that names the field
 *   raw     understood as Kubernetes does (null is absent), or CORRUPT_OBJECT for itself alone: lists with onCorrupt give
 *           the others, rewrite reports, and nothing but a StoreError leaves any call
 */
import { createStore, createWatchCache, isStoreError, type Store } from "keelson";
import { jsonCodec, msgpackCodec } from "keelson/codec";
import { memoryEtcd } from "keelson/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnyResource, Draft } from "../../src/resource/model/resource.ts";
import { namespacedKind } from "../support/kinds.ts";

const Pod = namespacedKind<AnyResource>("Pod", {
  status: true,
  fields: { "spec.node": (pod) => (pod["spec"] as { node?: string } | undefined)?.node },
  indexes: ["label:app", "field:spec.node"],
});

const fields = [
  "name",
  "namespace",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generateName",
  "labels",
  "annotations",
  "finalizers",
  "ownerReferences",
  "managedFields",
] as const;
const values: readonly unknown[] = [
  null,
  "",
  "Not-A-Name",
  7,
  1.5,
  true,
  [],
  [null],
  [7],
  {},
  { a: null },
  { a: 7 },
  [{ apiVersion: "v1", kind: "Pod", name: "o", uid: "u", controller: null }],
  [{ apiVersion: null, kind: 1 }],
];
const codecs = {
  msgpack: msgpackCodec(),
  json: jsonCodec(),
  "raw json": jsonCodec({ raw: true }),
};

const draft = (name: string, more: object = {}): Draft<AnyResource> =>
  ({
    metadata: { name, namespace: "default", labels: { app: "web" }, ...more },
    spec: { node: "n1" },
  }) as never;
const at = (name: string) => ({ namespace: "default", name });
const told = <T>(work: Promise<T>): Promise<{ value?: T; error?: unknown }> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );

describe.each(Object.entries(codecs))("metadata of any type, %s", (form, codec) => {
  const etcd = memoryEtcd();
  let store: Store;
  let serial = 0;
  const fresh = (): string => `o-${serial++}`;
  const pods = () => store.resources(Pod);

  beforeAll(async () => {
    store = await createStore({ etcd, kinds: [Pod], codec, compaction: false });
    await pods().create(draft("sound"));
  });
  afterAll(async () => {
    await store.close();
    await etcd.close();
  });

  /** Stored by us: refused with the field's name, or readable by everybody. */
  async function judge(
    name: string,
    field: string,
    written: { value?: unknown; error?: unknown },
  ): Promise<void> {
    const { error } = written;
    if (error !== undefined) {
      expect(isStoreError(error, "INVALID_OBJECT", "CONFLICT"), `${String(error)}`).toBe(true);
      if (isStoreError(error, "INVALID_OBJECT")) {
        const named = error.details.errors.map((fault) => fault.field);
        expect(named.some((one) => one.startsWith(`metadata.${field}`) || one === "metadata.name")).toBe(
          true,
        );
      }
      return;
    }
    const key = at((written.value as AnyResource).metadata.name);
    const { metadata } = await pods().get(key);
    expect(metadata.resourceVersion).toMatch(/^[1-9]\d*$/);
    const listed = await pods().list({ labelSelector: "!nothing", fieldSelector: "spec.node=n1" });
    expect(listed.items.some((item) => item.metadata.name === key.name)).toBe(true);
    expect(await told(pods().delete(key, { dryRun: true }))).toMatchObject({ value: expect.anything() });
    await pods().guaranteedUpdate(key, (current) => ({
      ...current,
      metadata: { ...current.metadata, finalizers: [] },
    }));
    await pods().delete(key);
    expect(name).toBeDefined();
  }

  test.each(fields)("stored by us: %s", async (field) => {
    for (const value of values) {
      const odd = { [field]: value };
      const made = fresh();
      await judge(made, field, await told(pods().create(draft(made, odd))));
      const [one] = await pods().createMany([draft(fresh(), odd)]);
      await judge(made, field, one instanceof Error ? { error: one } : { value: one });
      const missing = fresh();
      const createIfMissing = () => draft(missing, odd);
      await judge(
        made,
        field,
        await told(pods().guaranteedUpdate(at(missing), (c) => c, { createIfMissing })),
      );
      for (const subresource of [undefined, "status", "all"] as const) {
        const options = subresource === undefined ? {} : { subresource };
        const updated = fresh();
        await pods().create(draft(updated));
        const wanted = draft(updated, odd) as AnyResource;
        await judge(updated, field, await told(pods().update(wanted, options)));
        const mutated = fresh();
        await pods().create(draft(mutated));
        const mutate = (current: AnyResource) =>
          ({ ...current, metadata: { ...current.metadata, ...odd } }) as AnyResource;
        await judge(mutated, field, await told(pods().guaranteedUpdate(at(mutated), mutate, options)));
      }
      expect((await told(pods().create(draft(fresh(), odd), { dryRun: true }))).error).toSatisfy(
        (error) => error === undefined || isStoreError(error),
      );
    }
    await pods().list();
  });

  test.each(fields)("stored raw by another tool: %s", async (field) => {
    for (const value of values) {
      const name = fresh();
      const key = `/registry/pods/default/${name}`;
      const metadata = {
        ...at(name),
        uid: "0b1c",
        creationTimestamp: "2024-01-01T00:00:00Z",
        [field]: value,
      };
      const foreign = { apiVersion: "v1", kind: "Pod", metadata, spec: { node: "n2" } };
      await etcd.kv.put({ key: Buffer.from(key), value: Buffer.from(JSON.stringify(foreign)) });
      const readable = (await told(pods().get(at(name)))).error === undefined;
      if (value === null && field !== "name") expect(readable, `${field} null is absent`).toBe(true);

      const corrupt: unknown[] = [];
      const onCorrupt = (error: unknown): void => void corrupt.push(error);
      for (const selector of [{}, { labelSelector: "app=web" }, { fieldSelector: "spec.node!=x" }]) {
        const { items } = await pods().list({ ...selector, onCorrupt });
        expect(items.some((item) => item.metadata.name === "sound")).toBe(true);
      }
      expect(corrupt.every((error) => isStoreError(error, "CORRUPT_OBJECT"))).toBe(true);
      expect(corrupt.length === 0).toBe(readable);

      if (value === null || value === 7) {
        await using cache = createWatchCache(pods());
        await cache.ready();
        expect((await cache.list({ labelSelector: "app=web" })).items.length).toBeGreaterThan(0);
        expect((await told(cache.get(at(name)))).error === undefined).toBe(readable);
      }

      const report = await store.rewrite(Pod);
      expect(report.corrupt.includes(key)).toBe(!readable);
      expect((await told(pods().get(at(name)))).error === undefined).toBe(readable);

      const calls = [
        pods().guaranteedUpdate(at(name), (current) => ({ ...current, spec: { node: "n3" } })),
        pods().guaranteedUpdate(at(name), (current) => ({ ...current, status: {} }), {
          subresource: "status",
        }),
        pods().delete(at(name), { gracePeriodSeconds: 30 }),
        pods().delete(at(name), { propagationPolicy: "Orphan" }),
        pods().delete(at(name), { gracePeriodSeconds: 0, propagationPolicy: "Background" }),
      ];
      for (const { error } of await Promise.all(calls.map(told))) {
        expect(error === undefined || isStoreError(error), String(error)).toBe(true);
      }
      await etcd.kv.deleteRange({ key: Buffer.from(key) });
    }
  });

  // A null deletionTimestamp marks nothing: no update takes the object for one that is due.
  test("what is null when it is stored raw stays absent through an update", async () => {
    const name = fresh();
    const metadata = Object.fromEntries(fields.map((field) => [field, null]));
    const foreign = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...metadata, ...at(name) },
      spec: { node: "n2" },
    };
    await etcd.kv.put({
      key: Buffer.from(`/registry/pods/default/${name}`),
      value: Buffer.from(JSON.stringify(foreign)),
    });
    const change = (current: AnyResource): AnyResource => ({ ...current, spec: { node: "n3" } });
    const updated = await pods().guaranteedUpdate(at(name), change);
    expect(updated.metadata.generation).toBe(1);
    const kept = await pods().get(at(name));
    expect(kept["spec"]).toEqual({ node: "n3" });
    expect(Object.values(kept.metadata)).not.toContain(null);
    expect(form).toBeTypeOf("string");
  });
});
