/**
 * Etcd is put back to a snapshot under processes that live on, as etcdutl does it (no bump, new cluster) and under the
 * old cluster id, while others write on past every revision the processes have seen.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { createStore, isStoreError, type Resource, type Store, withCaches } from "keelson";
import { restoreSnapshot, saveSnapshot } from "keelson/backup";
import { aesGcm } from "keelson/codec";
import type { Etcd } from "keelson/etcd";
import { describe, expect, test } from "vitest";
import { type LocalEtcd, startLocalEtcd } from "../../../src/etcd/local/local-etcd.ts";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { connect } from "../../support/etcd/etcd-cases.ts";
import { failureOf } from "../../support/failures.ts";
import { folderForAll } from "../../support/for-all.ts";
import { namespacedKind } from "../../support/kinds.ts";
import { until, within } from "../../support/time/patience.ts";

interface Widget extends Resource {
  spec: { size: number; by?: string; parts?: readonly { readonly name: string; readonly amount: number }[] };
}
const Widget = namespacedKind<Widget>("Widget");
const Secret = namespacedKind("Secret");
const key = (name: string) => ({ namespace: "default", name });
const draft = (name: string, size = 1) => ({
  metadata: key(name),
  spec: { size, by: name, parts: [{ name: "part", amount: size }] },
});
const folder = folderForAll();

/** An etcd that can be put back to a snapshot on the same port. */
class Restorable implements AsyncDisposable {
  readonly #binary: string;
  readonly #home: string;
  #server: LocalEtcd;
  #turn = 0;

  private constructor(binary: string, home: string, server: LocalEtcd) {
    this.#binary = binary;
    this.#home = home;
    this.#server = server;
  }

  static async start(binary: string): Promise<Restorable> {
    const home = await mkdtemp(join(folder.path, "etcd-"));
    return new Restorable(binary, home, await startLocalEtcd({ binary, dataDir: join(home, "0") }));
  }

  get endpoints(): readonly string[] {
    return this.#server.endpoints;
  }

  async snapshot(etcd: Etcd): Promise<void> {
    await saveSnapshot(etcd, join(this.#home, "snapshot.db"));
  }

  async restore(options: { readonly bump?: boolean; readonly token?: string } = {}): Promise<void> {
    const [url = ""] = this.endpoints;
    await this.#server.stop();
    const dataDir = join(this.#home, `${++this.#turn}`);
    await restoreSnapshot(join(this.#home, "snapshot.db"), {
      dataDir,
      ...(options.bump === true ? {} : { bumpRevision: false }),
      ...(options.token === undefined ? {} : { initialClusterToken: options.token }),
    });
    this.#server = await startLocalEtcd({
      binary: this.#binary,
      dataDir,
      clientPort: Number(new URL(url).port),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
  }
}

/** A further process over the same etcd, for as long as `work` takes. */
async function byAnother(place: Restorable, work: (store: Store) => Promise<void>): Promise<void> {
  await using etcd = await connect(place.endpoints);
  await using store = await createStore({ etcd, kinds: [Widget], compaction: false });
  await work(store);
}

const answered = async <T>(ask: () => Promise<T>): Promise<T> => {
  let last: { readonly value: T } | undefined;
  await until(async () => {
    try {
      last = { value: await ask() };
      return true;
    } catch (error) {
      if (isStoreError(error, "UNAVAILABLE", "DEADLINE", "EXPIRED", "NOT_READY")) return false;
      throw error;
    }
  }, "an answer");
  if (last === undefined) throw new Error("answered");
  return last.value;
};

describe.each(await etcdBinaries())(
  "restores under living processes on etcd $version",
  ({ path: binary }) => {
    test("watches, ready caches, tokens and floors of the old history are told, not answered", async () => {
      await using place = await Restorable.start(binary);
      await using etcd = await connect(place.endpoints);
      await using store = await createStore({ etcd, kinds: [Widget], compaction: false });
      await using cached = await withCaches(store);
      const [direct, widgets] = [store.resources(Widget), cached.resources(Widget)];
      for (let i = 0; i < 5; i++) await direct.create(draft(`early-${i}`));
      await place.snapshot(etcd);
      for (let i = 0; i < 20; i++) await widgets.create(draft(`late-${i}`));
      expect((await widgets.list()).items).toHaveLength(25);
      const page = await widgets.list({ limit: 3 });
      const watches = [direct.watch(), widgets.watch()];
      const told: string[] = [];
      const ends = watches.map(async (watch) => {
        await watch.ready();
        return failureOf(
          (async () => {
            for await (const event of watch)
              if (event.type !== "BOOKMARK") told.push(event.object.spec.by ?? "");
          })(),
        );
      });
      await Promise.all(watches.map((watch) => watch.ready()));
      await place.restore();
      await byAnother(place, async (other) => {
        for (let i = 0; i < 60; i++) await other.resources(Widget).create(draft(`new-${i}`));
      });
      const { items } = await answered(() => widgets.list());
      expect(items.map(({ metadata }) => metadata.name.split("-")[0]).sort()).toEqual([
        ...Array.from({ length: 5 }, () => "early"),
        ...Array.from({ length: 60 }, () => "new"),
      ]);
      for (const end of ends) {
        expect(await within(end, "a watch's end")).toMatchObject({ code: "EXPIRED" });
      }
      expect(told.filter((by) => by.startsWith("new"))).toEqual([]);
      for (const reader of [direct, widgets]) {
        const next = reader.list({ limit: 3, continueToken: page.continueToken });
        expect(await failureOf(next)).toMatchObject({ code: "EXPIRED" });
      }
      // Written here in the history before: no read of it waits for a version that does not come.
      const lost = widgets.get(key("late-19"), { read: { consistency: "any" } });
      expect(await failureOf(lost)).toMatchObject({ code: "NOT_FOUND" });
    }, 180_000);

    test("a write begun before the restore is not sent after it, though its guard would fit", async () => {
      await using place = await Restorable.start(binary);
      await using etcd = await connect(place.endpoints);
      await using store = await createStore({ etcd, kinds: [Widget], compaction: false });
      const widgets = store.resources(Widget);
      // Several: a write of the store's own may take a version that is aimed at.
      const names = ["a", "b", "c", "d", "e"];
      for (const name of names) await widgets.create(draft(name));
      await place.snapshot(etcd);
      const by = (writer: string, size: number) => (object: Widget) => ({
        ...object,
        spec: { size, by: writer },
      });
      const versions: string[] = [];
      for (const [index, name] of names.entries()) {
        // The new history needs some revisions before it can follow.
        const times = index === 0 ? 30 : 6;
        for (let size = 2; size < times; size++) await widgets.guaranteedUpdate(key(name), by("old", size));
        versions.push((await widgets.get(key(name))).metadata.resourceVersion);
      }
      let goOn = (): void => undefined;
      const held = new Promise<void>((resolve) => (goOn = resolve));
      let read = 0;
      const begun = names.map((name) =>
        failureOf(
          widgets.guaranteedUpdate(
            key(name),
            async (object) => {
              read++;
              await held;
              return { ...object, spec: { ...object.spec, size: 1000 } };
            },
            { timeoutMs: 60_000 },
          ),
        ),
      );
      await until(async () => read === names.length, "each has read the object that it changes");
      await place.restore();
      const reached: string[] = [];
      await byAnother(place, async (other) => {
        const others = other.resources(Widget);
        for (const [index, name] of names.entries()) {
          let version = "0";
          // The same version again, with other content.
          for (let size = 1; BigInt(version) < BigInt(versions[index] ?? ""); size++)
            version = (await others.guaranteedUpdate(key(name), by("new", size))).metadata.resourceVersion;
          reached.push(version);
        }
      });
      expect(reached.filter((version, index) => version === versions[index])).not.toEqual([]);
      goOn();
      for (const end of await Promise.all(begun)) expect(end).toMatchObject({ code: "UNAVAILABLE" });
      for (const name of names) expect((await answered(() => widgets.get(key(name)))).spec.by).toBe("new");
    }, 180_000);

    test.each([false, true])(
      "what is acknowledged after a restore is readable by a new process (bump: %s)",
      async (bump) => {
        await using place = await Restorable.start(binary);
        await using etcd = await connect(place.endpoints);
        await using store = await createStore({ etcd, kinds: [Widget], compaction: false });
        const widgets = store.resources(Widget);
        await widgets.create(draft("early"));
        await place.snapshot(etcd);
        const dictionaries = async (): Promise<number> => {
          const at = "/keelson/registry/dictionaries/";
          return (await etcd.kv.range({ key: at, rangeEnd: `${at.slice(0, -1)}0`, keysOnly: true })).kvs
            .length;
        };
        for (let i = 0; (await dictionaries()) === 0; i++) await widgets.create(draft(`late-${i}`, i));
        await widgets.create(draft("with-dictionary"));
        const acknowledged: string[] = [];
        const end = new AbortController();
        const writers = [0, 1].map(async (writer) => {
          for (let i = 0; !end.signal.aborted; i++) {
            const name = `after-${writer}-${i}`;
            await widgets.create(draft(name, i), { timeoutMs: 2000 }).then(
              () => acknowledged.push(name),
              () => undefined,
            );
            await new Promise(setImmediate);
          }
        });
        const before = (await store.health()).epoch;
        await place.restore({ bump });
        await until(async () => (await store.health()).epoch !== before, "another epoch");
        const count = acknowledged.length;
        await until(async () => acknowledged.length > count + 20, "acknowledged creates of the new history");
        end.abort();
        await Promise.all(writers);
        await byAnother(place, async (other) => {
          const found = new Set<string>();
          for (const { metadata } of (await other.resources(Widget).list()).items) found.add(metadata.name);
          const fresh = acknowledged.slice(count);
          expect(fresh.filter((name) => !found.has(name))).toEqual([]);
        });
      },
      180_000,
    );

    test("after a restore to before its record, a sealing key is on record with the first value under it", async () => {
      await using place = await Restorable.start(binary);
      await using etcd = await connect(place.endpoints);
      const plain = await createStore({ etcd, kinds: [Secret], compaction: false });
      await plain.close();
      await place.snapshot(etcd);
      const secret = aesGcm({ keys: [{ id: "k1", key: randomBytes(32) }] });
      await using store = await createStore({
        etcd,
        kinds: [Secret],
        transforms: { secrets: secret },
        compaction: false,
      });
      const secrets = store.resources(Secret);
      await secrets.create({ metadata: key("a") });
      await place.restore();
      await answered(() => secrets.create({ metadata: key("b") }));
      const record = await etcd.kv.range({ key: "/keelson/registry/sealing/secrets/k1" });
      expect(record.kvs).toHaveLength(1);
      // So a process without the key is told, and does not open the kind.
      expect(await failureOf(createStore({ etcd, kinds: [Secret], compaction: false }))).toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    }, 180_000);

    test("the epoch is renewed once etcd takes writes, though it could not be at first", async () => {
      await using place = await Restorable.start(binary);
      await using etcd = await connect(place.endpoints);
      const stores = await Promise.all(
        ["/a", "/b", "/c"].map((prefix) => createStore({ etcd, kinds: [Widget], prefix, compaction: false })),
      );
      await place.snapshot(etcd);
      for (const store of stores) {
        for (let i = 0; i < 10; i++) await store.resources(Widget).create(draft(`late-${i}`));
      }
      const before = await Promise.all(stores.map(async (store) => (await store.health()).epoch));
      await place.restore();
      for (const [at, store] of stores.entries()) {
        await until(async () => (await store.health()).epoch !== before[at], "another epoch on record");
        const [kv] = (await etcd.kv.range({ key: `/keelson/${"abc"[at]}/epoch` })).kvs;
        expect(Buffer.from(kv?.value ?? "").toString()).toBe((await store.health()).epoch);
        await store.close();
      }
    }, 180_000);

    test("a list, a get or a watch writes nothing: the key of continue tokens is there when the store is open", async () => {
      await using place = await Restorable.start(binary);
      await using etcd = await connect(place.endpoints);
      await using store = await createStore({ etcd, kinds: [Widget], compaction: false });
      const widgets = store.resources(Widget);
      for (let i = 0; i < 5; i++) await widgets.create(draft(`w-${i}`));
      const before = await store.currentResourceVersion();
      const page = await widgets.list({ limit: 2 });
      await widgets.list({ limit: 2, continueToken: page.continueToken });
      await widgets.get(key("w-1"));
      expect((await failureOf(widgets.list({ limit: 2, continueToken: "abc" }))).code).toBe("INVALID_TOKEN");
      expect(await store.currentResourceVersion()).toBe(before);
    });
  },
);
