/** Reads: gets and lists at every freshness, over a seeded history with a compaction in its middle; selectors, pages. */
import { isStoreError, type ReadFreshness } from "keelson";
import { describe, expect } from "vitest";
import { thrownBy } from "../support/failures.ts";
import { claim, machineKind, type Suite, type Widget, widget, widgetKind } from "./implementation.ts";

export function readsConformance(suite: Suite): void {
  const reader = () => suite.subject().reader(widgetKind);
  const writer = () => suite.subject().writer(widgetKind);
  const beyond = (version: string): string => (BigInt(version) + 1_000_000n).toString();
  const exact = (resourceVersion: string): ReadFreshness => ({ consistency: "exact", resourceVersion });
  const notOlderThan = (resourceVersion: string): ReadFreshness => ({
    consistency: "notOlderThan",
    resourceVersion,
  });

  describe("get", () => {
    claim(suite, "get() at each freshness gives the state it promises", async () => {
      const namespace = await suite.freshNamespace();
      const key = { namespace, name: "a" };
      const first = await writer().create(widget(namespace, "a", 1));
      const second = await writer().update({ ...first, spec: { size: 2 } });
      expect(await reader().get(key)).toEqual(second);
      expect(await reader().get(key, { read: { consistency: "linearizable" } })).toEqual(second);
      expect(await reader().get(key, { read: notOlderThan(second.metadata.resourceVersion) })).toEqual(
        second,
      );
      expect(await reader().get(key, { read: exact(second.metadata.resourceVersion) })).toEqual(second);
      expect(await reader().get(key, { read: exact(first.metadata.resourceVersion) })).toEqual(first);
      const any = await reader().get(key, { read: { consistency: "any" } });
      expect([1, 2]).toContain(any.spec.size);
      const gone = await writer().delete(key);
      expect(await thrownBy(reader().get(key))).toMatchObject({ code: "NOT_FOUND" });
      const absent = reader().get(key, { read: exact(gone.metadata.resourceVersion) });
      expect(await thrownBy(absent)).toMatchObject({ code: "NOT_FOUND" });
      expect(await reader().get(key, { read: exact(second.metadata.resourceVersion) })).toEqual(second);
    });

    claim(
      suite,
      "get() of a version beyond the store's is FUTURE_VERSION, telling when to try again",
      async () => {
        const namespace = await suite.freshNamespace();
        const made = await writer().create(widget(namespace, "a"));
        const resourceVersion = beyond(made.metadata.resourceVersion);
        for (const read of [exact(resourceVersion), notOlderThan(resourceVersion)]) {
          const error = await thrownBy(reader().get({ namespace, name: "a" }, { read }));
          expect(error).toMatchObject({ code: "FUTURE_VERSION", details: { requested: resourceVersion } });
          expect(isStoreError(error, "FUTURE_VERSION") && error.details.retryAfterMs).toBeGreaterThan(0);
        }
      },
    );

    claim(suite, "get() waits for a version that is about to come", async () => {
      const namespace = await suite.freshNamespace();
      let made = await writer().create(widget(namespace, "a", 1));
      for (let size = 2; ; size++) {
        const soon = (BigInt(made.metadata.resourceVersion) + 1n).toString();
        const begunMs = performance.now();
        const waiting = Promise.allSettled([
          reader().get({ namespace, name: "a" }, { read: notOlderThan(soon) }),
        ]);
        made = await writer().update({ ...made, spec: { size } });
        const [outcome] = await waiting;
        // Again when something else was written at that version, or the write took longer than a read waits: 3 s.
        const isOther = made.metadata.resourceVersion !== soon;
        const isLate = outcome.status === "rejected" && performance.now() - begunMs >= 3_000;
        if ((isOther || isLate) && size < 20) continue;
        expect(outcome).toMatchObject({ status: "fulfilled", value: { spec: { size } } });
        break;
      }
    });

    claim(suite, "get() with a version that is none is INVALID_ARGUMENT", async () => {
      for (const resourceVersion of ["", "0", "-1", "1e3", "0x1", " 5", "18446744073709551616"]) {
        const error = await thrownBy(
          reader().get({ namespace: "default", name: "a" }, { read: exact(resourceVersion) }),
        );
        expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
      }
    });

    claim(suite, "get() of many keys at once gives each its own", async () => {
      const namespace = await suite.freshNamespace();
      await writer().createMany(Array.from({ length: 40 }, (_, i) => widget(namespace, `w-${i}`, i)));
      const got = await Promise.allSettled(
        Array.from({ length: 200 }, (_, i) => reader().get({ namespace, name: `w-${i % 50}` })),
      );
      got.forEach((outcome, i) => {
        if (i % 50 >= 40)
          expect(outcome).toMatchObject({ status: "rejected", reason: { code: "NOT_FOUND" } });
        else expect(outcome).toMatchObject({ status: "fulfilled", value: { spec: { size: i % 50 } } });
      });
    });
  });

  describe("list", () => {
    claim(suite, "list() gives a namespace, all namespaces, or one object, in key order", async () => {
      const base = await suite.freshNamespace();
      const names = [base, `${base}-b`, `${base}b`];
      await suite
        .subject()
        .store.namespaces.createMany(names.slice(1).map((name) => ({ metadata: { name } })));
      for (const namespace of names) await writer().create(widget(namespace, "x"));
      await writer().create(widget(base, "a"));
      const one = await reader().list({ namespace: base });
      expect(one.items.map(({ metadata }) => metadata.name)).toEqual(["a", "x"]);
      expect(one.resourceVersion).toMatch(/^[1-9]\d*$/);
      const all = await reader().list();
      const keys = all.items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
      expect(keys).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      expect(keys.filter((key) => key.startsWith(base))).toHaveLength(4);
      const named = await reader().list({ namespace: base, fieldSelector: "metadata.name=x" });
      expect(named.items.map(({ metadata }) => metadata.name)).toEqual(["x"]);
      const empty = await reader().list({ namespace: await suite.freshNamespace() });
      expect(empty.items).toEqual([]);
    });

    claim(suite, "list() of a cluster-scoped kind refuses a namespace", async () => {
      const machines = suite.subject().writer(machineKind);
      await machines.create({ metadata: { generateName: "m-" }, spec: { zone: "z1" } });
      expect((await suite.subject().reader(machineKind).list()).items.length).toBeGreaterThan(0);
      expect(
        await thrownBy(suite.subject().reader(machineKind).list({ namespace: "default" })),
      ).toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    });

    claim(suite, "list() by each kind of selector gives exactly what matches", async () => {
      const namespace = await suite.freshNamespace();
      const colours = ["red", "green", "blue"] as const;
      await writer().createMany(
        Array.from({ length: 30 }, (_, i) => {
          const colour = colours[i % 3];
          return widget(namespace, `w-${String(i).padStart(2, "0")}`, i, {
            labels: { app: i % 2 === 0 ? "even" : "odd", ...(i < 10 ? { low: "true" } : {}) },
            ...(colour === undefined ? {} : { colour }),
          });
        }),
      );
      const sizes = async (options: object): Promise<readonly number[]> =>
        (await reader().list({ namespace, ...options })).items.map(({ spec }) => spec.size);
      const where = (holds: (i: number) => boolean): readonly number[] =>
        Array.from({ length: 30 }, (_, i) => i).filter(holds);
      expect(await sizes({ labelSelector: "app=even" })).toEqual(where((i) => i % 2 === 0));
      expect(await sizes({ labelSelector: "app==even" })).toEqual(where((i) => i % 2 === 0));
      expect(await sizes({ labelSelector: "app!=even" })).toEqual(where((i) => i % 2 === 1));
      expect(await sizes({ labelSelector: "app in (even,odd),low" })).toEqual(where((i) => i < 10));
      expect(await sizes({ labelSelector: "app notin (even)" })).toEqual(where((i) => i % 2 === 1));
      expect(await sizes({ labelSelector: "!low" })).toEqual(where((i) => i >= 10));
      expect(await sizes({ labelSelector: { matchLabels: { app: "odd" } } })).toEqual(
        where((i) => i % 2 === 1),
      );
      expect(await sizes({ fieldSelector: "spec.colour=red" })).toEqual(where((i) => i % 3 === 0));
      expect(await sizes({ fieldSelector: { "spec.colour": "blue" }, labelSelector: "app=even" })).toEqual(
        where((i) => i % 3 === 2 && i % 2 === 0),
      );
      expect(await sizes({ fieldSelector: "spec.colour!=red" })).toEqual(where((i) => i % 3 !== 0));
      expect(await thrownBy(reader().list({ fieldSelector: "spec.size=1" }))).toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    });

    claim(
      suite,
      "list() serves every page at the version of the first, with and without a selector",
      async () => {
        const namespace = await suite.freshNamespace();
        const count = 53;
        await writer().createMany(
          Array.from({ length: count }, (_, i) =>
            widget(namespace, `w-${String(i).padStart(3, "0")}`, i, {
              labels: { fifth: String(i % 5 === 0) },
            }),
          ),
        );
        for (const labelSelector of [undefined, "fifth=true"]) {
          for (const limit of [1, 7, 10, 11, count, count + 1]) {
            const options = { namespace, limit, labelSelector };
            const expected = labelSelector === undefined ? count : 11;
            let page = await reader().list(options);
            const { resourceVersion } = page;
            const seen = [...page.items];
            if (labelSelector === undefined) {
              expect(page.remainingItemCount ?? 0).toBe(Math.max(0, count - limit));
            }
            // A writer churns between the pages: nothing of it may show.
            await writer().guaranteedUpdate({ namespace, name: "w-000" }, (current) => ({
              ...current,
              metadata: { ...current.metadata, annotations: { at: String(limit) } },
            }));
            while (page.continueToken !== undefined) {
              expect(page.items.length).toBe(limit);
              page = await reader().list({ ...options, continueToken: page.continueToken });
              expect(page.resourceVersion).toBe(resourceVersion);
              seen.push(...page.items);
            }
            expect(seen).toHaveLength(expected);
            expect(new Set(seen.map(({ metadata }) => metadata.name)).size).toBe(expected);
          }
        }
      },
    );

    claim(
      suite,
      "list() gives a full page a continue token when objects lie behind it, whether or not one of them matches",
      async () => {
        const namespace = await suite.freshNamespace();
        await writer().createMany(
          Array.from({ length: 6 }, (_, i) =>
            widget(namespace, `w-${i}`, i, { labels: { front: String(i < 3), all: "yes" } }),
          ),
        );
        const front = { namespace, labelSelector: "front=true" };
        const full = await reader().list({ ...front, limit: 3 });
        expect(full.items).toHaveLength(3);
        expect(full.remainingItemCount).toBeUndefined();
        const { continueToken } = full;
        expect(continueToken).toBeDefined();
        const next = await reader().list({ ...front, limit: 3, continueToken });
        expect(next).toEqual({ items: [], resourceVersion: full.resourceVersion });
        expect((await reader().list({ ...front, limit: 4 })).continueToken).toBeUndefined();
        const all = { namespace, labelSelector: "all=yes" };
        expect((await reader().list({ ...all, limit: 6 })).continueToken).toBeUndefined();
        expect((await reader().list({ ...all, limit: 5 })).continueToken).toBeDefined();
        expect(
          (await reader().list({ namespace, fieldSelector: "metadata.name=w-1", limit: 1 })).continueToken,
        ).toBeUndefined();
      },
    );

    claim(suite, "list() refuses a continue token that was changed, or belongs to another list", async () => {
      const namespace = await suite.freshNamespace();
      await writer().createMany(Array.from({ length: 5 }, (_, i) => widget(namespace, `w-${i}`, i)));
      const { continueToken = "" } = await reader().list({ namespace, limit: 2 });
      expect(continueToken).not.toBe("");
      const flipped = (continueToken.startsWith("A") ? "B" : "A") + continueToken.slice(1);
      const others = [
        { namespace, continueToken: flipped },
        { namespace, continueToken: `${continueToken}x` },
        { namespace, continueToken: "nonsense" },
        { namespace, continueToken, labelSelector: "app=x" },
        { namespace, continueToken, fieldSelector: "spec.colour=red" },
        { continueToken },
        { namespace: "default", continueToken },
      ];
      for (const options of others) {
        expect(await thrownBy(reader().list(options))).toMatchObject({ code: "INVALID_TOKEN" });
      }
    });

    claim(
      suite,
      "list() at each freshness over a seeded history gives the state of its version",
      async () => {
        const namespace = await suite.freshNamespace();
        const history = await seededHistory(suite, namespace);
        const last = history.at(-1);
        expect(last).toBeDefined();
        for (const { version, names } of history) {
          for (const limit of [undefined, 1, 3, 100]) {
            let page = await reader().list({ namespace, limit, read: exact(version) });
            expect(page.resourceVersion).toBe(version);
            const seen = page.items.map(({ metadata, spec }) => `${metadata.name}=${spec.size}`);
            while (page.continueToken !== undefined) {
              page = await reader().list({ namespace, limit, continueToken: page.continueToken });
              seen.push(...page.items.map(({ metadata, spec }) => `${metadata.name}=${spec.size}`));
            }
            expect(seen).toEqual(names);
          }
          const fresh = await reader().list({ namespace, read: notOlderThan(version) });
          expect(BigInt(fresh.resourceVersion)).toBeGreaterThanOrEqual(BigInt(version));
        }
        const now = await reader().list({ namespace });
        expect(now.items.map(({ metadata, spec }) => `${metadata.name}=${spec.size}`)).toEqual(last?.names);
      },
    );

    claim(suite, "list() at a version beyond the store's is FUTURE_VERSION", async () => {
      const version = beyond(await suite.subject().store.currentResourceVersion());
      for (const read of [exact(version), notOlderThan(version)]) {
        expect(await thrownBy(reader().list({ read }))).toMatchObject({ code: "FUTURE_VERSION" });
      }
    });

    claim(suite, "list() at a compacted version is EXPIRED", async () => {
      const namespace = await suite.freshNamespace();
      const history = await seededHistory(suite, namespace);
      const [oldest, newest] = [history[0], history.at(-1)];
      await suite.subject().etcd.kv.compact(BigInt(newest?.version ?? "1"));
      const error = await thrownBy(reader().list({ namespace, read: exact(oldest?.version ?? "1") }));
      expect(error).toMatchObject({ code: "EXPIRED" });
      const still = await reader().list({ namespace, read: exact(newest?.version ?? "1") });
      expect(still.items.map(({ metadata, spec }) => `${metadata.name}=${spec.size}`)).toEqual(newest?.names);
    });

    claim(
      suite,
      "list() whose pinned version is compacted meanwhile is EXPIRED with a token that goes on",
      async () => {
        const namespace = await suite.freshNamespace();
        await writer().createMany(Array.from({ length: 9 }, (_, i) => widget(namespace, `w-${i}`, i)));
        const first = await reader().list({ namespace, limit: 3 });
        await writer().delete({ namespace, name: "w-5" });
        const { metadata } = await writer().create(widget(namespace, "w-90"));
        await suite.subject().etcd.kv.compact(BigInt(metadata.resourceVersion));
        const error = await thrownBy(
          reader().list({ namespace, limit: 3, continueToken: first.continueToken }),
        );
        expect(error).toMatchObject({ code: "EXPIRED" });
        const goOn = isStoreError(error, "EXPIRED") ? error.details.continueToken : undefined;
        const seen: string[] = [];
        let page = await reader().list({ namespace, limit: 3, continueToken: goOn });
        const pinned = page.resourceVersion;
        expect(BigInt(pinned)).toBeGreaterThanOrEqual(BigInt(metadata.resourceVersion));
        seen.push(...page.items.map((item) => item.metadata.name));
        while (page.continueToken !== undefined) {
          page = await reader().list({ namespace, limit: 3, continueToken: page.continueToken });
          expect(page.resourceVersion).toBe(pinned);
          seen.push(...page.items.map((item) => item.metadata.name));
        }
        expect(seen).toEqual(["w-3", "w-4", "w-6", "w-7", "w-8", "w-90"]);
      },
    );

    claim(suite, "list() refuses a bad limit and bad selectors", async () => {
      const bad = [
        { limit: 0 },
        { limit: -1 },
        { limit: 1.5 },
        { limit: Number.NaN },
        { labelSelector: "a in (" },
      ];
      for (const options of bad) {
        expect(await thrownBy(reader().list(options))).toMatchObject({ code: "INVALID_ARGUMENT" });
      }
    });
  });
}

/** A namespace after each of a row of writes: creates, updates, deletes, re-creates. */
async function seededHistory(
  suite: Suite,
  namespace: string,
): Promise<readonly { readonly version: string; readonly names: readonly string[] }[]> {
  const writer = suite.subject().writer(widgetKind);
  const held = new Map<string, Widget>();
  const history: { version: string; names: readonly string[] }[] = [];
  for (let step = 0; step < 24; step++) {
    const name = `w-${(step * 7) % 10}`;
    const current = held.get(name);
    let version: string;
    if (current === undefined) {
      const made = await writer.create(widget(namespace, name, step));
      held.set(name, made);
      version = made.metadata.resourceVersion;
    } else if (step % 3 === 0) {
      version = (await writer.delete({ namespace, name })).metadata.resourceVersion;
      held.delete(name);
    } else {
      const updated = await writer.update({ ...current, spec: { size: step } });
      held.set(name, updated);
      version = updated.metadata.resourceVersion;
    }
    const names = [...held.keys()].sort().map((key) => `${key}=${held.get(key)?.spec.size}`);
    history.push({ version, names });
  }
  return history;
}
