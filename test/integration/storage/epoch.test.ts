/** History replaced under open stores: by a restore that says so, and by one that does not. */
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { createStore, isStoreError, type Resource } from "keelson";
import { restoreSnapshot, saveSnapshot } from "keelson/backup";
import { describe, expect, test } from "vitest";
import { startLocalEtcd } from "../../../src/etcd/local/local-etcd.ts";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { connect, text } from "../../support/etcd/etcd-cases.ts";
import { failureOf } from "../../support/failures.ts";
import { folderForAll } from "../../support/for-all.ts";
import { namespacedKind } from "../../support/kinds.ts";
import { until, within } from "../../support/time/patience.ts";

interface Widget extends Resource {
  spec: { size: number };
}
const Widget = namespacedKind<Widget>("Widget");
const draft = (name: string) => ({ metadata: { namespace: "default", name }, spec: { size: 1 } });
const recordKey = "/keelson/registry/epoch";
const folder = folderForAll();

const drained = async (watch: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of watch);
};

describe.each(await etcdBinaries())("the epoch on etcd $version", ({ path: binary, version }) => {
  test("is on record, one for all processes over a prefix, and names its cluster", async () => {
    await using server = await startLocalEtcd({ binary });
    await using etcd = await connect(server.endpoints);
    const stores = await Promise.all([1, 2, 3].map(() => createStore({ etcd, kinds: [] })));
    const epochs = await Promise.all(stores.map(async (store) => (await store.health()).epoch));
    const [kv] = (await etcd.kv.range({ key: recordKey })).kvs;
    expect(text(kv?.value)).toMatch(/^[0-9a-f]{32}$/);
    const { header } = await etcd.kv.range({ key: recordKey });
    expect(BigInt(`0x${text(kv?.value).slice(16)}`)).toBe(header.clusterId);
    expect(new Set(epochs)).toEqual(new Set([text(kv?.value)]));
    for (const store of stores) await store.close();
  });

  test("a new record ends watches and tokens of the old one EXPIRED, in every process", async () => {
    await using server = await startLocalEtcd({ binary });
    await using etcd = await connect(server.endpoints);
    await using store = await createStore({ etcd, kinds: [Widget] });
    const widgets = store.resources(Widget);
    for (const name of ["a", "b", "c"]) await widgets.create(draft(name));
    const page = await widgets.list({ limit: 1 });
    await using watch = widgets.watch();
    await watch.ready();
    const end = failureOf(drained(watch));
    const before = (await store.health()).epoch;
    await etcd.kv.put({ key: recordKey, value: "0123456789abcdef0123456789abcdef" });
    expect(await within(end, "the watch's end")).toMatchObject({
      code: "EXPIRED",
      details: { reason: "epoch" },
    });
    expect((await store.health()).epoch).not.toBe(before);
    const expired = await failureOf(widgets.list({ limit: 1, continueToken: page.continueToken }));
    expect(expired).toMatchObject({ code: "EXPIRED", details: { reason: "epoch" } });
    // The token it carries goes on from the latest state.
    const token = isStoreError(expired, "EXPIRED") ? expired.details.continueToken : undefined;
    const rest = await widgets.list({ continueToken: token });
    expect(rest.items.map(({ metadata }) => metadata.name)).toEqual(["b", "c"]);
    // An object's version stays good: it says what is there.
    const [kept] = page.items;
    if (kept === undefined) throw new Error("the first page has an item");
    await widgets.update({ ...kept, spec: { size: 2 } });
  });

  test("a deleted record is made anew, as another epoch", async () => {
    await using server = await startLocalEtcd({ binary });
    await using etcd = await connect(server.endpoints);
    await using store = await createStore({ etcd, kinds: [] });
    const before = (await store.health()).epoch;
    await etcd.kv.deleteRange({ key: recordKey });
    await until(async () => (await store.health()).epoch !== before, "the epoch is another one");
    const [kv] = (await etcd.kv.range({ key: recordKey })).kvs;
    expect(text(kv?.value)).toBe((await store.health()).epoch);
  });

  test("a process that opens after a plain restore refuses the tokens of the history before it", async () => {
    const snapshot = join(folder.path, `${version}-before.db`);
    const dataDir = join(folder.path, `${version}-plain`);
    await using server = await startLocalEtcd({ binary });
    await using etcd = await connect(server.endpoints);
    const store = await createStore({ etcd, kinds: [Widget] });
    const widgets = store.resources(Widget);
    for (const name of ["a", "b", "c"]) await widgets.create(draft(name));
    await saveSnapshot(etcd, snapshot);
    await widgets.create(draft("lost"));
    const { continueToken } = await widgets.list({ limit: 1 });
    await store.close();
    await restoreSnapshot(snapshot, { dataDir, bumpRevision: false });
    await using again = await startLocalEtcd({ binary, dataDir });
    await using later = await connect(again.endpoints);
    await using opened = await createStore({ etcd: later, kinds: [Widget] });
    // The token's version is one of the new history, too, with other content.
    for (const name of ["d", "e", "f", "g"]) await opened.resources(Widget).create(draft(name));
    const next = opened.resources(Widget).list({ limit: 1, continueToken });
    expect(await failureOf(next)).toMatchObject({ code: "EXPIRED", details: { reason: "epoch" } });
  });

  test("a restore that says so: old versions, tokens and watches are refused, what objects carry is good", async () => {
    const dataDir = join(folder.path, `${version}-live`);
    const snapshot = join(folder.path, `${version}.db`);
    const restored = join(folder.path, `${version}-restored`);
    await using server = await startLocalEtcd({ binary, dataDir });
    await using etcd = await connect(server.endpoints);
    await using store = await createStore({ etcd, kinds: [Widget] });
    const widgets = store.resources(Widget);
    const key = { namespace: "default", name: "kept" };
    const kept = await widgets.create(draft("kept"));
    await widgets.create(draft("other"));
    const page = await widgets.list({ limit: 1 });
    await saveSnapshot(etcd, snapshot);
    const lost = await widgets.update({ ...kept, spec: { size: 2 } });
    const before = (await store.health({ timeoutMs: 60_000 })).epoch;
    await using watch = widgets.watch();
    await watch.ready();
    const end = failureOf(drained(watch));

    await server.stop();
    const [url = ""] = server.endpoints;
    await restoreSnapshot(snapshot, { dataDir: restored });
    await using again = await startLocalEtcd({
      binary,
      dataDir: restored,
      clientPort: Number(new URL(url).port),
    });
    expect(again.endpoints).toEqual(server.endpoints);

    expect((await within(end, "the watch's end")).code).toBe("EXPIRED");
    await until(async () => (await store.health({ timeoutMs: 60_000 })).epoch !== before, "a new epoch");
    expect(await widgets.get(key)).toEqual(kept);
    // Above the restored version, below the epoch's first: nobody has it.
    const first = BigInt((await store.health({ timeoutMs: 60_000 })).resourceVersion ?? "0");
    expect(BigInt(lost.metadata.resourceVersion)).toBeLessThan(first);
    expect((await failureOf(widgets.update({ ...lost, spec: { size: 9 } }))).code).toBe("CONFLICT");
    const preconditions = { resourceVersion: lost.metadata.resourceVersion };
    expect((await failureOf(widgets.delete(key, { preconditions }))).code).toBe("PRECONDITION_FAILED");
    const read = { consistency: "exact", resourceVersion: lost.metadata.resourceVersion } as const;
    expect((await failureOf(widgets.get(key, { read }))).code).toBe("EXPIRED");
    const late = failureOf(drained(widgets.watch({ resourceVersion: lost.metadata.resourceVersion })));
    expect((await within(late, "a watch from a lost version")).code).toBe("EXPIRED");
    const expired = await failureOf(widgets.list({ limit: 1, continueToken: page.continueToken }));
    expect(expired).toMatchObject({ code: "EXPIRED", details: { reason: "epoch" } });
    expect((await widgets.update({ ...kept, spec: { size: 7 } })).spec.size).toBe(7);
  }, 180_000);

  test("a store that went back is given a new epoch by those who noticed; stale writes are refused", async () => {
    const dataDir = join(folder.path, version);
    const backup = `${dataDir}-backup`;
    await using server = await startLocalEtcd({ binary, dataDir });
    await using etcd = await connect(server.endpoints);
    await using store = await createStore({ etcd, kinds: [Widget] });
    const widgets = store.resources(Widget);
    const kept = await widgets.create(draft("kept"));
    await server.stop();
    await cp(dataDir, backup, { recursive: true });
    await server.restart();
    await until(() =>
      widgets.get({ namespace: "default", name: "kept" }).then(
        () => true,
        () => false,
      ),
    );

    // Written after the backup: this state and its version will be gone.
    let lost = kept;
    for (let size = 2; size <= 40; size++) lost = await widgets.update({ ...lost, spec: { size } });
    const before = (await store.health({ timeoutMs: 60_000 })).epoch;
    await using watch = widgets.watch();
    await watch.ready();
    const end = failureOf(drained(watch));

    await server.stop();
    await rm(dataDir, { recursive: true });
    await cp(backup, dataDir, { recursive: true });
    await server.restart();

    expect((await within(end, "the watch's end")).code).toBe("EXPIRED");
    await until(async () => (await store.health({ timeoutMs: 60_000 })).epoch !== before, "a new epoch");
    const [kv] = (await etcd.kv.range({ key: recordKey })).kvs;
    expect(text(kv?.value)).toBe((await store.health({ timeoutMs: 60_000 })).epoch);

    const live = await widgets.get({ namespace: "default", name: "kept" });
    expect(live).toEqual(kept);
    expect((await failureOf(widgets.update({ ...lost, spec: { size: 99 } }))).code).toBe("CONFLICT");
    const preconditions = { resourceVersion: lost.metadata.resourceVersion };
    const key = { namespace: "default", name: "kept" };
    expect((await failureOf(widgets.delete(key, { preconditions }))).code).toBe("PRECONDITION_FAILED");
    // What the object still carries stays good.
    expect((await widgets.update({ ...kept, spec: { size: 7 } })).spec.size).toBe(7);
  }, 180_000);
});
