/** The contract's writes, as a stranger would try them: one promise a test. */
import { randomBytes } from "node:crypto";
import { type AnyResource, isPending, isStoreError, type Store, StoreError } from "keelson";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until, within, withTimeEnough } from "../support/patience.ts";
import {
  at,
  ConfigMap,
  configMap,
  Node,
  Pod,
  pod,
  refusal,
  startWorld,
  thrownBy,
  type World,
} from "./world.ts";

let world: World;
let store: Store;
beforeAll(async () => {
  world = await startWorld();
  store = await world.store();
});
afterAll(() => world?.[Symbol.asyncDispose]());

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

describe("update", () => {
  test("a stale resourceVersion is CONFLICT, none is last write wins", async () => {
    const maps = store.resources(ConfigMap);
    const made = await maps.create(configMap("cas"));
    const second = await maps.update({ ...made, data: { a: "2" } });
    await refusal(maps.update({ ...made, data: { a: "3" } }), "CONFLICT");
    const blind = await maps.update({
      ...made,
      metadata: { ...made.metadata, resourceVersion: undefined as unknown as string },
      data: { a: "4" },
    });
    expect(blind.data).toEqual({ a: "4" });
    expect(BigInt(blind.metadata.resourceVersion)).toBeGreaterThan(BigInt(second.metadata.resourceVersion));
  });

  test("an empty resourceVersion or zero is never meaningful", async () => {
    const maps = store.resources(ConfigMap);
    const made = await maps.create(configMap("zero"));
    for (const resourceVersion of ["0", "-1", "abc", "1e3", "0x1", " 5", "99999999999999999999999"]) {
      await refusal(
        maps.update({ ...made, metadata: { ...made.metadata, resourceVersion } }),
        "INVALID_OBJECT",
        "INVALID_ARGUMENT",
      );
    }
  });

  test("an absent object is NOT_FOUND, another uid CONFLICT", async () => {
    const maps = store.resources(ConfigMap);
    const made = await maps.create(configMap("uid"));
    await maps.delete(at("uid"));
    await refusal(maps.update(made), "NOT_FOUND");
    const again = await maps.create(configMap("uid"));
    await refusal(
      maps.update({
        ...made,
        metadata: { ...made.metadata, resourceVersion: again.metadata.resourceVersion },
      }),
      "CONFLICT",
    );
    await refusal(
      maps.update({
        ...made,
        metadata: { ...made.metadata, resourceVersion: undefined as unknown as string },
      }),
      "CONFLICT",
    );
  });

  test("nothing changed: no write, the version stays", async () => {
    const maps = store.resources(ConfigMap);
    const made = await maps.create(configMap("same"));
    const again = await maps.update({ data: { a: "1" }, ...made });
    expect(again.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    const blind = {
      ...made,
      metadata: { ...made.metadata, resourceVersion: undefined as unknown as string },
    };
    expect((await maps.update(blind)).metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  });

  test("what the store owns cannot be changed: uid, creationTimestamp, generation, deletionTimestamp", async () => {
    const maps = store.resources(ConfigMap);
    const made = await maps.create(configMap("immutable"));
    const next = await maps.update({
      ...made,
      data: { a: "2" },
      metadata: {
        ...made.metadata,
        generation: 99,
        creationTimestamp: "2001-01-01T00:00:00Z",
        deletionTimestamp: "2001-01-01T00:00:00Z",
      },
    });
    expect(next.metadata.creationTimestamp).toBe(made.metadata.creationTimestamp);
    expect(next.metadata.deletionTimestamp).toBeUndefined();
    expect(next.metadata.generation).toBe(2);
  });

  test("labels alone do not raise generation, spec does", async () => {
    const pods = store.resources(Pod);
    const made = await pods.create(pod("gen"));
    const labelled = await pods.update({ ...made, metadata: { ...made.metadata, labels: { a: "b" } } });
    expect(labelled.metadata.generation).toBe(1);
    const changed = await pods.update({ ...labelled, spec: { image: "other" } });
    expect(changed.metadata.generation).toBe(2);
  });

  test("preconditions that fail are PRECONDITION_FAILED", async () => {
    const maps = store.resources(ConfigMap);
    const made = await maps.create(configMap("pre"));
    await refusal(maps.update(made, { preconditions: { uid: "other" } }), "PRECONDITION_FAILED");
    await refusal(maps.update(made, { preconditions: { resourceVersion: "1" } }), "PRECONDITION_FAILED");
    await refusal(maps.update(made, { preconditions: { resourceVersion: "" } }), "INVALID_ARGUMENT");
    const next = await maps.update(
      { ...made, data: {} },
      { preconditions: { uid: made.metadata.uid, resourceVersion: made.metadata.resourceVersion } },
    );
    expect(next.data).toEqual({});
  });
});

describe("the status subresource", () => {
  test("update leaves status, status leaves the rest, all writes both", async () => {
    const pods = store.resources(Pod);
    const made = await pods.create(pod("st"));
    const status = await pods.update(
      { ...made, spec: { image: "ignored" }, status: { phase: "Running" } },
      { subresource: "status" },
    );
    expect(status.spec.image).toBe("nginx");
    expect(status.status).toEqual({ phase: "Running" });
    expect(status.metadata.generation).toBe(1);
    const spec = await pods.update({ ...status, spec: { image: "new" }, status: { phase: "ignored" } });
    expect(spec.status).toEqual({ phase: "Running" });
    expect(spec.spec.image).toBe("new");
    expect(spec.metadata.generation).toBe(2);
    const all = await pods.update(
      { ...spec, spec: { image: "new", nodeName: "n1" }, status: { phase: "Bound" } },
      { subresource: "all" },
    );
    expect(all.spec.nodeName).toBe("n1");
    expect(all.status).toEqual({ phase: "Bound" });
    expect(all.metadata.generation).toBe(3);
  });

  test("update without status in the object keeps the stored status", async () => {
    const pods = store.resources(Pod);
    const made = await pods.create(pod("st-keep"));
    await pods.update({ ...made, status: { phase: "Running" } }, { subresource: "status" });
    const { status: _, ...rest } = await pods.get(at("st-keep"));
    const next = await pods.update({ ...rest, spec: { image: "2" } });
    expect(next.status).toEqual({ phase: "Running" });
  });

  test("a status write changes no labels, annotations or finalizers", async () => {
    const pods = store.resources(Pod);
    const made = await pods.create(pod("st-meta", { labels: { app: "a" } }));
    const next = await pods.update(
      {
        ...made,
        metadata: { ...made.metadata, labels: { app: "b" }, finalizers: ["example.com/f"] },
        status: { phase: "X" },
      },
      { subresource: "status" },
    );
    expect(next.metadata.labels).toEqual({ app: "a" });
    expect(next.metadata.finalizers).toBeUndefined();
  });

  test("guaranteedUpdate takes the subresource too", async () => {
    const pods = store.resources(Pod);
    await pods.create(pod("st-gu"));
    const next = await pods.guaranteedUpdate(
      at("st-gu"),
      (p) => ({ ...p, spec: { image: "no" }, status: { phase: "Yes" } }),
      { subresource: "status" },
    );
    expect(next.spec.image).toBe("nginx");
    expect(next.status).toEqual({ phase: "Yes" });
  });

  test("status of a kind without one, or an unknown subresource, is INVALID_ARGUMENT", async () => {
    const maps = store.resources(ConfigMap);
    const made = await maps.create(configMap("no-status"));
    await refusal(maps.update(made, { subresource: "status" }), "INVALID_ARGUMENT");
    await refusal(maps.update(made, { subresource: "scale" as "status" }), "INVALID_ARGUMENT");
  });
});

describe("guaranteedUpdate", () => {
  test("current is the caller's own: changed in place, it is written", async () => {
    const maps = store.resources(ConfigMap);
    await maps.create(configMap("in-place"));
    const next = await maps.guaranteedUpdate(at("in-place"), (current) => {
      current.data = { changed: "yes" };
      return current;
    });
    expect(next.data).toEqual({ changed: "yes" });
    expect((await maps.get(at("in-place"))).data).toEqual({ changed: "yes" });
  });

  test("what mutate throws is thrown, the very same", async () => {
    const maps = store.resources(ConfigMap);
    await maps.create(configMap("throws"));
    const mine = new Error("mine");
    expect(
      await thrownBy(
        maps.guaranteedUpdate(at("throws"), () => {
          throw mine;
        }),
      ),
    ).toBe(mine);
    expect(await thrownBy(maps.guaranteedUpdate(at("throws"), () => Promise.reject(mine)))).toBe(mine);
  });

  test("absent is NOT_FOUND, and mutate is not run", async () => {
    const maps = store.resources(ConfigMap);
    let runs = 0;
    await refusal(
      maps.guaranteedUpdate(at("absent"), (c) => {
        runs += 1;
        return c;
      }),
      "NOT_FOUND",
    );
    expect(runs).toBe(0);
  });

  test("createIfMissing's draft is stored as it is; mutate is not run on it", async () => {
    const maps = store.resources(ConfigMap);
    let runs = 0;
    const run = () =>
      maps.guaranteedUpdate(
        at("missing"),
        (c) => {
          runs += 1;
          return { ...c, data: { mutated: "yes" } };
        },
        { createIfMissing: () => configMap("missing", { created: "yes" }) },
      );
    expect((await run()).data).toEqual({ created: "yes" });
    expect(runs).toBe(0);
    expect((await run()).data).toEqual({ mutated: "yes" });
    expect(runs).toBe(1);
  });

  test("16 racers with createIfMissing lose nothing", async () => {
    const maps = store.resources(ConfigMap);
    const results = await Promise.all(
      Array.from({ length: 16 }, () =>
        maps.guaranteedUpdate(
          at("raced"),
          (c) => ({ ...c, data: { n: String(Number(c.data?.["n"]) + 1) } }),
          {
            createIfMissing: () => configMap("raced", { n: "1" }),
          },
        ),
      ),
    );
    expect((await maps.get(at("raced"))).data).toEqual({ n: "16" });
    expect(new Set(results.map((r) => r.data?.["n"])).size).toBe(16);
  });

  test("mutate that returns another name, or no object, is INVALID_OBJECT", async () => {
    const maps = store.resources(ConfigMap);
    await maps.create(configMap("identity"));
    await refusal(
      maps.guaranteedUpdate(at("identity"), () => configMap("other")),
      "INVALID_OBJECT",
    );
    await refusal(
      maps.guaranteedUpdate(at("identity"), () => undefined as unknown as ReturnType<typeof configMap>),
      "INVALID_OBJECT",
    );
  });

  test("mutate that keeps current is no write", async () => {
    const maps = store.resources(ConfigMap);
    const made = await maps.create(configMap("noop"));
    const next = await maps.guaranteedUpdate(at("noop"), (c) => c);
    expect(next).toEqual(made);
  });

  test("an aborted signal reaches mutate and rejects with its reason", async () => {
    const maps = store.resources(ConfigMap);
    await maps.create(configMap("abort"));
    const reason = new Error("enough");
    const control = new AbortController();
    const error = await thrownBy(
      maps.guaranteedUpdate(
        at("abort"),
        (_c, { signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(new Error("from mutate")));
            control.abort(reason);
          }),
        { signal: control.signal },
      ),
    );
    expect(error).toBe(reason);
  });

  test("mutate sees attempts counted from 1, and is run again when another writer was first", async () => {
    const maps = store.resources(ConfigMap);
    const other = await world.store({ prefix: "/race" });
    const mine = await world.store({ prefix: "/race" });
    await other.resources(ConfigMap).create(configMap("contended", { n: "0" }));
    const numbers: number[] = [];
    const next = await mine.resources(ConfigMap).guaranteedUpdate(at("contended"), async (c, { number }) => {
      numbers.push(number);
      if (numbers.length === 1) {
        await other
          .resources(ConfigMap)
          .guaranteedUpdate(at("contended"), (o) => ({ ...o, data: { n: "5" } }));
      }
      return { ...c, data: { n: String(Number(c.data?.["n"]) + 1) } };
    });
    expect(next.data).toEqual({ n: "6" });
    expect(numbers[0]).toBe(1);
    expect(numbers.length).toBeGreaterThan(1);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(maps).toBeDefined();
  });
});

describe("delete", () => {
  test("gives the last state with the deletion's version, then NOT_FOUND", async () => {
    const maps = store.resources(ConfigMap);
    const made = await maps.create(configMap("gone"));
    const last = await maps.delete(at("gone"));
    expect(last.data).toEqual(made.data);
    expect(isPending(last)).toBe(false);
    expect(BigInt(last.metadata.resourceVersion)).toBeGreaterThan(BigInt(made.metadata.resourceVersion));
    await refusal(maps.delete(at("gone")), "NOT_FOUND");
  });

  test("preconditions and validate hold it back", async () => {
    const maps = store.resources(ConfigMap);
    const made = await maps.create(configMap("guarded"));
    await refusal(maps.delete(at("guarded"), { preconditions: { uid: "no" } }), "PRECONDITION_FAILED");
    await refusal(
      maps.delete(at("guarded"), { preconditions: { resourceVersion: "1" } }),
      "PRECONDITION_FAILED",
    );
    const mine = new Error("not this one");
    expect(
      await thrownBy(
        maps.delete(at("guarded"), {
          validate: () => {
            throw mine;
          },
        }),
      ),
    ).toBe(mine);
    expect((await maps.get(at("guarded"))).metadata.uid).toBe(made.metadata.uid);
    await maps.delete(at("guarded"), { preconditions: { uid: made.metadata.uid } });
  });

  test("finalizers keep it, marked; the last one removed removes it", async () => {
    const maps = store.resources(ConfigMap);
    await maps.create({
      metadata: { name: "final", namespace: "default", finalizers: ["example.com/a", "example.com/b"] },
    });
    const marked = await maps.delete(at("final"));
    expect(isPending(marked)).toBe(true);
    expect(marked.metadata.deletionTimestamp).toMatch(/Z$/);
    const again = await maps.delete(at("final"));
    expect(again.metadata.deletionTimestamp).toBe(marked.metadata.deletionTimestamp);
    await refusal(
      maps.guaranteedUpdate(at("final"), (c) => ({
        ...c,
        metadata: { ...c.metadata, finalizers: [...(c.metadata.finalizers ?? []), "example.com/late"] },
      })),
      "INVALID_OBJECT",
    );
    const one = await maps.guaranteedUpdate(at("final"), (c) => ({
      ...c,
      metadata: { ...c.metadata, finalizers: ["example.com/b"] },
    }));
    expect(isPending(one)).toBe(true);
    const none = await maps.guaranteedUpdate(at("final"), (c) => ({
      ...c,
      metadata: { ...c.metadata, finalizers: [] },
    }));
    expect(isPending(none)).toBe(false);
    await refusal(maps.get(at("final")), "NOT_FOUND");
  });

  test("update() that removes the last finalizer of a marked object removes it", async () => {
    const maps = store.resources(ConfigMap);
    await maps.create({
      metadata: { name: "final-up", namespace: "default", finalizers: ["example.com/a"] },
    });
    const marked = await maps.delete(at("final-up"));
    const last = await maps.update({ ...marked, metadata: { ...marked.metadata, finalizers: undefined } });
    expect(isPending(last)).toBe(false);
    await refusal(maps.get(at("final-up")), "NOT_FOUND");
  });

  test("a grace period only marks; a later delete with 0 finishes; keelson reaps nothing", async () => {
    const pods = store.resources(Pod);
    await pods.create(pod("graceful"));
    const marked = await pods.delete(at("graceful"), { gracePeriodSeconds: 30 });
    expect(isPending(marked)).toBe(true);
    expect(marked.metadata.deletionGracePeriodSeconds).toBe(30);
    const shorter = await pods.delete(at("graceful"), { gracePeriodSeconds: 10 });
    expect(shorter.metadata.deletionGracePeriodSeconds).toBe(10);
    expect(isPending(shorter)).toBe(true);
    const longer = await pods.delete(at("graceful"), { gracePeriodSeconds: 60 });
    expect(longer.metadata.deletionGracePeriodSeconds).toBe(10);
    const last = await pods.delete(at("graceful"), { gracePeriodSeconds: 0 });
    expect(isPending(last)).toBe(false);
    await refusal(pods.get(at("graceful")), "NOT_FOUND");
  });

  test("an object waiting for its grace period can be updated", async () => {
    const pods = store.resources(Pod);
    await pods.create(pod("waiting"));
    await pods.delete(at("waiting"), { gracePeriodSeconds: 30 });
    const next = await pods.guaranteedUpdate(
      at("waiting"),
      (p) => ({ ...p, status: { phase: "Stopping" } }),
      { subresource: "status" },
    );
    expect(next.status).toEqual({ phase: "Stopping" });
    expect(isPending(next)).toBe(true);
    expect((await pods.get(at("waiting"))).metadata.deletionGracePeriodSeconds).toBe(30);
  });

  test("gracePeriodSeconds as a function sees the current object", async () => {
    const pods = store.resources(Pod);
    await pods.create(pod("fn", { nodeName: "n1" }));
    await pods.create(pod("fn-unbound"));
    const grace = (p: Pod) => (p.spec.nodeName === undefined ? 0 : 30);
    expect(isPending(await pods.delete(at("fn"), { gracePeriodSeconds: grace }))).toBe(true);
    expect(isPending(await pods.delete(at("fn-unbound"), { gracePeriodSeconds: grace }))).toBe(false);
    await refusal(pods.delete(at("fn"), { gracePeriodSeconds: -1 }), "INVALID_ARGUMENT");
    await refusal(pods.delete(at("fn"), { gracePeriodSeconds: Number.NaN }), "INVALID_ARGUMENT");
  });

  test("a first delete by default is at once, without finalizers", async () => {
    const pods = store.resources(Pod);
    await pods.create(pod("default-grace"));
    expect(isPending(await pods.delete(at("default-grace")))).toBe(false);
  });

  test("Foreground and Orphan are kept as finalizers, Background takes them away", async () => {
    const maps = store.resources(ConfigMap);
    await maps.create(configMap("fg"));
    const foreground = await maps.delete(at("fg"), { propagationPolicy: "Foreground" });
    expect(foreground.metadata.finalizers).toEqual(["foregroundDeletion"]);
    expect(isPending(foreground)).toBe(true);
    const orphan = await maps.delete(at("fg"), { propagationPolicy: "Orphan" });
    expect(orphan.metadata.finalizers).toEqual(["orphan"]);
    const background = await maps.delete(at("fg"), { propagationPolicy: "Background" });
    expect(isPending(background)).toBe(false);
    await refusal(maps.get(at("fg")), "NOT_FOUND");
    await maps.create(configMap("bad-policy"));
    await refusal(
      maps.delete(at("bad-policy"), { propagationPolicy: "Sideways" as "Orphan" }),
      "INVALID_ARGUMENT",
    );
  });
});

describe("dryRun", () => {
  test("of every verb answers as the write would, and writes nothing", async () => {
    const maps = store.resources(ConfigMap);
    const before = await store.currentResourceVersion();
    const draft = await maps.create(configMap("dry"), { dryRun: true });
    expect(draft.metadata.uid).not.toBe("");
    await refusal(maps.get(at("dry")), "NOT_FOUND");
    expect(await world.writtenAfter(before)).toEqual([]);
    await refusal(
      maps.update({ ...draft, metadata: { ...draft.metadata, resourceVersion: before } }, { dryRun: true }),
      "NOT_FOUND",
    );
    const made = await maps.create(configMap("dry"));
    await refusal(maps.create(configMap("dry"), { dryRun: true }), "ALREADY_EXISTS");
    const updated = await maps.update({ ...made, data: { b: "2" } }, { dryRun: true });
    expect(updated.data).toEqual({ b: "2" });
    const mutated = await maps.guaranteedUpdate(at("dry"), (c) => ({ ...c, data: { c: "3" } }), {
      dryRun: true,
    });
    expect(mutated.data).toEqual({ c: "3" });
    await refusal(maps.update(made, { dryRun: true, preconditions: { uid: "x" } }), "PRECONDITION_FAILED");
    const gone = await maps.delete(at("dry"), { dryRun: true });
    expect(isPending(gone)).toBe(false);
    const counted = await maps.deleteCollection({
      namespace: "default",
      fieldSelector: "metadata.name=dry",
      dryRun: true,
    });
    expect(counted.deleted).toBe(1);
    expect(await maps.get(at("dry"))).toEqual(made);
    const created = await maps.guaranteedUpdate(at("dry-missing"), (c) => c, {
      dryRun: true,
      createIfMissing: () => configMap("dry-missing"),
    });
    expect(created.metadata.name).toBe("dry-missing");
    await refusal(maps.get(at("dry-missing")), "NOT_FOUND");
    await refusal(maps.create(configMap("dry", {}, "nowhere"), { dryRun: true }), "NAMESPACE_NOT_FOUND");
  });
});

describe("deleteCollection", () => {
  test("takes what the selectors match, in one namespace or in all", async () => {
    const pods = (await world.store()).resources(Pod);
    for (const name of ["a", "b", "c"])
      await pods.create(pod(name, { labels: { app: name === "c" ? "keep" : "go" } }));
    await pods.create({
      ...pod("d", { labels: { app: "go" } }),
      metadata: { name: "d", namespace: "kube-system", labels: { app: "go" } },
    });
    expect(await pods.deleteCollection({ namespace: "default", labelSelector: "app=go" })).toEqual({
      deleted: 2,
    });
    expect((await pods.list()).items.map((p) => p.metadata.name)).toEqual(["c", "d"]);
    expect(await pods.deleteCollection({ labelSelector: { matchLabels: { app: "go" } } })).toEqual({
      deleted: 1,
    });
    expect(await pods.deleteCollection()).toEqual({ deleted: 1 });
    expect(await pods.deleteCollection()).toEqual({ deleted: 0 });
  });

  test("validate holds back, and its error is thrown", async () => {
    const pods = (await world.store()).resources(Pod);
    await pods.create(pod("held"));
    const mine = new Error("no");
    expect(
      await thrownBy(
        pods.deleteCollection({
          validate: () => {
            throw mine;
          },
        }),
      ),
    ).toBe(mine);
    expect((await pods.list()).items.length).toBe(1);
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

describe("aborts and timeouts", () => {
  const verbs = (
    s: Store,
  ): Record<string, (call: { signal?: AbortSignal; timeoutMs?: number }) => Promise<unknown>> => {
    const maps = s.resources(ConfigMap);
    const object = { ...configMap("v"), apiVersion: "v1", kind: "ConfigMap" } as unknown as ConfigMap;
    return {
      get: (call) => maps.get(at("v"), call),
      list: (call) => maps.list(call),
      create: (call) => maps.create(configMap("v-new"), call),
      update: (call) => maps.update(object, call),
      guaranteedUpdate: (call) => maps.guaranteedUpdate(at("v"), (c) => c, call),
      delete: (call) => maps.delete(at("v"), call),
      deleteCollection: (call) => maps.deleteCollection({ ...call, labelSelector: "no=one" }),
      // A bulk load that was sent resolves with an outcome for each.
      createMany: async (call) => {
        for (const outcome of await maps.createMany([configMap("v-many")], call)) {
          if (outcome instanceof StoreError) throw outcome;
        }
      },
      currentResourceVersion: (call) => s.currentResourceVersion(call),
      "quotas.set": (call) => s.quotas.set("default", { hard: { "count/pods": 5 } }, call),
      "quotas.get": (call) => s.quotas.get("default", call),
      "quotas.list": (call) => s.quotas.list(call),
      "quotas.remove": (call) => s.quotas.remove("default", call),
      "quotas.reconcile": (call) => s.quotas.reconcile("default", call),
      rewrite: (call) => s.rewrite(ConfigMap, call),
      addKind: (call) => s.addKind(ConfigMap, call),
      "watch.ready": (call) => maps.watch().ready(call),
      "namespaces.get": (call) => s.namespaces.get({ name: "default" }, call),
    };
  };

  test("an aborted signal rejects every verb with its own reason, and writes nothing", async () => {
    const mine = await world.store();
    await mine.resources(ConfigMap).create(configMap("v"));
    const before = await mine.currentResourceVersion();
    const kept = await mine.resources(ConfigMap).list();
    const reason = { any: "thing" };
    for (const [verb, run] of Object.entries(verbs(mine))) {
      expect(await thrownBy(run({ signal: AbortSignal.abort(reason) })), verb).toBe(reason);
    }
    expect(await world.writtenAfter(before)).toEqual([]);
    expect((await mine.resources(ConfigMap).list()).items).toEqual(kept.items);
  });

  test("a bad timeoutMs is INVALID_ARGUMENT of every verb", async () => {
    for (const [verb, run] of Object.entries(verbs(store))) {
      for (const timeoutMs of [0, -1, Number.NaN]) {
        const error = await thrownBy(run({ timeoutMs }));
        expect(isStoreError(error, "INVALID_ARGUMENT"), `${verb} ${timeoutMs} ${error}`).toBe(true);
      }
    }
  });

  test("while etcd does not answer, timeoutMs rejects with DEADLINE, UNAVAILABLE or, for a write, OUTCOME_UNKNOWN", async () => {
    await using other = await startWorld();
    const mine = await other.store();
    await mine.resources(ConfigMap).create(configMap("v"));
    await other.server.pause();
    try {
      await Promise.all(
        Object.entries(verbs(mine)).map(async ([verb, run]) => {
          // What forgot its own time would wait for half a minute: patientMs.
          const error = await within(thrownBy(run({ timeoutMs: 300 })), `${verb} in time`, 20_000);
          if (!isStoreError(error, "DEADLINE", "UNAVAILABLE", "OUTCOME_UNKNOWN")) {
            throw new Error(`${verb}: ${error}`);
          }
          if (
            ["get", "list", "currentResourceVersion", "watch.ready", "quotas.get", "quotas.list"].includes(
              verb,
            )
          ) {
            expect(error.code, verb).toBe("DEADLINE");
          }
          if (error.code === "OUTCOME_UNKNOWN") {
            expect(error.details).toMatchObject({ writeId: expect.any(String), key: expect.any(String) });
          }
        }),
      );
      const reason = new Error("stop waiting");
      const control = new AbortController();
      const pending = mine.resources(ConfigMap).get(at("v"), { signal: control.signal });
      control.abort(reason);
      expect(await thrownBy(pending)).toBe(reason);
      const control2 = new AbortController();
      const writing = mine.resources(ConfigMap).create(configMap("w"), { signal: control2.signal });
      setTimeout(() => control2.abort(reason), 50);
      expect(await thrownBy(writing)).toBe(reason);
      const health = await within(mine.health({ timeoutMs: 500 }), "health");
      expect(health.ok).toBe(false);
      expect(health.problems.length).toBeGreaterThan(0);
    } finally {
      other.server.resume();
    }
    await until(async () => (await mine.health()).ok, "healthy again");
    expect((await mine.resources(ConfigMap).list()).items.length).toBeGreaterThan(0);
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
