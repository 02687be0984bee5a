/** A cache of so many objects that it is filled in parts of its key range: it holds what etcd holds, at one version. */
import { createStore, createWatchCache, type Kind, type Resource } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import { expect, test, vi } from "vitest";
import { namespacedKind } from "../../support/kinds.ts";

interface Small extends Resource {
  spec: { n: number };
}
const smallKind: Kind<Small> = namespacedKind<Small>("Small");

const objects = 60_000;
const step = 10_000;

const at = (n: number): { name: string; namespace: string } => ({
  name: `small-${String(n).padStart(6, "0")}`,
  namespace: `team-${n % 7}`,
});

test("a cache of 60,000 objects is filled in parts while objects come and go, and then holds what etcd holds", async () => {
  await using server = await startLocalEtcd();
  await using etcd = await connectEtcd({ endpoints: server.endpoints });
  const asked = vi.spyOn(etcd.kv, "range").mock.calls;
  await using store = await createStore({
    etcd,
    kinds: [smallKind],
    namespaces: "open",
    compaction: false,
  });
  const smalls = store.resources(smallKind);
  for (let from = 0; from < objects; from += step) {
    const drafts = Array.from({ length: step }, (_, i) => ({
      metadata: at(from + i),
      spec: { n: from + i },
    }));
    for (const outcome of await smalls.createMany(drafts)) expect(outcome).not.toBeInstanceOf(Error);
  }
  asked.length = 0;
  await using cache = createWatchCache(smalls, { selfCheckIntervalMs: false });
  const ready = cache.ready();
  for (let n = 0; n < 200; n++) {
    await smalls.delete(at(n * 251));
    await smalls.create({ metadata: { ...at(n * 251), name: `new-${n}` }, spec: { n } });
  }
  await ready;
  const requests = asked.map(([request]) => request);
  const pages = requests.filter(({ countOnly, keysOnly }) => countOnly !== true && keysOnly !== true);
  expect(requests.some(({ countOnly }) => countOnly === true)).toBe(true);
  expect(new Set(pages.map(({ rangeEnd }) => rangeEnd)).size).toBeGreaterThan(1);
  const [held, stored] = [await cache.list(), await smalls.list()];
  expect(held.items.length).toBe(objects);
  const versions = (page: typeof stored): readonly string[] =>
    page.items.map(({ metadata }) => `${metadata.namespace}/${metadata.name} ${metadata.resourceVersion}`);
  expect(versions(held)).toEqual(versions(stored));
}, 180_000);
