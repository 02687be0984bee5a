/** The contract's writes, as a stranger would try them: delete, deleteCollection and dry runs. One promise a test. */
import { isPending, type Store } from "keelson";
import { beforeAll, describe, expect, test } from "vitest";
import { refusal, thrownBy } from "../../support/failures.ts";
import { at, ConfigMap, configMap, Pod, pod, worldForAll } from "../world.ts";

const world = worldForAll();
let store: Store;
beforeAll(async () => {
  store = await world.store();
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
