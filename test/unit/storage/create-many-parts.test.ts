/** Each part a guard prepares for a bulk load hears its fate exactly once, whatever ends the call, wherever. */
import { createStore, type Resource, type Store } from "keelson";
import { expect, test } from "vitest";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";
import { namespacedKind } from "../../support/kinds.ts";

interface Odd extends Resource {
  spec: { boom: boolean };
}
const drafts = 60;

async function ledgerKeys(lab: MemoryLab): Promise<number> {
  const range = { key: "/keelson/registry/quotas/default/", rangeEnd: "/keelson/registry/quotas/default0" };
  return lab.server.mvcc.range(range).kvs.length;
}

const ends: Readonly<
  Record<string, (store: Store, kind: ReturnType<typeof oddKind>, at: number) => Promise<unknown>>
> = {
  "the kind's validate throws": (store, kind, at) => load(store, kind, at),
  "its caller gives up": (store, kind, at) => {
    const abort = new AbortController();
    return load(store, kind, -1, abort.signal, () => abort.abort(new Error("enough")), at);
  },
  "its progress listener throws": (store, kind) =>
    store.resources(kind).createMany(made(-1), {
      onProgress: () => {
        throw new Error("not now");
      },
    }),
};

const Any = namespacedKind<Resource>("Any");
let round = 0;
let seen = 0;
let onSeen: ((count: number) => void) | undefined;
const oddKind = () =>
  namespacedKind<Odd>("Odd", {
    validate: (odd) => {
      onSeen?.(++seen);
      if (odd.spec.boom) throw new TypeError("the kind's own bug");
      return [];
    },
  });

function made(boomAt: number) {
  round++;
  return Array.from({ length: drafts }, (_, i) => ({
    metadata: { namespace: "default", name: `r-${round}-${i}` },
    spec: { boom: i === boomAt },
  }));
}

async function load(
  store: Store,
  kind: ReturnType<typeof oddKind>,
  boomAt: number,
  signal?: AbortSignal,
  act?: () => void,
  actAt = -1,
): Promise<unknown> {
  seen = 0;
  onSeen = (count) => {
    if (count - 1 === actAt) act?.();
  };
  return await store.resources(kind).createMany(made(boomAt), { signal });
}

for (const [name, end] of Object.entries(ends)) {
  test(`loads that end because ${name} leave no slot taken`, async () => {
    await using lab = new MemoryLab();
    const kind = oddKind();
    await using store = await createStore({ etcd: lab.connect(), kinds: [kind], compaction: false });
    await store.quotas.set("default", { hard: { "count/odds": 100_000 } });
    await load(store, kind, -1);
    const before = await ledgerKeys(lab);
    for (const at of [0, 1, 7, 30, 58, 59]) await end(store, kind, at).catch(() => undefined);
    onSeen = undefined;
    await load(store, kind, -1);
    expect(await ledgerKeys(lab)).toBeLessThanOrEqual(before);
  });
}

test("outcomes are in the drafts' order, a missing draft and a changed array included", async () => {
  await using lab = new MemoryLab();
  await using store = await createStore({ etcd: lab.connect(), kinds: [Any], compaction: false });
  const drafts = Array.from({ length: 500 }, (_, i) => ({
    metadata: { namespace: "default", name: `d-${i}` },
  }));
  delete drafts[1];
  const load = store.resources(Any).createMany(drafts);
  drafts.length = 0;
  const outcomes = await load;
  expect(outcomes).toHaveLength(500);
  expect(outcomes[1]).toMatchObject({ code: "INVALID_OBJECT" });
  expect(outcomes[0]).toMatchObject({ metadata: { name: "d-0" } });
  expect(outcomes[499]).toMatchObject({ metadata: { name: "d-499" } });
});
