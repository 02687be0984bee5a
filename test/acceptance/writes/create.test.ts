/** The contract's writes, as a stranger would try them: create, createMany and times to live. One promise a test. */
import { randomBytes } from "node:crypto";
import { type AnyResource, isStoreError, type Store, StoreError } from "keelson";
import { beforeAll, describe, expect, test } from "vitest";
import { refusal, thrownBy } from "../../support/failures.ts";
import { within, withTimeEnough } from "../../support/time/patience.ts";
import { at, ConfigMap, configMap, Node, Pod, pod, worldForAll } from "../world.ts";

const world = worldForAll();
let store: Store;
beforeAll(async () => {
  store = await world.store();
});

describe("create", () => {
  test("fills in what the store owns, whatever the draft says", async () => {
    const made = await store.resources(Pod).create({
      ...pod("owned"),
      metadata: {
        ...pod("owned").metadata,
        generation: 77,
        creationTimestamp: "2001-01-01T00:00:00Z",
        deletionTimestamp: "2001-01-01T00:00:00Z",
        deletionGracePeriodSeconds: 5,
      },
    });
    expect(made.apiVersion).toBe("v1");
    expect(made.kind).toBe("Pod");
    expect(made.metadata.generation).toBe(1);
    expect(made.metadata.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    expect(made.metadata.creationTimestamp).toMatch(/^20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(made.metadata.creationTimestamp).not.toBe("2001-01-01T00:00:00Z");
    expect(made.metadata.deletionTimestamp).toBeUndefined();
    expect(made.metadata.deletionGracePeriodSeconds).toBeUndefined();
    expect(await store.resources(Pod).get(at("owned"))).toEqual(made);
  });

  test("a draft may carry a status, and it is stored", async () => {
    const made = await store.resources(Pod).create({ ...pod("fresh"), status: { phase: "Running" } });
    expect(made.status).toEqual({ phase: "Running" });
    expect((await store.resources(Pod).get(at("fresh"))).status).toEqual({ phase: "Running" });
  });

  test("a resourceVersion in the draft is refused", async () => {
    const draft = pod("versioned");
    await refusal(
      store.resources(Pod).create({ ...draft, metadata: { ...draft.metadata, resourceVersion: "5" } }),
      "INVALID_OBJECT",
      "INVALID_ARGUMENT",
    );
  });

  test("another apiVersion, kind or no namespace is INVALID_OBJECT", async () => {
    const pods = store.resources(Pod);
    await refusal(pods.create({ ...pod("x"), kind: "Job" }), "INVALID_OBJECT");
    await refusal(pods.create({ ...pod("x"), apiVersion: "v9" }), "INVALID_OBJECT");
    await refusal(pods.create({ metadata: { name: "x" }, spec: { image: "i" } }), "INVALID_OBJECT");
    await refusal(
      store.resources(Node).create({ metadata: { name: "x", namespace: "default" } }),
      "INVALID_OBJECT",
    );
  });

  test("generateName makes distinct names and keeps the field", async () => {
    const draft = { metadata: { generateName: "gen-", namespace: "default" }, spec: { image: "i" } };
    const made = await Promise.all(Array.from({ length: 20 }, () => store.resources(Pod).create(draft)));
    expect(new Set(made.map((p) => p.metadata.name)).size).toBe(20);
    for (const { metadata } of made) {
      expect(metadata.name).toMatch(/^gen-[a-z0-9]{5,}$/);
      expect(metadata.generateName).toBe("gen-");
    }
  });

  test("a name given beside generateName is the name", async () => {
    const made = await store.resources(Pod).create({
      metadata: { name: "both", generateName: "gen-", namespace: "default" },
      spec: { image: "i" },
    });
    expect(made.metadata.name).toBe("both");
  });

  test("the same name twice is ALREADY_EXISTS, and a draft is never changed", async () => {
    const draft = pod("twice");
    const before = structuredClone(draft);
    await store.resources(Pod).create(draft);
    expect(draft).toEqual(before);
    const error = await refusal(store.resources(Pod).create(draft), "ALREADY_EXISTS");
    expect(error.httpStatus).toBe(409);
    expect(error.toStatus()).toMatchObject({
      kind: "Status",
      status: "Failure",
      reason: "AlreadyExists",
      code: 409,
    });
  });

  test("a cluster-scoped object has no namespace", async () => {
    const made = await store.resources(Node).create({ metadata: { name: "node-1" } });
    expect(made.metadata.namespace).toBeUndefined();
    expect((await store.resources(Node).get({ name: "node-1" })).metadata.uid).toBe(made.metadata.uid);
    await refusal(store.resources(Node).get({ name: "node-1", namespace: "default" }), "INVALID_ARGUMENT");
    await refusal(store.resources(Pod).get({ name: "node-1" }), "INVALID_ARGUMENT");
  });

  test("a frozen draft and a class instance's plain fields are stored as they read", async () => {
    const frozen = Object.freeze({
      ...configMap("frozen"),
      metadata: Object.freeze(configMap("frozen").metadata),
    });
    expect((await store.resources(ConfigMap).create(frozen)).data).toEqual({ a: "1" });
  });

  test("undefined fields are not stored", async () => {
    const made = await store.resources(Pod).create({
      metadata: { name: "holes", namespace: "default", labels: undefined, annotations: undefined },
      spec: { image: "i", nodeName: undefined as unknown as string },
    });
    expect(Object.keys(made.spec)).toEqual(["image"]);
    expect("labels" in made.metadata).toBe(false);
    expect(await store.resources(Pod).get(at("holes"))).toEqual(made);
  });
});

describe("createMany", () => {
  test("outcomes are independent, in the drafts' order", async () => {
    const maps = (await world.store()).resources(ConfigMap);
    await maps.create(configMap("m-1"));
    const progress: number[] = [];
    const outcomes = await maps.createMany(
      [
        configMap("m-0"),
        configMap("m-1"),
        configMap("BAD NAME"),
        configMap("m-3", {}, "nowhere"),
        configMap("m-0"),
        { metadata: { generateName: "m-", namespace: "default" } },
      ],
      { onProgress: ({ done }) => progress.push(done) },
    );
    expect(outcomes.map((o) => (o instanceof StoreError ? o.code : "made"))).toEqual([
      "made",
      "ALREADY_EXISTS",
      "INVALID_OBJECT",
      "NAMESPACE_NOT_FOUND",
      "ALREADY_EXISTS",
      "made",
    ]);
    expect(progress.at(-1)).toBe(6);
    expect((await maps.list()).items.length).toBe(3);
    for (const outcome of outcomes) {
      if (outcome instanceof StoreError) continue;
      expect(await maps.get(at(outcome.metadata.name))).toEqual(outcome);
    }
  });

  test("of nothing is nothing", async () => {
    expect(await store.resources(ConfigMap).createMany([])).toEqual([]);
  });

  test("its time over in the middle: what is stored is told as stored, what was not sent as DEADLINE", async () => {
    const maps = (await world.store()).resources(ConfigMap);
    const told = await withTimeEnough(500, async (timeoutMs) => {
      const drafts = Array.from({ length: 1_500 }, (_, i) => configMap(`late-${timeoutMs}-${i}`));
      let isOver = false;
      // Whoever is told of the first progress keeps the process busy until the call's time is surely over.
      const onProgress = (): void => {
        for (const endMs = performance.now() + timeoutMs; !isOver; ) isOver = performance.now() >= endMs;
      };
      const outcomes = await maps.createMany(drafts, { timeoutMs, onProgress });
      const stored = new Set((await maps.list()).items.map(({ metadata }) => metadata.name));
      expect(outcomes).toHaveLength(drafts.length);
      const words = outcomes.map((outcome) => (outcome instanceof StoreError ? outcome.code : "made"));
      for (const [i, word] of words.entries()) {
        if (word === "OUTCOME_UNKNOWN") continue;
        expect([word, stored.has(`late-${timeoutMs}-${i}`)]).toEqual([word, word === "made"]);
      }
      // Over before the first chunk was in: nothing to see.
      return words.includes("made") ? new Set(words) : undefined;
    });
    expect([...told].sort()).toEqual(expect.arrayContaining(["DEADLINE", "made"]));
  });

  test("an aborted signal rejects with its reason", async () => {
    const reason = new Error("stop");
    const maps = store.resources(ConfigMap);
    expect(await thrownBy(maps.createMany([configMap("never")], { signal: AbortSignal.abort(reason) }))).toBe(
      reason,
    );
  });
});

describe("ttl", () => {
  test("an object with a ttl goes by itself; one kept alive by an update with ttlSeconds stays longer", async () => {
    const maps = (await world.store()).resources(ConfigMap);
    await withTimeEnough(2_000, async (ttlMs) => {
      const ttlSeconds = ttlMs / 1_000;
      const begunMs = performance.now();
      const name = (what: string): string => `${what}-${ttlSeconds}`;
      const short = await maps.create(configMap(name("short")), { ttlSeconds });
      let kept: ConfigMap;
      try {
        const long = await maps.create(configMap(name("long")), { ttlSeconds });
        kept = await maps.update(long, { ttlSeconds: 3600 });
        const plain = await maps.create(configMap(name("plain")), { ttlSeconds });
        // Without ttlSeconds an update keeps what is left.
        await maps.update({ ...plain, data: { changed: "yes" } });
      } catch (error) {
        // Gone between create and update: only when that took as long as it was to live.
        if (isStoreError(error, "NOT_FOUND") && performance.now() - begunMs >= ttlMs) return undefined;
        throw error;
      }
      const names: string[] = [];
      const reading = (async () => {
        const { resourceVersion } = short.metadata;
        for await (const event of maps.watch({ resourceVersion })) {
          if (event.type === "DELETED") names.push(event.object.metadata.name);
          if (names.length === 2) break;
        }
      })();
      await within(reading, "expiry");
      expect(names.sort()).toEqual([name("plain"), name("short")]);
      expect((await maps.get(at(name("long")))).data).toEqual(kept.data);
      return "told";
    });
  });

  test("below etcd's minimum, or not a number, is INVALID_ARGUMENT", async () => {
    const maps = store.resources(ConfigMap);
    for (const ttlSeconds of [-1, 0, Number.NaN, Number.POSITIVE_INFINITY, "5" as unknown as number]) {
      await refusal(maps.create(configMap("ttl-bad"), { ttlSeconds }), "INVALID_ARGUMENT");
    }
  });
});

describe("bad objects", () => {
  test("are INVALID_OBJECT with the field, or TOO_LARGE, before anything is sent", async () => {
    const maps = store.resources(ConfigMap);
    const before = await store.currentResourceVersion();
    const bad: [string, unknown][] = [
      ["upper case", configMap("Upper")],
      ["slash", configMap("a/b")],
      ["dots", configMap("..")],
      ["newline", configMap("a\n")],
      ["long", configMap("a".repeat(254))],
      ["namespace", configMap("a", {}, "A_B")],
      ["label", { metadata: { name: "a", namespace: "default", labels: { "bad key!": "x" } } }],
      ["label value", { metadata: { name: "a", namespace: "default", labels: { k: "x".repeat(64) } } }],
      [
        "annotations",
        { metadata: { name: "a", namespace: "default", annotations: { k: "x".repeat(300_000) } } },
      ],
      ["NaN", { ...configMap("a"), data: { n: Number.NaN } }],
      ["unsafe", { ...configMap("a"), data: { n: 2 ** 53 + 2 } }],
      ["bigint", { ...configMap("a"), data: { n: 5n } }],
      ["function", { ...configMap("a"), data: { n: () => 1 } }],
      ["null", null],
      ["array", []],
      ["no metadata", { data: {} }],
      ["finalizer", { metadata: { name: "a", namespace: "default", finalizers: ["not ok!"] } }],
    ];
    for (const [what, draft] of bad) {
      const error = await thrownBy(maps.create(draft as ReturnType<typeof configMap>));
      expect(isStoreError(error, "INVALID_OBJECT"), `${what}: ${error}`).toBe(true);
    }
    const cyclic: AnyResource["spec"] = {};
    (cyclic as { self?: unknown }).self = cyclic;
    await refusal(
      maps.create({ ...configMap("a"), data: cyclic as Record<string, string> }),
      "INVALID_OBJECT",
    );
    await refusal(
      maps.create(configMap("a", { big: randomBytes(3_000_000).toString("base64") })),
      "TOO_LARGE",
    );
    expect(await world.writtenAfter(before)).toEqual([]);
  });
});
