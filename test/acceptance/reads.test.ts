/** The contract's reads: freshness, pages, tokens, selectors, views, and objects that cannot be read. */
import { defineView, isStoreError, jsonView, metadataView, type Store, type StoreError } from "keelson";
import { describe, expect, test } from "vitest";
import { refusal, thrownBy } from "../support/failures.ts";
import { within } from "../support/time/patience.ts";
import { at, ConfigMap, configMap, Pod, pod, worldForAll } from "./world.ts";

const world = worldForAll();

async function walk(store: Store, first: { limit: number; labelSelector?: string }): Promise<string[][]> {
  const pages: string[][] = [];
  let continueToken: string | undefined;
  do {
    const page = await store
      .resources(Pod)
      .list({ ...first, ...(continueToken === undefined ? {} : { continueToken }) });
    pages.push(page.items.map((p) => p.metadata.name));
    continueToken = page.continueToken;
  } while (continueToken !== undefined);
  return pages;
}

describe("freshness", () => {
  test("exact reads answer as of the version, for get and list", async () => {
    const store = await world.store();
    const maps = store.resources(ConfigMap);
    const first = await maps.create(configMap("a", { v: "1" }));
    const second = await maps.update({ ...first, data: { v: "2" } });
    const gone = await maps.delete(at("a"));
    const exact = (resourceVersion: string) => ({ read: { consistency: "exact", resourceVersion } as const });
    expect(await maps.get(at("a"), exact(first.metadata.resourceVersion))).toEqual(first);
    expect(await maps.get(at("a"), exact(second.metadata.resourceVersion))).toEqual(second);
    await refusal(maps.get(at("a"), exact(gone.metadata.resourceVersion)), "NOT_FOUND");
    const page = await maps.list(exact(second.metadata.resourceVersion));
    expect(page.items).toEqual([second]);
    expect(page.resourceVersion).toBe(second.metadata.resourceVersion);
    expect((await maps.list(exact(gone.metadata.resourceVersion))).items).toEqual([]);
  });

  test("notOlderThan and any answer current state; linearizable is the default", async () => {
    const store = await world.store();
    const maps = store.resources(ConfigMap);
    const made = await maps.create(configMap("a"));
    const version = made.metadata.resourceVersion;
    for (const read of [
      undefined,
      { consistency: "linearizable" } as const,
      { consistency: "any" } as const,
      { consistency: "notOlderThan", resourceVersion: version } as const,
    ]) {
      expect(await maps.get(at("a"), { read })).toEqual(made);
      const page = await maps.list({ read });
      expect(page.items).toEqual([made]);
      expect(BigInt(page.resourceVersion)).toBeGreaterThanOrEqual(BigInt(version));
    }
  });

  test("a version nobody has reached is FUTURE_VERSION with retryAfterMs, 504 and Kubernetes' cause", async () => {
    const store = await world.store();
    const maps = store.resources(ConfigMap);
    await maps.create(configMap("a"));
    const resourceVersion = String(BigInt(await store.currentResourceVersion()) + 1000n);
    const reads = [
      maps.get(at("a"), { read: { consistency: "notOlderThan", resourceVersion } }),
      maps.get(at("a"), { read: { consistency: "exact", resourceVersion } }),
      maps.list({ read: { consistency: "notOlderThan", resourceVersion } }),
      maps.list({ read: { consistency: "exact", resourceVersion } }),
      maps.watch({ resourceVersion }).ready(),
    ];
    for (const error of await Promise.all(reads.map((read) => refusal(read, "FUTURE_VERSION")))) {
      expect(error.details.retryAfterMs).toBeGreaterThan(0);
      expect(error.details.requested).toBe(resourceVersion);
      expect(error.httpStatus).toBe(504);
      const status = error.toStatus();
      expect(status.reason).toBe("Timeout");
      expect(status.details?.causes?.[0]?.reason).toBe("ResourceVersionTooLarge");
      expect(status.details?.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    }
  });

  test("a compacted version is EXPIRED, for get, list and watch", async () => {
    const store = await world.store();
    const maps = store.resources(ConfigMap);
    const first = await maps.create(configMap("a", { v: "1" }));
    const second = await maps.update({ ...first, data: { v: "2" } });
    const third = await maps.update({ ...second, data: { v: "3" } });
    await world.etcd.kv.compact(BigInt(third.metadata.resourceVersion));
    const resourceVersion = first.metadata.resourceVersion;
    const errors = await Promise.all([
      refusal(maps.get(at("a"), { read: { consistency: "exact", resourceVersion } }), "EXPIRED"),
      refusal(maps.list({ read: { consistency: "exact", resourceVersion } }), "EXPIRED"),
      refusal(maps.watch({ resourceVersion }).ready(), "EXPIRED"),
    ]);
    for (const error of errors) {
      expect(error.httpStatus).toBe(410);
      expect(error.details.continueToken).toBeUndefined();
      expect(error.toStatus().reason).toBe("Expired");
    }
    // Not older than a compacted version is fine.
    expect(
      (await maps.get(at("a"), { read: { consistency: "notOlderThan", resourceVersion } })).data,
    ).toEqual({ v: "3" });
  });

  test("a version that is none is INVALID_ARGUMENT", async () => {
    const maps = (await world.store()).resources(ConfigMap);
    for (const resourceVersion of ["", "0", "-1", "abc", "1.5", " 1", "1e3", "0x1", "01", "9".repeat(30)]) {
      await refusal(
        maps.get(at("a"), { read: { consistency: "exact", resourceVersion } }),
        "INVALID_ARGUMENT",
      );
      await refusal(
        maps.list({ read: { consistency: "notOlderThan", resourceVersion } }),
        "INVALID_ARGUMENT",
      );
      await refusal((async () => maps.watch({ resourceVersion }).ready())(), "INVALID_ARGUMENT");
    }
  });
});

describe("pages", () => {
  test("a walk is one state at the first page's version, whatever is written meanwhile", async () => {
    const store = await world.store();
    const pods = store.resources(Pod);
    await pods.createMany(Array.from({ length: 7 }, (_, i) => pod(`p-${i}`)));
    const first = await pods.list({ limit: 3 });
    expect(first.remainingItemCount).toBe(4);
    await pods.create(pod("p-3-late"));
    await pods.delete(at("p-5"));
    const second = await pods.list({ limit: 3, continueToken: first.continueToken });
    expect(second.resourceVersion).toBe(first.resourceVersion);
    expect(second.items.map((p) => p.metadata.name)).toEqual(["p-3", "p-4", "p-5"]);
    expect(second.remainingItemCount).toBe(1);
    const third = await pods.list({ limit: 3, continueToken: second.continueToken });
    expect(third.items.map((p) => p.metadata.name)).toEqual(["p-6"]);
    expect(third.continueToken).toBeUndefined();
    expect(third.remainingItemCount ?? 0).toBe(0);
  });

  test("an exact multiple of the limit ends without an empty page", async () => {
    const store = await world.store();
    await store.resources(Pod).createMany(Array.from({ length: 4 }, (_, i) => pod(`p-${i}`)));
    expect(await walk(store, { limit: 2 })).toEqual([
      ["p-0", "p-1"],
      ["p-2", "p-3"],
    ]);
    expect(await walk(store, { limit: 4 })).toEqual([["p-0", "p-1", "p-2", "p-3"]]);
  });

  test("a selector with a limit fills its pages", async () => {
    const store = await world.store();
    await store
      .resources(Pod)
      .createMany(
        Array.from({ length: 40 }, (_, i) =>
          pod(`p-${String(i).padStart(2, "0")}`, { labels: { app: i % 10 === 9 ? "x" : "y" } }),
        ),
      );
    expect(await walk(store, { limit: 2, labelSelector: "app=x" })).toEqual([
      ["p-09", "p-19"],
      ["p-29", "p-39"],
    ]);
  });

  test("a token works in another store of another connection, and after a restart", async () => {
    const prefix = world.prefix();
    const store = await world.store({ prefix });
    await store.resources(Pod).createMany(Array.from({ length: 5 }, (_, i) => pod(`p-${i}`)));
    const first = await store.resources(Pod).list({ limit: 2 });
    await store.close();
    await using etcd = await world.connect();
    const other = await world.store({ prefix, etcd });
    const rest = await other.resources(Pod).list({ continueToken: first.continueToken });
    expect(rest.items.map((p) => p.metadata.name)).toEqual(["p-2", "p-3", "p-4"]);
    expect(rest.resourceVersion).toBe(first.resourceVersion);
    await other.close();
  });

  test("a token of another prefix, kind, namespace or selector, or a tampered one, is INVALID_TOKEN", async () => {
    const store = await world.store();
    const pods = store.resources(Pod);
    await pods.createMany(Array.from({ length: 5 }, (_, i) => pod(`p-${i}`)));
    const { continueToken } = await pods.list({ namespace: "default", limit: 2 });
    if (continueToken === undefined) throw new Error("no token");
    const flipped = `${continueToken.slice(0, 8)}${continueToken[8] === "A" ? "B" : "A"}${continueToken.slice(9)}`;
    const other = await world.store();
    await other.resources(Pod).create(pod("p-0"));
    const refused = [
      pods.list({ namespace: "default", continueToken: flipped }),
      pods.list({ namespace: "kube-system", continueToken }),
      pods.list({ continueToken }),
      pods.list({ namespace: "default", continueToken, labelSelector: "a=b" }),
      store.resources(ConfigMap).list({ namespace: "default", continueToken }),
      other.resources(Pod).list({ namespace: "default", continueToken }),
      pods.list({ namespace: "default", continueToken: "x" }),
      pods.list({ namespace: "default", continueToken: "" }),
      pods.list({ namespace: "default", continueToken: continueToken.slice(0, -2) }),
    ];
    for (const error of await Promise.all(refused.map((list) => refusal(list, "INVALID_TOKEN")))) {
      expect(error.httpStatus).toBe(400);
    }
    expect((await pods.list({ namespace: "default", continueToken })).items.length).toBe(3);
  });

  test("an expired token is EXPIRED, and its details carry one that goes on from the latest state", async () => {
    const store = await world.store();
    const pods = store.resources(Pod);
    await pods.createMany(Array.from({ length: 6 }, (_, i) => pod(`p-${i}`)));
    const first = await pods.list({ limit: 2 });
    await pods.delete(at("p-3"));
    const last = await pods.create(pod("p-9"));
    await world.etcd.kv.compact(BigInt(last.metadata.resourceVersion));
    const error = await refusal(pods.list({ limit: 2, continueToken: first.continueToken }), "EXPIRED");
    expect(error.details.compacted).toMatch(/^\d+$/);
    const { continueToken } = error.details;
    if (continueToken === undefined) throw new Error("no token");
    expect(error.toStatus().metadata.continue).toBe(continueToken);
    const second = await pods.list({ limit: 2, continueToken });
    expect(second.items.map((p) => p.metadata.name)).toEqual(["p-2", "p-4"]);
    expect(BigInt(second.resourceVersion)).toBeGreaterThanOrEqual(BigInt(last.metadata.resourceVersion));
    await pods.delete(at("p-5"));
    const third = await pods.list({ limit: 2, continueToken: second.continueToken });
    expect(third.items.map((p) => p.metadata.name)).toEqual(["p-5", "p-9"]);
    expect(third.resourceVersion).toBe(second.resourceVersion);
  });

  test("a bad limit, or a read beside a token, is INVALID_ARGUMENT", async () => {
    const store = await world.store();
    const pods = store.resources(Pod);
    await pods.createMany([pod("a"), pod("b")]);
    for (const limit of [0, -1, 1.5, Number.NaN]) await refusal(pods.list({ limit }), "INVALID_ARGUMENT");
    const { continueToken, resourceVersion } = await pods.list({ limit: 1 });
    await refusal(
      pods.list({ continueToken, read: { consistency: "exact", resourceVersion } }),
      "INVALID_ARGUMENT",
    );
  });
});

describe("selectors", () => {
  test("labels by every operator, as text and as object; fields by text and map", async () => {
    const pods = (await world.store()).resources(Pod);
    await pods.create(pod("a", { labels: { app: "web", tier: "1" }, nodeName: "n1" }));
    await pods.create(pod("b", { labels: { app: "db" }, nodeName: "n2" }));
    await pods.create(pod("c"));
    const names = async (options: Parameters<typeof pods.list>[0]) =>
      (await pods.list(options)).items.map((p) => p.metadata.name).join("");
    expect(await names({ labelSelector: "app=web" })).toBe("a");
    expect(await names({ labelSelector: "app==web,tier=1" })).toBe("a");
    expect(await names({ labelSelector: "app!=web" })).toBe("bc");
    expect(await names({ labelSelector: "app in (web, db)" })).toBe("ab");
    expect(await names({ labelSelector: "app notin (web)" })).toBe("bc");
    expect(await names({ labelSelector: "app" })).toBe("ab");
    expect(await names({ labelSelector: "!app" })).toBe("c");
    expect(await names({ labelSelector: "" })).toBe("abc");
    expect(await names({ labelSelector: {} })).toBe("abc");
    expect(await names({ labelSelector: { matchLabels: { app: "db" } } })).toBe("b");
    expect(
      await names({
        labelSelector: { matchExpressions: [{ key: "app", operator: "In", values: ["db", "x"] }] },
      }),
    ).toBe("b");
    expect(
      await names({ labelSelector: { matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] } }),
    ).toBe("bc");
    expect(await names({ fieldSelector: "spec.nodeName=n1" })).toBe("a");
    expect(await names({ fieldSelector: "spec.nodeName!=n1" })).toBe("bc");
    expect(await names({ fieldSelector: { "spec.nodeName": "" } })).toBe("c");
    expect(await names({ fieldSelector: "metadata.name=b,metadata.namespace=default" })).toBe("b");
    expect(await names({ fieldSelector: { "metadata.namespace": "kube-system" } })).toBe("");
    expect(
      await names({ namespace: "default", labelSelector: "app", fieldSelector: "spec.nodeName=n2" }),
    ).toBe("b");
  });

  test("what is no selector is INVALID_ARGUMENT, from list, watch and deleteCollection", async () => {
    const pods = (await world.store()).resources(Pod);
    for (const labelSelector of ["a in", "=b", "a=b=c", "a in (b", "bad key!=x", "a,,b"]) {
      await refusal(pods.list({ labelSelector }), "INVALID_ARGUMENT");
      await refusal(pods.deleteCollection({ labelSelector }), "INVALID_ARGUMENT");
      await refusal((async () => pods.watch({ labelSelector }).ready())(), "INVALID_ARGUMENT");
    }
    for (const fieldSelector of ["spec.image=x", "nope=1", "spec.nodeName", "spec.nodeName in (a)"]) {
      await refusal(pods.list({ fieldSelector }), "INVALID_ARGUMENT");
    }
    await refusal(pods.list({ namespace: "../x" }), "INVALID_ARGUMENT");
    await refusal(pods.list({ namespace: "" }), "INVALID_ARGUMENT");
    await refusal(pods.get({ namespace: "default", name: "../x" }), "INVALID_ARGUMENT");
    await refusal(pods.delete({ namespace: "default", name: "" }), "INVALID_ARGUMENT");
  });

  test("a namespace is not its neighbour: a, a-b and ab", async () => {
    const store = await world.store();
    for (const name of ["a", "a-b", "ab"]) {
      await store.namespaces.create({ metadata: { name } });
      await store.resources(ConfigMap).create(configMap("x", {}, name));
    }
    const listed = await store.resources(ConfigMap).list({ namespace: "a" });
    expect(listed.items.map((m) => m.metadata.namespace)).toEqual(["a"]);
  });
});

describe("views", () => {
  test("defineView, jsonView and metadataView through the store", async () => {
    const pods = (await world.store()).resources(Pod);
    const made = await pods.create(pod("a", { labels: { app: "x" } }));
    const row = defineView<Pod, string>({
      name: "row",
      project: (p) => `${p.metadata.name} ${p.spec.image}`,
    });
    expect(await pods.as(row).get(at("a"))).toBe("a nginx");
    const bytes = await pods.as(jsonView).get(at("a"));
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(made);
    const { items } = await pods.as(metadataView).list({ labelSelector: "app=x" });
    expect(items).toEqual([{ apiVersion: "v1", kind: "Pod", metadata: made.metadata }]);
    const seen: unknown[] = [];
    const keys = defineView<Pod, readonly string[]>({
      name: "keys",
      from: "metadata",
      project: (p) => {
        seen.push(Object.keys(p).sort());
        return Object.keys(p.metadata);
      },
    });
    await pods.as(keys).get(at("a"));
    expect(seen).toEqual([["apiVersion", "kind", "metadata"]]);
    await using watch = pods.as(row).watch({ sendInitialEvents: true });
    for await (const event of watch) {
      if (event.type === "ADDED") expect(event.object).toBe("a nginx");
      break;
    }
  });
});

describe("an object that cannot be read", () => {
  test("does not hide the others: CORRUPT_OBJECT by default, skipped and reported with onCorrupt", async () => {
    const prefix = world.prefix();
    const store = await world.store({ prefix });
    const maps = store.resources(ConfigMap);
    for (const name of ["a", "b", "c"]) await maps.create(configMap(name));
    const since = await store.currentResourceVersion();
    await world.etcd.kv.put({ key: `${prefix}/configmaps/default/b`, value: new Uint8Array([1, 2, 3, 255]) });
    const error = await refusal(maps.list(), "CORRUPT_OBJECT");
    expect(error.details.key).toBe(`${prefix}/configmaps/default/b`);
    expect(error.httpStatus).toBe(500);
    await refusal(maps.get(at("b")), "CORRUPT_OBJECT");
    const reported: StoreError[] = [];
    const page = await maps.list({ onCorrupt: (e) => reported.push(e) });
    expect(page.items.map((m) => m.metadata.name)).toEqual(["a", "c"]);
    expect(reported.map((e) => isStoreError(e, "CORRUPT_OBJECT") && e.details.key)).toEqual([
      `${prefix}/configmaps/default/b`,
    ]);
    const ended = await refusal(
      (async () => {
        for await (const _ of maps.watch({ resourceVersion: since })) expect.unreachable();
      })(),
      "CORRUPT_OBJECT",
    );
    expect(ended.details.resourceVersion).toMatch(/^\d+$/);
    // What onCorrupt throws is the caller's.
    const mine = new Error("mine");
    expect(
      await thrownBy(
        maps.list({
          onCorrupt: () => {
            throw mine;
          },
        }),
      ),
    ).toBe(mine);
    await refusal(
      maps.update({ ...configMap("b"), apiVersion: "v1", kind: "ConfigMap" } as unknown as ConfigMap),
      "CORRUPT_OBJECT",
    );
    await within(store.health(), "health");
  });
});
