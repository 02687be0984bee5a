/**
 * A setter ends at any of its requests, in any way: its caller gives up, its time is over, its process is killed with the
 * request sent or not. Whatever it left, after anybody's reconcile, another set, or the rounds in the background, the
 * quota is not there, or counts what is there and holds.
 */
import { createStore, isStoreError, type Store } from "keelson";
import { expect, test } from "vitest";
import { widget, widgetKind } from "../../conformance/implementation.ts";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";
import { ManualClock, settled } from "../../support/time/manual-clock.ts";

const count = "count/widgets.example.com";
const live = 5;
const hard = { [count]: live + 3 };
const options = { kinds: [widgetKind], compaction: false } as const;

type End = "aborted" | "killed before" | "killed after";

/** Runs `work` in a process that ends as `end` says at its request number `at`. @returns false when it came to its end before */
async function endingAt(
  lab: MemoryLab,
  at: number,
  end: End,
  work: (store: Store, signal: AbortSignal) => Promise<unknown>,
): Promise<{ readonly ended: boolean; readonly store: Store }> {
  const abort = new AbortController();
  let begun = false;
  let asked = 0;
  let ended = false;
  const etcd = lab.connect({
    async answer(method, request, server) {
      if (!begun || !method.startsWith("/etcdserverpb.KV/")) return server.call(method, request);
      if (ended && end !== "aborted") return await new Promise<Uint8Array>(() => {});
      if (++asked !== at) return server.call(method, request);
      ended = true;
      if (end === "killed before") return await new Promise<Uint8Array>(() => {});
      const answer = server.call(method, request);
      if (end === "killed after") return await new Promise<Uint8Array>(() => {});
      abort.abort(new Error("enough"));
      return answer;
    },
  });
  const store = await createStore({ etcd, ...options });
  begun = true;
  const working = work(store, abort.signal).catch(() => undefined);
  await Promise.race([working, until(() => ended)]);
  await settled();
  return { ended, store };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

async function settledQuota(other: Store): Promise<void> {
  const widgets = other.resources(widgetKind);
  const status = await other.quotas.get("default").catch((error: unknown) => {
    if (isStoreError(error, "NOT_FOUND")) return undefined;
    throw error;
  });
  if (status === undefined) return;
  const there = (await widgets.list({ namespace: "default" })).items.length;
  expect(status).toMatchObject({ state: "active", used: { [count]: there } });
  for (let i = 0; there + i < (status.hard[count] ?? 0); i++)
    await widgets.create(widget("default", `fill-${i}`));
  await expect(widgets.create(widget("default", "beyond"))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
  for (const { metadata } of (await widgets.list()).items) await widgets.delete(metadata);
  expect((await other.quotas.get("default")).used).toEqual({ [count]: 0 });
}

const afterwards: Readonly<Record<string, (other: Store) => Promise<unknown>>> = {
  reconcile: (other) => other.quotas.reconcile("default"),
  "reconcile of all": (other) => other.quotas.reconcile(),
  "another set": (other) => other.quotas.set("default", { hard }),
};

for (const end of ["aborted", "killed before", "killed after"] as const) {
  for (const [name, mend] of Object.entries(afterwards)) {
    test(`a set ${end} at each of its requests, then ${name}: not there, or counted and holding`, async () => {
      let steps = 0;
      for (let at = 1; ; at++) {
        await using lab = new MemoryLab();
        await using other = await createStore({ etcd: lab.connect(), ...options });
        for (let i = 0; i < live; i++)
          await other.resources(widgetKind).create(widget("default", `old-${i}`));
        const { ended } = await endingAt(lab, at, end, (store, signal) =>
          store.quotas.set("default", { hard }, { signal }),
        );
        await other.resources(widgetKind).create(widget("default", "new"));
        await mend(other);
        await settledQuota(other);
        if (!ended) break;
        steps++;
      }
      expect(steps).toBeGreaterThan(4);
    });
  }
}

test("a quota that is replaced holds until the new one is counted, wherever its setter is killed", async () => {
  const gold = { hard: { [count]: 100, bytes: "1Mi" } };
  let steps = 0;
  for (let at = 1; ; at++) {
    await using lab = new MemoryLab();
    await using other = await createStore({ etcd: lab.connect(), ...options });
    const widgets = other.resources(widgetKind);
    for (let i = 0; i < live; i++) await widgets.create(widget("default", `old-${i}`));
    await other.quotas.set("default", { hard: { [count]: live } });
    const { ended } = await endingAt(lab, at, "killed after", (store) => store.quotas.set("default", gold));
    const { state } = await other.quotas.get("default");
    const created = await widgets.create(widget("default", "more")).then(
      () => "taken",
      (error: unknown) => (isStoreError(error) ? error.code : "untyped"),
    );
    const isReplaced = state === "active" && (await other.quotas.get("default")).hard["bytes"] !== undefined;
    expect(created).toBe(isReplaced ? "taken" : "QUOTA_EXCEEDED");
    await other.quotas.reconcile("default");
    expect((await other.quotas.get("default")).used[count]).toBe((await widgets.list()).items.length);
    if (!ended) break;
    steps++;
  }
  expect(steps).toBeGreaterThan(4);
});

test("a set whose time ends while it counts says so, and the count goes on behind", async () => {
  const clock = new ManualClock();
  await using lab = new MemoryLab(clock);
  let held: (() => void) | undefined;
  let isCounting = false;
  const etcd = lab.connect({
    async answer(method, request, server) {
      const isCount = Buffer.from(request).includes("/widgets/") && method === "/etcdserverpb.KV/Range";
      if (isCount && isCounting) await new Promise<void>((resolve) => (held = resolve));
      return server.call(method, request);
    },
  });
  await using store = await createStore({ etcd, ...options });
  await store.resources(widgetKind).create(widget("default", "old"));
  isCounting = true;
  const set = store.quotas.set("default", { hard }, { timeoutMs: 100 });
  const told = expect(set).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
  await until(() => held !== undefined);
  await clock.advance(150);
  await told;
  expect(await store.quotas.get("default")).toMatchObject({ state: "counting" });
  isCounting = false;
  held?.();
  let state = "counting";
  while (state === "counting") ({ state } = await store.quotas.get("default"));
  expect((await store.quotas.get("default")).used).toEqual({ [count]: 1 });
});

test("the rounds in the background of another process finish the count of one that was killed", async () => {
  let left = 0;
  for (let at = 1; ; at++) {
    const clock = new ManualClock();
    await using lab = new MemoryLab(clock);
    await using other = await createStore({ etcd: lab.connect(), ...options });
    await other.resources(widgetKind).create(widget("default", "old"));
    const { ended } = await endingAt(lab, at, "killed after", (store) =>
      store.quotas.set("default", { hard }),
    );
    if (!ended) break;
    const [status] = await other.quotas.list();
    if (status?.state !== "counting") continue;
    left++;
    // The dead one's sign of life ends with its lease, and a round comes by.
    const alive = {
      key: "/keelson/registry/quotas/_processes/",
      rangeEnd: "/keelson/registry/quotas/_processes0",
    };
    lab.server.mvcc.deleteRange(alive);
    for (let round = 0; round < 5; round++) await clock.advance(30_000);
    expect(await other.quotas.get("default")).toMatchObject({ state: "active", used: { [count]: 1 } });
  }
  expect(left).toBeGreaterThan(1);
});

test("a second set of the same while the first counts ends with it counted once", async () => {
  await using lab = new MemoryLab();
  await using one = await createStore({ etcd: lab.connect(), ...options });
  await using two = await createStore({ etcd: lab.connect(), ...options });
  for (let i = 0; i < live; i++) await one.resources(widgetKind).create(widget("default", `old-${i}`));
  const writing = Array.from({ length: 3 }, (_, i) =>
    two.resources(widgetKind).create(widget("default", `new-${i}`)),
  );
  const set = await Promise.all([one, two, one].map(({ quotas }) => quotas.set("default", { hard })));
  await Promise.all(writing);
  expect(set.map(({ state }) => state)).toEqual(["active", "active", "active"]);
  expect((await one.quotas.get("default")).used).toEqual({ [count]: live + 3 });
  const before = (await one.quotas.get("default")).resourceVersion;
  await two.quotas.set("default", { hard });
  expect((await one.quotas.get("default")).resourceVersion).toBe(before);
});

test("an object on a lease that changes while a quota is counted is charged once, and gone with its lease", async () => {
  await using lab = new MemoryLab();
  await using other = await createStore({ etcd: lab.connect(), ...options });
  const widgets = other.resources(widgetKind);
  await widgets.create(widget("default", "leased"), { ttlSeconds: 1_000 });
  let changed = false;
  const etcd = lab.connect({
    async answer(method, request, server) {
      const answer = await server.call(method, request);
      const isCount = method === "/etcdserverpb.KV/Range" && Buffer.from(request).includes("/widgets/");
      if (isCount && !changed) {
        changed = true;
        await widgets.guaranteedUpdate({ namespace: "default", name: "leased" }, (one) => ({
          ...one,
          spec: { size: 9 },
        }));
      }
      return answer;
    },
  });
  await using store = await createStore({ etcd, ...options });
  await store.quotas.set("default", { hard });
  expect(changed).toBe(true);
  expect((await store.quotas.get("default")).used).toEqual({ [count]: 1 });
  await widgets.delete({ namespace: "default", name: "leased" });
  expect((await store.quotas.get("default")).used).toEqual({ [count]: 0 });
});

test("another tool's object on a lease is counted by a check, and given back with its lease", async () => {
  await using lab = new MemoryLab();
  const etcd = lab.connect();
  await using store = await createStore({ etcd, ...options });
  await store.quotas.set("default", { hard });
  const { id: lease } = await etcd.leases.grant({ ttlSeconds: 1_000 });
  const metadata = { namespace: "default", name: "foreign" };
  const value = JSON.stringify({ apiVersion: "example.com/v1", kind: "Widget", metadata });
  await etcd.kv.put({ key: "/registry/example.com/widgets/default/foreign", value, lease });
  const { differences } = await store.quotas.reconcile();
  expect(differences).toEqual([
    { namespace: "default", quota: "default", name: count, ledger: 0, counted: 1 },
  ]);
  expect((await store.quotas.reconcile()).differences).toEqual([]);
  expect((await store.quotas.get("default")).used).toEqual({ [count]: 1 });
  await etcd.leases.revoke(lease);
  expect((await store.quotas.get("default")).used).toEqual({ [count]: 0 });
  expect((await store.quotas.reconcile()).differences).toEqual([]);
});

test("an object on a lease that another tool deletes is given back once, not again when its lease ends", async () => {
  await using lab = new MemoryLab();
  const etcd = lab.connect();
  await using store = await createStore({ etcd, ...options });
  const widgets = store.resources(widgetKind);
  await store.quotas.set("default", { hard });
  await widgets.create(widget("default", "stays"));
  await widgets.create(widget("default", "leased"), { ttlSeconds: 1_000 });
  const key = "/registry/example.com/widgets/default/leased";
  const [kv] = (await etcd.kv.range({ key })).kvs;
  await etcd.kv.deleteRange({ key });
  expect((await store.quotas.reconcile()).differences).toEqual([
    { namespace: "default", quota: "default", name: count, ledger: 2, counted: 1 },
  ]);
  expect((await store.quotas.get("default")).used).toEqual({ [count]: 1 });
  await etcd.leases.revoke(kv?.lease ?? 0n);
  expect((await store.quotas.get("default")).used).toEqual({ [count]: 1 });
  expect((await store.quotas.reconcile()).differences).toEqual([]);
});
