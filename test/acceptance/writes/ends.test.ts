/** The contract's writes, as a stranger would try them: calls that end before etcd answers. One promise a test. */
import { isStoreError, type Store, StoreError } from "keelson";
import { beforeAll, describe, expect, test } from "vitest";
import { thrownBy } from "../../support/failures.ts";
import { until, within } from "../../support/time/patience.ts";
import { at, ConfigMap, configMap, startWorld, worldForAll } from "../world.ts";

const world = worldForAll();
let store: Store;
beforeAll(async () => {
  store = await world.store();
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
