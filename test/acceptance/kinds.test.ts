/** Kinds at run time, stored forms (upgrade, rewrite, transforms, raw JSON), namespaces, and two stores over one etcd. */
import { randomBytes } from "node:crypto";
import { defineKind, isPending, type Resource, StoreError } from "keelson";
import { aesGcm, jsonCodec, msgpackCodec } from "keelson/codec";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/failures.ts";
import { take } from "../support/take.ts";
import { until } from "../support/time/patience.ts";
import { at, ConfigMap, configMap, Node, Pod, pod, Secret, shown, worldForAll } from "./world.ts";

const world = worldForAll();

interface Gear extends Resource {
  spec: { teeth: number };
}
interface GearV2 extends Resource {
  spec: { toothCount: number };
}
const gear = { group: "example.com", kind: "Gear", plural: "gears", scope: "Namespaced" } as const;
const Gear = defineKind<Gear>({ ...gear, version: "v1" });
const GearV2 = defineKind<GearV2>({
  ...gear,
  version: "v2",
  upgrade: (stored) => ({
    apiVersion: "example.com/v2",
    kind: "Gear",
    metadata: stored.metadata,
    spec: { toothCount: (stored as Gear).spec.teeth },
  }),
});

const raw = async (key: string): Promise<string> => {
  const { kvs } = await world.etcd.kv.range({ key });
  return Buffer.from(kvs[0]?.value ?? []).toString("latin1");
};

describe("kinds at run time", () => {
  test("addKind opens a kind, removeKind ends its watches CLOSED and leaves its objects", async () => {
    const store = await world.store({ kinds: [ConfigMap] });
    const closed = (): unknown => {
      try {
        return store.resources(Gear);
      } catch (error) {
        return error;
      }
    };
    expect(closed()).toMatchObject({ code: "INVALID_ARGUMENT" });
    await store.addKind(Gear);
    expect(store.kinds).toContain(Gear);
    const gears = store.resources(Gear);
    await gears.create({ metadata: { name: "g", namespace: "default" }, spec: { teeth: 8 } });
    const watch = gears.watch();
    await watch.ready();
    const ended = refusal(
      (async () => {
        for await (const _ of watch) expect.unreachable();
      })(),
      "CLOSED",
    );
    await store.removeKind(Gear);
    await ended;
    expect(store.kinds).not.toContain(Gear);
    expect(closed()).toMatchObject({ code: "INVALID_ARGUMENT" });
    await refusal((async () => gears.list())(), "CLOSED", "INVALID_ARGUMENT");
    await store.addKind(Gear);
    expect((await store.resources(Gear).get(at("g"))).spec.teeth).toBe(8);
  });

  test("addKind of the same group and plural replaces it, and watches go on", async () => {
    const store = await world.store({ kinds: [Gear] });
    const before = store.resources(Gear);
    const watch = before.watch();
    await watch.ready();
    await store.addKind(GearV2);
    const made = await store
      .resources(GearV2)
      .create({ metadata: { name: "g2", namespace: "default" }, spec: { toothCount: 9 } });
    expect(made.apiVersion).toBe("example.com/v2");
    expect(shown(await take(watch, 1))).toEqual(["ADDED g2"]);
    expect(store.kinds.filter((kind) => kind.plural === "gears")).toEqual([GearV2]);
  });

  test("a nested key path, two versions of one kind, or a prefix below /keelson, is refused", async () => {
    const nested = defineKind({
      version: "v1",
      kind: "Sub",
      plural: "subs",
      scope: "Namespaced",
      keyPath: "configmaps/sub",
    });
    await refusal(world.store({ kinds: [ConfigMap, nested] }), "INVALID_ARGUMENT");
    await refusal(world.store({ kinds: [Gear, GearV2] }), "INVALID_ARGUMENT");
    for (const prefix of ["/keelson", "/keelson/x", "", "/", "/a/../b"]) {
      await refusal(world.store({ prefix }), "INVALID_ARGUMENT");
    }
  });

  test("keys are where the contract says", async () => {
    const prefix = world.prefix();
    const odd = defineKind({
      version: "v1",
      kind: "Odd",
      plural: "odds",
      scope: "Namespaced",
      keyPath: "odds/specs",
    });
    const store = await world.store({ prefix, kinds: [ConfigMap, Gear, Node, odd] });
    await store.resources(ConfigMap).create(configMap("c"));
    await store.resources(Gear).create({ metadata: { name: "g", namespace: "default" }, spec: { teeth: 1 } });
    await store.resources(Node).create({ metadata: { name: "n" } });
    await store.resources(odd).create({ metadata: { name: "o", namespace: "default" } });
    for (const key of [
      "configmaps/default/c",
      "example.com/gears/default/g",
      "nodes/n",
      "odds/specs/default/o",
      "namespaces/default",
    ]) {
      expect((await world.etcd.kv.range({ key: `${prefix}/${key}` })).kvs.length, key).toBe(1);
    }
  });

  test("validate of the kind refuses with its fields, and sees the old object", async () => {
    const Strict = defineKind<Gear>({
      ...gear,
      plural: "strictgears",
      kind: "StrictGear",
      version: "v1",
      validate: (next, old) =>
        old !== undefined && next.spec.teeth < old.spec.teeth
          ? [{ field: "spec.teeth", message: "may only grow" }]
          : [],
    });
    const store = await world.store({ kinds: [Strict] });
    const gears = store.resources(Strict);
    const made = await gears.create({ metadata: { name: "g", namespace: "default" }, spec: { teeth: 8 } });
    const error = await refusal(gears.update({ ...made, spec: { teeth: 7 } }), "INVALID_OBJECT");
    expect(error.details.errors).toEqual([{ field: "spec.teeth", message: "may only grow" }]);
    expect(error.toStatus().details?.causes?.[0]?.field).toBe("spec.teeth");
    expect(error.httpStatus).toBe(422);
  });

  test("ttlSeconds of the kind is the default of its writes", async () => {
    const Short = defineKind<Gear>({
      ...gear,
      plural: "shorts",
      kind: "Short",
      version: "v1",
      ttlSeconds: 2,
    });
    const store = await world.store({ kinds: [Short] });
    const shorts = store.resources(Short);
    await shorts.create({ metadata: { name: "s", namespace: "default" }, spec: { teeth: 1 } });
    await until(async () => (await shorts.list()).items.length === 0, "expiry");
  });
});

describe("stored forms", () => {
  test("an old version is upgraded on reads, in watches, and stored by the next write, also one that changes nothing", async () => {
    const prefix = world.prefix();
    const old = await world.store({ prefix, kinds: [Gear] });
    const since = await old.currentResourceVersion();
    const made = await old
      .resources(Gear)
      .create({ metadata: { name: "g", namespace: "default" }, spec: { teeth: 8 } });
    await old.close();
    const store = await world.store({ prefix, kinds: [GearV2] });
    const gears = store.resources(GearV2);
    const read = await gears.get(at("g"));
    expect(read.apiVersion).toBe("example.com/v2");
    expect(read.spec).toEqual({ toothCount: 8 });
    expect(read.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    const [event] = await take(gears.watch({ resourceVersion: since }), 1);
    expect(event?.type !== "BOOKMARK" && event?.object.spec).toEqual({ toothCount: 8 });
    const written = await gears.guaranteedUpdate(at("g"), (current) => current);
    expect(BigInt(written.metadata.resourceVersion)).toBeGreaterThan(BigInt(made.metadata.resourceVersion));
    const again = await gears.guaranteedUpdate(at("g"), (current) => current);
    expect(again.metadata.resourceVersion).toBe(written.metadata.resourceVersion);
  });

  test("what this process wrote before a kind was replaced is stored anew by a write that changes nothing", async () => {
    const store = await world.store({ kinds: [Gear] });
    const made = await store
      .resources(Gear)
      .create({ metadata: { name: "g", namespace: "default" }, spec: { teeth: 8 } });
    await store.addKind(GearV2);
    const written = await store.resources(GearV2).guaranteedUpdate(at("g"), (current) => current);
    expect(written.spec).toEqual({ toothCount: 8 });
    expect(BigInt(written.metadata.resourceVersion)).toBeGreaterThan(BigInt(made.metadata.resourceVersion));
    expect(await store.rewrite(GearV2)).toMatchObject({ scanned: 1, rewritten: 0 });
  });

  test("rewrite brings every object to today's version and codec", async () => {
    const prefix = world.prefix();
    const old = await world.store({ prefix, kinds: [Gear], codec: jsonCodec() });
    for (const name of ["a", "b", "c"]) {
      await old.resources(Gear).create({ metadata: { name, namespace: "default" }, spec: { teeth: 3 } });
    }
    await old.close();
    const store = await world.store({ prefix, kinds: [GearV2] });
    const progress: number[] = [];
    await refusal(store.rewrite(GearV2, { objectsPerSecond: 0 }), "INVALID_ARGUMENT");
    const report = await store.rewrite(GearV2, {
      onProgress: ({ done }) => progress.push(done),
      objectsPerSecond: 1_000,
    });
    expect(report).toMatchObject({ scanned: 3, rewritten: 3, left: 0, corrupt: [] });
    expect(progress.at(-1)).toBe(3);
    expect(await store.rewrite(GearV2)).toMatchObject({ scanned: 3, rewritten: 0, left: 0 });
    expect((await store.resources(GearV2).get(at("b"))).spec).toEqual({ toothCount: 3 });
  });

  test("raw JSON is readable by others at Kubernetes' paths, and theirs by us", async () => {
    const prefix = world.prefix();
    const store = await world.store({ prefix, codec: jsonCodec({ raw: true }) });
    const made = await store.resources(Pod).create(pod("p", { labels: { app: "x" } }));
    const stored = JSON.parse(await raw(`${prefix}/pods/default/p`)) as Pod;
    expect(stored).toMatchObject({
      apiVersion: "v1",
      kind: "Pod",
      spec: { image: "nginx" },
      metadata: { name: "p", labels: { app: "x" } },
    });
    expect(stored.metadata.resourceVersion ?? "").toBe("");
    await world.etcd.kv.put({
      key: `${prefix}/configmaps/default/theirs`,
      value: Buffer.from(
        JSON.stringify({
          kind: "ConfigMap",
          apiVersion: "v1",
          metadata: {
            name: "theirs",
            namespace: "default",
            uid: "u-1",
            creationTimestamp: "2024-01-01T00:00:00Z",
          },
          data: { theirs: "yes" },
        }),
      ),
    });
    const theirs = await store.resources(ConfigMap).get(at("theirs"));
    expect(theirs.data).toEqual({ theirs: "yes" });
    expect(theirs.metadata.uid).toBe("u-1");
    const next = await store.resources(ConfigMap).update({ ...theirs, data: { ours: "yes" } });
    expect(next.data).toEqual({ ours: "yes" });
    const updated = await store.resources(Pod).update({ ...made, spec: { image: "2" } });
    expect((await store.resources(Pod).get(at("p"))).metadata).toEqual(updated.metadata);
    // Another codec reads it as well.
    const other = await world.store({ prefix, codec: msgpackCodec() });
    expect((await other.resources(Pod).list({ labelSelector: "app=x" })).items.length).toBe(1);
    await store.resources(Pod).delete(at("p"));
    await refusal(other.resources(Pod).get(at("p")), "NOT_FOUND");
  });

  test("secrets are sealed, keys rotate, a value moved to another key is CORRUPT_OBJECT", async () => {
    const prefix = world.prefix();
    const k1 = { id: "k1", key: new Uint8Array(randomBytes(32)) };
    const k2 = { id: "k2", key: new Uint8Array(randomBytes(32)) };
    const first = await world.store({ prefix, transforms: { secrets: aesGcm({ keys: [k1] }) } });
    const secrets = first.resources(Secret);
    await secrets.create({
      metadata: { name: "s", namespace: "default", labels: { visible: "canary-label" } },
      data: { password: "canary-value" },
    });
    await secrets.create({ metadata: { name: "t", namespace: "default" } });
    await first.resources(ConfigMap).create(configMap("c", { plain: "canary-plain" }));
    const sealed = await raw(`${prefix}/secrets/default/s`);
    expect(sealed).not.toContain("canary");
    expect(await raw(`${prefix}/configmaps/default/c`)).toContain("canary-plain");
    expect((await secrets.list({ labelSelector: "visible=canary-label" })).items.map((s) => s.data)).toEqual([
      { password: "canary-value" },
    ]);
    const second = await world.store({ prefix, transforms: { secrets: aesGcm({ keys: [k2, k1] }) } });
    expect((await second.resources(Secret).get(at("s"))).data).toEqual({ password: "canary-value" });
    expect(await second.rewrite(Secret)).toMatchObject({ rewritten: 2, left: 0 });
    const third = await world.store({ prefix, transforms: { secrets: aesGcm({ keys: [k2] }) } });
    expect((await third.resources(Secret).get(at("s"))).data).toEqual({ password: "canary-value" });
    await refusal(first.resources(Secret).get(at("s")), "CORRUPT_OBJECT");
    const { kvs } = await world.etcd.kv.range({ key: `${prefix}/secrets/default/s` });
    await world.etcd.kv.put({
      key: `${prefix}/secrets/default/moved`,
      value: kvs[0]?.value ?? new Uint8Array(),
    });
    await refusal(third.resources(Secret).get(at("moved")), "CORRUPT_OBJECT");
    const skipped: string[] = [];
    const page = await third.resources(Secret).list({ onCorrupt: (e) => skipped.push(e.code) });
    expect(page.items.map((s) => s.metadata.name)).toEqual(["s", "t"]);
    expect(skipped).toEqual(["CORRUPT_OBJECT"]);
  });

  test('"*" seals the rest', async () => {
    const prefix = world.prefix();
    const key = { id: "k", key: new Uint8Array(randomBytes(32)) };
    const store = await world.store({ prefix, transforms: { "*": aesGcm({ keys: [key] }) } });
    await store.resources(ConfigMap).create(configMap("c", { plain: "canary-plain" }));
    expect(await raw(`${prefix}/configmaps/default/c`)).not.toContain("canary");
    expect((await store.resources(ConfigMap).get(at("c"))).data).toEqual({ plain: "canary-plain" });
  });
});

describe("namespaces", () => {
  test("three exist from the start; deleting one returns it Terminating, empties it, kinds unknown here included", async () => {
    const prefix = world.prefix();
    const store = await world.store({ prefix, kinds: [ConfigMap] });
    const other = await world.store({ prefix, kinds: [Gear] });
    const names = (await store.namespaces.list()).items.map((n) => n.metadata.name);
    expect(names).toEqual(["default", "kube-public", "kube-system"]);
    await store.namespaces.create({ metadata: { name: "team" } });
    await store.resources(ConfigMap).create(configMap("a", {}, "team"));
    await other.resources(Gear).create({ metadata: { name: "g", namespace: "team" }, spec: { teeth: 1 } });
    await other.close();
    const going = await store.namespaces.delete({ name: "team" });
    expect(going.status?.phase).toBe("Terminating");
    expect(isPending(going)).toBe(true);
    await refusal(
      store.resources(ConfigMap).create(configMap("late", {}, "team")),
      "NAMESPACE_TERMINATING",
      "NAMESPACE_NOT_FOUND",
    );
    await until(async () => {
      const error = await store.namespaces.get({ name: "team" }).catch((e: unknown) => e);
      return error instanceof StoreError && error.code === "NOT_FOUND";
    }, "the namespace is gone");
    expect(
      (await world.etcd.kv.range({ key: `${prefix}/`, rangeEnd: `${prefix}0`, keysOnly: true })).kvs
        .map((kv) => Buffer.from(kv.key).toString())
        .filter((key) => key.includes("/team")),
    ).toEqual([]);
    const missing = await refusal(
      store.resources(ConfigMap).create(configMap("late", {}, "team")),
      "NAMESPACE_NOT_FOUND",
    );
    expect(missing.httpStatus).toBe(404);
  });

  test('with namespaces: "open" nothing is asked of them', async () => {
    const store = await world.store({ namespaces: "open" });
    expect((await store.resources(ConfigMap).create(configMap("a", {}, "anywhere"))).metadata.namespace).toBe(
      "anywhere",
    );
  });
});

describe("two stores over one etcd", () => {
  test("of one prefix share everything; of two prefixes nothing", async () => {
    const prefix = world.prefix();
    const [one, two, other] = [
      await world.store({ prefix }),
      await world.store({ prefix }),
      await world.store({ prefix: `${prefix}x` }),
    ];
    const watch = two.resources(ConfigMap).watch();
    await watch.ready();
    const made = await one.resources(ConfigMap).create(configMap("a"));
    expect(await two.resources(ConfigMap).get(at("a"))).toEqual(made);
    expect(shown(await take(watch, 1))).toEqual(["ADDED a"]);
    await refusal(other.resources(ConfigMap).get(at("a")), "NOT_FOUND");
    expect((await other.resources(ConfigMap).list()).items).toEqual([]);
    const outcomes = await Promise.allSettled(
      [one, two].map((s) => s.resources(ConfigMap).create(configMap("race"))),
    );
    expect(outcomes.map((o) => o.status).sort()).toEqual(["fulfilled", "rejected"]);
    // A prefix with and without its last slash is one.
    const slashed = await world.store({ prefix: `${prefix}/` });
    expect(await slashed.resources(ConfigMap).get(at("a"))).toEqual(made);
  });
});
