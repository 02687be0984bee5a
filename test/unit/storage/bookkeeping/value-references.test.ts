/** What a value needs besides itself is gone from under a process that has noticed nothing: no write goes by memory. */
import { randomBytes } from "node:crypto";
import { createStore, type Resource } from "keelson";
import { aesGcm } from "keelson/codec";
import { memoryEtcd } from "keelson/testing";
import { expect, test } from "vitest";
import { namespacedKind } from "../../../support/kinds.ts";
import { until } from "../../../support/time/patience.ts";

interface Widget extends Resource {
  spec: { size: number; by: string };
}
const Widget = namespacedKind<Widget>("Widget");
const draft = (name: string) => ({ metadata: { namespace: "default", name }, spec: { size: 1, by: name } });
const below = (key: string) => ({ key, rangeEnd: `${key.slice(0, -1)}0` });
const dictionaries = below("/keelson/registry/dictionaries/");

test("a dictionary that is gone is not written with: what is acknowledged can be read by a new process", async () => {
  await using etcd = memoryEtcd();
  await using store = await createStore({ etcd, kinds: [Widget], compaction: false });
  const widgets = store.resources(Widget);
  const count = async (): Promise<bigint> =>
    (await etcd.kv.range({ ...dictionaries, countOnly: true })).count;
  for (let i = 0; (await count()) === 0n; i++) await widgets.create(draft(`early-${i}`));
  // Written with it from now on; and what needs it goes too, as after a restore to before it was published.
  await until(async () => {
    const { metadata } = await widgets.create(draft(`probe-${randomBytes(8).toString("hex")}`));
    const key = `/registry/widgets/default/${metadata.name}`;
    const [kv] = (await etcd.kv.range({ key })).kvs;
    return kv !== undefined && !Buffer.from(kv.value).includes("size");
  }, "a value written with the dictionary");
  await etcd.kv.deleteRange(below("/registry/widgets/"));
  await etcd.kv.deleteRange(dictionaries);
  await widgets.create(draft("single"));
  const many = await widgets.createMany(["a", "b", "c"].map(draft));
  expect(many.filter((outcome) => outcome instanceof Error)).toEqual([]);
  await using other = await createStore({ etcd, kinds: [Widget], compaction: false });
  const names = (await other.resources(Widget).list()).items.map(({ metadata }) => metadata.name);
  expect(names).toEqual(["a", "b", "c", "single"]);
});

test("the record of a sealing key that is gone is put again before a value is sealed under it", async () => {
  await using etcd = memoryEtcd();
  const widgetsKey = aesGcm({ keys: [{ id: "k1", key: randomBytes(32) }] });
  await using store = await createStore({
    etcd,
    kinds: [Widget],
    transforms: { widgets: widgetsKey },
    compaction: false,
  });
  const widgets = store.resources(Widget);
  await widgets.create(draft("a"));
  const records = below("/keelson/registry/sealing/");
  await etcd.kv.deleteRange(records);
  // A rehearsal puts nothing on record.
  await widgets.create(draft("b"), { dryRun: true });
  expect((await etcd.kv.range({ ...records, countOnly: true })).count).toBe(0n);
  await widgets.create(draft("b"));
  expect((await etcd.kv.range({ ...records, countOnly: true })).count).toBe(1n);
  await expect(createStore({ etcd, kinds: [Widget], compaction: false })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
  });
});
