/** The contract's writes, as a stranger would try them: update and the status subresource. One promise a test. */
import type { Store } from "keelson";
import { beforeAll, describe, expect, test } from "vitest";
import { refusal } from "../../support/failures.ts";
import { at, ConfigMap, configMap, Pod, pod, worldForAll } from "../world.ts";

const world = worldForAll();
let store: Store;
beforeAll(async () => {
  store = await world.store();
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
