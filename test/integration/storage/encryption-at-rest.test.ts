/** Encryption over a store's life: switched on, rotated, a key dropped too early, switched off. */
import { createStore, type Resource, type Store } from "keelson";
import { aesGcm, jsonCodec, msgpackCodec, type Transform } from "keelson/codec";
import { describe, expect, test } from "vitest";
import { etcdForAll } from "../../support/etcd/real-etcd.ts";
import { namespacedKind } from "../../support/kinds.ts";

interface Secret extends Resource {
  data: Record<string, string>;
}
const Secret = namespacedKind<Secret>("Secret");
const key = (id: string): { id: string; key: Uint8Array } => ({ id, key: Buffer.alloc(32, id) });
const draft = (name: string, labels: Record<string, string> = {}) => ({
  metadata: { namespace: "default", name, labels },
  data: { password: `open-${name}-sesame` },
});

describe("encryption at rest", () => {
  let prefixes = 0;
  const lab = etcdForAll({ extraArgs: ["--unsafe-no-fsync"] });
  const open = (prefix: string, transform?: Transform): Promise<Store> =>
    createStore({
      etcd: lab.etcd,
      kinds: [Secret],
      prefix,
      compaction: false,
      ...(transform === undefined ? {} : { transforms: { secrets: transform } }),
    });
  const raw = async (prefix: string): Promise<string> => {
    const { kvs } = await lab.etcd.kv.range({ key: `${prefix}/secrets/`, rangeEnd: `${prefix}/secrets0` });
    return kvs.map((kv) => Buffer.from(kv.value).toString("latin1")).join("\n");
  };

  test("S27: rewrite seals what was stored before encryption was switched on, and rotation ends with a key nobody needs", async () => {
    const prefix = `/life-${prefixes++}`;
    {
      await using plain = await open(prefix);
      for (const name of ["a", "b", "c"]) await plain.resources(Secret).create(draft(name));
      expect(await raw(prefix)).toContain("sesame");
    }
    {
      await using sealed = await open(prefix, aesGcm({ keys: [key("k1")] }));
      await expect(sealed.resources(Secret).get({ namespace: "default", name: "a" })).rejects.toMatchObject({
        code: "CORRUPT_OBJECT",
      });
      expect(sealed.stats().plaintextRead).toBe(0);
      expect(await sealed.rewrite(Secret)).toMatchObject({ scanned: 3, rewritten: 3, left: 0 });
      expect((await sealed.resources(Secret).list()).items.map((one) => one.data["password"])).toEqual([
        "open-a-sesame",
        "open-b-sesame",
        "open-c-sesame",
      ]);
      expect(await raw(prefix)).not.toContain("sesame");
    }
    await expect(open(prefix, aesGcm({ keys: [key("k2")] }))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining('key "k1" still seals 3 of its objects') as string,
    });
    await expect(open(prefix)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    {
      await using rotating = await open(prefix, aesGcm({ keys: [key("k2"), key("k1")] }));
      expect((await rotating.resources(Secret).list()).items).toHaveLength(3);
      expect(await rotating.rewrite(Secret)).toMatchObject({ rewritten: 3, left: 0 });
      expect(await rotating.rewrite(Secret)).toMatchObject({ rewritten: 0, left: 0 });
    }
    {
      await using rotated = await open(prefix, aesGcm({ keys: [key("k2")] }));
      expect((await rotated.resources(Secret).list()).items).toHaveLength(3);
    }
    {
      await using unsealing = await open(prefix, aesGcm({ keys: [key("k2")], mode: "unseal" }));
      expect(await unsealing.rewrite(Secret)).toMatchObject({ rewritten: 3, left: 0 });
    }
    await using plain = await open(prefix);
    expect((await plain.resources(Secret).list()).items).toHaveLength(3);
  });

  test("stats() counts the reads that met plaintext under a transform, over the kind's life in the store", async () => {
    const prefix = `/counted-${prefixes++}`;
    {
      await using plain = await open(prefix);
      for (const name of ["a", "b"]) await plain.resources(Secret).create(draft(name));
    }
    await using migrating = await open(prefix, aesGcm({ keys: [key("k1")], mode: "migrate" }));
    const secrets = migrating.resources(Secret);
    expect(migrating.stats().plaintextRead).toBe(0);
    await secrets.get({ namespace: "default", name: "a" });
    expect(migrating.stats().plaintextRead).toBe(1);
    await secrets.list();
    expect(migrating.stats().plaintextRead).toBe(3);
    await migrating.removeKind(Secret);
    expect(migrating.stats().plaintextRead).toBe(3);
    await migrating.addKind(Secret);
    expect(await migrating.rewrite(Secret)).toMatchObject({ rewritten: 2, left: 0 });
    const afterRewrite = migrating.stats().plaintextRead;
    expect(afterRewrite).toBeGreaterThan(3);
    await migrating.resources(Secret).list();
    expect(migrating.stats().plaintextRead).toBe(afterRewrite);
  });

  test("switched on for everything, and rotated, the namespaces come along by themselves", async () => {
    const prefix = `/all-${prefixes++}`;
    const openAll = (...keys: readonly string[]): Promise<Store> =>
      createStore({
        etcd: lab.etcd,
        kinds: [Secret],
        prefix,
        compaction: false,
        ...(keys.length === 0 ? {} : { transforms: { "*": aesGcm({ keys: keys.map(key) }) } }),
      });
    {
      await using plain = await openAll();
      await plain.namespaces.create({ metadata: { name: "team", annotations: { motto: "open sesame" } } });
    }
    for (const keys of [["k1"], ["k2", "k1"], ["k2"]]) {
      await using store = await openAll(...keys);
      await store.resources(Secret).create({
        ...draft(`by-${keys.join("-")}`),
        metadata: { namespace: "team", name: `by-${keys.join("-")}` },
      });
      expect((await store.namespaces.get({ name: "team" })).metadata.annotations).toEqual({
        motto: "open sesame",
      });
      const { kvs } = await lab.etcd.kv.range({ key: `${prefix}/namespaces/team` });
      expect(Buffer.from(kvs[0]?.value ?? "").includes("sesame")).toBe(false);
      await store.rewrite(Secret);
    }
  });

  test("one object of another key reports itself; the others still list, by label too", async () => {
    const prefix = `/mixed-${prefixes++}`;
    await using store = await open(prefix, aesGcm({ keys: [key("k1")] }));
    const secrets = store.resources(Secret);
    for (const name of ["a", "b", "c"]) await secrets.create(draft(name, { odd: String(name !== "b") }));
    // A ciphertext moved to another name is no longer what it says.
    const moved = (await lab.etcd.kv.range({ key: `${prefix}/secrets/default/a` })).kvs[0];
    await lab.etcd.kv.put({ key: `${prefix}/secrets/default/bb`, value: moved?.value ?? "" });
    await expect(secrets.list()).rejects.toMatchObject({
      code: "CORRUPT_OBJECT",
      details: { key: `${prefix}/secrets/default/bb` },
    });
    for (const labelSelector of [undefined, "odd=true"]) {
      const corrupt: string[] = [];
      const { items } = await secrets.list({
        labelSelector,
        onCorrupt: (error) => void corrupt.push(error.code),
      });
      expect(items.map((one) => one.metadata.name)).toEqual(
        labelSelector === undefined ? ["a", "b", "c"] : ["a", "c"],
      );
      expect(corrupt).toEqual(["CORRUPT_OBJECT"]);
    }
  });

  test.each([
    ["msgpack", msgpackCodec()],
    ["JSON", jsonCodec()],
  ])("a list by label opens no body that does not match (%s)", async (_name, codec) => {
    const prefix = `/bodies-${prefixes++}`;
    const transforms = { secrets: aesGcm({ keys: [key("k1")] }) };
    await using store = await createStore({
      etcd: lab.etcd,
      kinds: [Secret],
      prefix,
      codec,
      transforms,
      compaction: false,
    });
    const secrets = store.resources(Secret);
    for (let i = 0; i < 20; i++) await secrets.create(draft(`s${i}`, { pick: i === 7 ? "me" : "not" }));
    // The last byte lies in the body: whoever opens one of these notices.
    const { kvs } = await lab.etcd.kv.range({ key: `${prefix}/secrets/`, rangeEnd: `${prefix}/secrets0` });
    for (const { key: at, value } of kvs) {
      if (Buffer.from(at).toString().endsWith("/s7")) continue;
      const damaged = value.slice();
      damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
      await lab.etcd.kv.put({ key: at, value: damaged });
    }
    const { items } = await secrets.list({ labelSelector: "pick=me" });
    expect(items.map((one) => one.metadata.name)).toEqual(["s7"]);
    await expect(secrets.list({ labelSelector: "pick=not" })).rejects.toMatchObject({
      code: "CORRUPT_OBJECT",
    });
    await expect(secrets.list()).rejects.toMatchObject({ code: "CORRUPT_OBJECT" });
  });
});
