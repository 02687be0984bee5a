/** What an open store does by itself, over the in-memory etcd: no process, no wall time that a test would wait for. */
import { createStore, isStoreError } from "keelson";
import { memoryEtcd } from "keelson/testing";
import { describe, expect, test } from "vitest";
import { BackgroundLoop } from "../../../src/base/time/background-loop.ts";
import { systemClock } from "../../../src/base/time/clock.ts";
import { definitionOf } from "../../../src/resource/model/define-kind.ts";
import { KeySpace } from "../../../src/resource/model/keys.ts";
import { Compactor, compactionClockKey } from "../../../src/storage/bookkeeping/compaction.ts";
import { KindRecords } from "../../../src/storage/bookkeeping/kind-records.ts";
import { namespacedKind } from "../../support/kinds.ts";
import { until } from "../../support/time/patience.ts";

const Widget = namespacedKind("Widget");

describe("BackgroundLoop", () => {
  test("does one round at a time, and the next at once when kicked", async () => {
    let [rounds, underWay] = [0, 0];
    await using loop = BackgroundLoop.start(systemClock, {
      failureWaitMs: 3_600_000,
      async round() {
        expect(++underWay).toBe(1);
        await Promise.resolve();
        underWay--;
        rounds++;
        return 3_600_000;
      },
    });
    await until(() => rounds === 1);
    loop.kick();
    loop.kick();
    await until(() => rounds === 2);
    await loop.close();
    loop.kick();
    expect(rounds).toBe(2);
  });

  test("tries a failed round again, and tells of the failure until one works", async () => {
    let rounds = 0;
    await using loop = BackgroundLoop.start(systemClock, {
      failureWaitMs: 3_600_000,
      async round() {
        if (++rounds === 1) throw new Error("not yet");
        return 3_600_000;
      },
    });
    await until(() => loop.failure instanceof Error);
    loop.kick();
    await until(() => rounds === 2 && loop.failure === undefined);
  });

  test("close() ends the round under way and waits for it", async () => {
    let ended = false;
    const loop = BackgroundLoop.start(systemClock, {
      failureWaitMs: 1,
      async round(signal) {
        try {
          await systemClock.sleep(3_600_000, signal);
        } finally {
          ended = true;
        }
        return 1;
      },
    });
    await Promise.resolve();
    await loop.close();
    expect(ended).toBe(true);
  });

  test("close() before the first round does none", async () => {
    let rounds = 0;
    const loop = BackgroundLoop.start(systemClock, {
      firstWaitMs: 3_600_000,
      failureWaitMs: 1,
      round: async () => rounds++,
    });
    await loop.close();
    expect(rounds).toBe(0);
  });
});

test("a namespace is emptied and removed over the in-memory etcd too", async () => {
  await using etcd = memoryEtcd();
  await using store = await createStore({ etcd, kinds: [Widget] });
  await store.namespaces.create({ metadata: { name: "team" } });
  await store.resources(Widget).create({ metadata: { namespace: "team", name: "w" } });
  await store.namespaces.delete({ name: "team" });
  await until(() =>
    store.namespaces.get({ name: "team" }).then(
      () => false,
      (error: unknown) => isStoreError(error, "NOT_FOUND"),
    ),
  );
  expect((await store.resources(Widget).list()).items).toEqual([]);
});

test("two compactors in turn never compact what one of them saw last", async () => {
  await using etcd = memoryEtcd();
  const [a, b] = [new Compactor(etcd.kv), new Compactor(etcd.kv)];
  for (let round = 0; round < 5; round++) {
    await a.round();
    await b.round();
    const { header } = await etcd.kv.put({ key: "/x", value: `${round}` });
    // EXPIRED once one of them has compacted further.
    await etcd.kv.range({ key: "/x", revision: header.revision - 2n });
  }
  await expect(etcd.kv.range({ key: "/x", revision: 1n })).rejects.toMatchObject({ code: "EXPIRED" });
  expect((await etcd.kv.range({ key: compactionClockKey })).kvs[0]?.version).toBe(5n);
});

test("a kind on record comes back as a kind with the same keys; a broken record is left out", async () => {
  await using etcd = memoryEtcd();
  const keys = new KeySpace("/registry");
  const records = new KindRecords(etcd.kv, keys);
  const Role = namespacedKind("Role", {
    group: "rbac.example.com",
    keyPath: "rbac/roles",
    nameRule: "segment",
  });
  await records.record([definitionOf(Role), definitionOf(Widget)], {});
  await etcd.kv.put({ key: keys.bookkeeping("kinds", "broken"), value: "{" });
  await etcd.kv.put({ key: keys.bookkeeping("kinds", "evil"), value: '{"keyPath":"../x"}' });
  const listed = await records.list({});
  expect(listed.map((kind) => definitionOf(kind).keyPath)).toEqual(["rbac/roles", "widgets"]);
  const place = { namespace: "a", name: "system:node" };
  const [role] = listed;
  if (role === undefined) throw new Error("the first kind is there");
  expect(keys.object(definitionOf(role), place)).toBe(keys.object(definitionOf(Role), place));
});
