/** One rule for what is read, with and without a cache: frozen to its leaves. What a write gives back is the caller's own. */
import {
  createStore,
  createWatchCache,
  defineView,
  type Resource,
  type ResourceReader,
  type ResourceStore,
  withCache,
} from "keelson";
import { memoryEtcd } from "keelson/testing";
import { describe, expect, test } from "vitest";
import { namespacedKind } from "../../support/kinds.ts";

interface Pod extends Resource {
  spec: { containers: { name: string; args: string[] }[] };
}
const Pod = namespacedKind<Pod>("Pod");
const at = { namespace: "default", name: "a" };
const draft = {
  metadata: { ...at, labels: { app: "x" } },
  spec: { containers: [{ name: "main", args: ["run"] }] },
};
const row = defineView<Pod, { cells: string[] }>({
  name: "row",
  project: ({ metadata }) => ({ cells: [metadata.name] }),
});
const names = defineView<Pod, { name: string; labels: Record<string, string> }>({
  name: "names",
  from: "metadata",
  project: ({ metadata }) => ({ name: metadata.name, labels: { ...metadata.labels } }),
});

/** Paths that are not frozen. */
function loose(value: unknown, path = "it"): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = Object.isFrozen(value) ? [] : [path];
  return [...own, ...Object.entries(value).flatMap(([name, inner]) => loose(inner, `${path}.${name}`))];
}

async function first<T>(reader: ResourceReader<T>): Promise<T> {
  await using watch = reader.watch({ sendInitialEvents: true });
  for await (const event of watch) if (event.type !== "BOOKMARK") return event.object;
  throw new Error("no event");
}

async function readsOf(reader: ResourceReader<Pod>): Promise<readonly (readonly [string, unknown])[]> {
  const list = await reader.list();
  const selected = await reader.list({ labelSelector: "app=x", limit: 1 });
  const past = await reader.list({ read: { consistency: "exact", resourceVersion: list.resourceVersion } });
  return [
    ["get", await reader.get(at)],
    ["get any", await reader.get(at, { read: { consistency: "any" } })],
    ["list", list.items[0]],
    ["list with a selector", selected.items[0]],
    ["list of the past", past.items[0]],
    ["watch", await first(reader)],
    ["view", await reader.as(row).get(at)],
    ["view in a list", (await reader.as(row).list()).items[0]],
    ["view in a watch", await first(reader.as(row))],
    ["view of metadata", await reader.as(names).get(at)],
  ];
}

describe.each([true, false])("with freeze: %s", (freeze) => {
  test.each(["store", "cache", "store with a cache"])("what a %s reads", async (which) => {
    await using etcd = memoryEtcd();
    await using store = await createStore({ etcd, kinds: [Pod], compaction: false, freeze });
    const pods = store.resources(Pod);
    await pods.create(draft);
    await using cache = createWatchCache(pods, { freeze });
    await cache.ready();
    const reader = which === "store" ? pods : which === "cache" ? cache : withCache(pods, cache);
    for (const [what, read] of await readsOf(reader)) {
      expect(read, what).toBeDefined();
      if (freeze) expect(loose(read), what).toEqual([]);
      else expect(Object.isFrozen(read), what).toBe(false);
    }
  });

  test.each(["store", "store with a cache"])(
    "what a write to a %s gives back may be changed",
    async (which) => {
      await using etcd = memoryEtcd();
      await using store = await createStore({ etcd, kinds: [Pod], compaction: false, freeze });
      const pods = store.resources(Pod);
      await using cache = createWatchCache(pods, { freeze });
      await cache.ready();
      const writer: ResourceStore<Pod> = which === "store" ? pods : withCache(pods, cache);
      const created = await writer.create(draft);
      const updated = await writer.update({ ...(await writer.get(at)), spec: { containers: [] } });
      const changed = await writer.guaranteedUpdate(at, (current) => {
        // Mutate gets a copy of its own.
        current.spec.containers.push({ name: "more", args: [] });
        return current;
      });
      const unchanged = await writer.guaranteedUpdate(at, (current) => current);
      const deleted = await writer.delete(at);
      for (const [what, given] of Object.entries({ created, updated, changed, unchanged, deleted })) {
        expect(Object.isFrozen(given) || Object.isFrozen(given.metadata), what).toBe(false);
      }
      expect(changed.spec.containers).toEqual([{ name: "more", args: [] }]);
    },
  );
});
