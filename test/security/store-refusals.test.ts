/**
 * S1 to S4, S8, S9, S12: what is refused is refused before anything is sent. A recording etcd counts every request
 * that names a key of an object; keelson's own bookkeeping runs beside it and does not count.
 */
import { createStore, defineKind, isStoreError, type Resource, type Store } from "keelson";
import { memoryEtcd } from "keelson/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { namespacedKind } from "../support/kinds.ts";
import { type RecordedEtcd, recordedEtcd } from "../support/recorded-requests.ts";

interface Widget extends Resource {
  spec?: { size?: number };
}
const Widget = namespacedKind<Widget>("Widget", { status: true });
const Gear = defineKind<Resource>({ version: "v1", kind: "Gear", plural: "gears", scope: "Cluster" });

describe("a store sends nothing for", () => {
  let recorded: RecordedEtcd;
  let store: Store;
  /** Requests about a key below /registry/ since the `from`th; keelson's own bookkeeping names others. */
  const sentSince = (from: number): readonly string[] =>
    recorded.requests.slice(from).filter((request) => /"(?:\/registry\/|\\u0000)/.test(request));
  beforeAll(async () => {
    recorded = recordedEtcd(memoryEtcd());
    store = await createStore({ etcd: recorded.etcd, kinds: [Widget, Gear] });
  });
  afterAll(async () => {
    await store?.close();
    await recorded?.etcd.close();
  });

  /** Runs all and gives their codes; fails when a request was sent. */
  const codesOf = async (calls: readonly (() => unknown)[]): Promise<readonly string[]> => {
    const sentBefore = recorded.requests.length;
    const codes: string[] = [];
    for (const call of calls) {
      try {
        await call();
        codes.push("accepted");
      } catch (error) {
        codes.push(isStoreError(error) ? error.code : `${error}`);
      }
    }
    expect(sentSince(sentBefore)).toEqual([]);
    return codes;
  };
  const drain = async (watch: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of watch);
  };

  test("the recorder records what is sent", async () => {
    const sentBefore = recorded.requests.length;
    await store.resources(Widget).list();
    expect(sentSince(sentBefore)).toHaveLength(1);
  });

  test.each(["", "..", "../x", "a/b", "a\n", "A", "\ud800", "e\u0301", "a".repeat(254)])(
    "name %j, on any verb",
    async (name) => {
      const widgets = store.resources(Widget);
      const key = { namespace: "default", name };
      const object = { apiVersion: "v1", kind: "Widget", metadata: { ...key, uid: "u" } } as Widget;
      expect(
        await codesOf([
          () => widgets.get(key),
          () => widgets.delete(key),
          () => widgets.guaranteedUpdate(key, (current) => current),
          () => drain(widgets.watch(key)),
        ]),
      ).toEqual(Array(4).fill("INVALID_ARGUMENT"));
      expect(await codesOf([() => widgets.create({ metadata: key }), () => widgets.update(object)])).toEqual(
        Array(2).fill("INVALID_OBJECT"),
      );
      const [outcome] = await widgets.createMany([{ metadata: key }]);
      expect(isStoreError(outcome, "INVALID_OBJECT")).toBe(true);
    },
  );

  test.each(["", "..", "a/..", "a.b", "A", "a".repeat(64), "a\0"])(
    "namespace %j, on any verb",
    async (namespace) => {
      const widgets = store.resources(Widget);
      const key = { namespace, name: "w" };
      expect(
        await codesOf([
          () => widgets.get(key),
          () => widgets.delete(key),
          () => widgets.list({ namespace }),
          () => drain(widgets.watch({ namespace })),
          () => widgets.deleteCollection({ namespace }),
        ]),
      ).toEqual(Array(5).fill("INVALID_ARGUMENT"));
      expect(await codesOf([() => widgets.create({ metadata: key })])).toEqual(["INVALID_OBJECT"]);
    },
  );

  test("a namespace where none may be, and none where one must be", async () => {
    const [widgets, gears] = [store.resources(Widget), store.resources(Gear)];
    expect(
      await codesOf([
        () => gears.get({ namespace: "default", name: "g" }),
        () => gears.list({ namespace: "default" }),
        () => drain(gears.watch({ namespace: "default" })),
        () => gears.deleteCollection({ namespace: "default" }),
        () => widgets.get({ name: "w" }),
        () => widgets.delete({ name: "w" }),
      ]),
    ).toEqual(Array(6).fill("INVALID_ARGUMENT"));
    expect(
      await codesOf([
        () => gears.create({ metadata: { namespace: "default", name: "g" } }),
        () => widgets.create({ metadata: { name: "w" } }),
      ]),
    ).toEqual(Array(2).fill("INVALID_OBJECT"));
  });

  test.each(["", "0", "-1", "1e3", "0x1", " 5", "18446744073709551616"])(
    "version %j",
    async (resourceVersion) => {
      const widgets = store.resources(Widget);
      const key = { namespace: "default", name: "w" };
      const exact = { consistency: "exact", resourceVersion } as const;
      const floor = { consistency: "notOlderThan", resourceVersion } as const;
      const preconditions = { resourceVersion };
      expect(
        await codesOf([
          () => widgets.get(key, { read: exact }),
          () => widgets.get(key, { read: floor }),
          () => widgets.list({ read: exact }),
          () => widgets.list({ read: floor }),
          () => drain(widgets.watch({ resourceVersion })),
          () => widgets.delete(key, { preconditions }),
          () => widgets.guaranteedUpdate(key, (current) => current, { preconditions }),
        ]),
      ).toEqual(Array(7).fill("INVALID_ARGUMENT"));
    },
  );

  test("selectors, limits and options that mean nothing", async () => {
    const widgets = store.resources(Widget);
    const key = { namespace: "default", name: "w" };
    expect(
      await codesOf([
        () => widgets.list({ labelSelector: "a in" }),
        () => widgets.list({ labelSelector: "a".repeat(1_000_000) }),
        () => widgets.list({ fieldSelector: "spec.unknown=x" }),
        () => drain(widgets.watch({ labelSelector: "((" })),
        () => widgets.deleteCollection({ labelSelector: "=" }),
        () => widgets.list({ limit: 0 }),
        () => widgets.list({ limit: 1.5 }),
        () => widgets.create({ metadata: key }, { ttlSeconds: 0 }),
        () => widgets.delete(key, { gracePeriodSeconds: -1 }),
        () => store.resources(Gear).guaranteedUpdate({ name: "g" }, (g) => g, { subresource: "status" }),
        () => widgets.get(key, { timeoutMs: 0 }),
      ]),
    ).toEqual(Array(11).fill("INVALID_ARGUMENT"));
    expect(await codesOf([() => widgets.list({ continueToken: "x".repeat(1_000_000) })])).toEqual([
      "INVALID_TOKEN",
    ]);
  });

  test("objects that are none", async () => {
    const widgets = store.resources(Widget);
    const metadata = { namespace: "default", name: "w" };
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    const bad: readonly unknown[] = [
      null,
      "x",
      {},
      { metadata: { ...metadata, labels: { a: "b c" } } },
      { metadata: { ...metadata, annotations: { a: "x".repeat(300_000) } } },
      { metadata, spec: deep },
      { metadata, spec: { size: 2 ** 53 } },
      { metadata, spec: { size: Number.NaN } },
      { metadata, kind: "Gear" },
    ];
    expect(
      await codesOf(bad.map((draft) => () => widgets.create(draft as { metadata: { name: string } }))),
    ).toEqual(bad.map(() => "INVALID_OBJECT"));
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});
