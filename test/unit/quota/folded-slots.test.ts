/**
 * What one process created another may delete, so a slot's use may be below zero. Once its process is gone it is folded into
 * the base: a ledger that is known in part must not go by both.
 */
import { createStore, type Resource, type Store } from "keelson";
import { expect, test } from "vitest";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";
import { namespacedKind } from "../../support/kinds.ts";
import { ManualClock } from "../../support/time/manual-clock.ts";

interface Job extends Resource {
  spec: { size: number };
}
const kind = namespacedKind<Job>("Job", { measure: (job) => ({ slots: job.spec.size }) });
const hard = { "count/jobs": 6, slots: 12 };
const names = ["a", "b", "c", "d", "e", "f"];

const create = (store: Store, name: string) =>
  store.resources(kind).create({ metadata: { namespace: "default", name }, spec: { size: 2 } });

test("a quota holds after slots below zero were folded in", async () => {
  const clock = new ManualClock();
  await using lab = new MemoryLab(clock);
  const open = () => createStore({ etcd: lab.connect(), kinds: [kind], compaction: false });
  await using creator = await open();
  await using remover = await open();
  await creator.quotas.set("default", { hard });
  for (const name of names) await create(creator, name);
  for (const name of names) await remover.resources(kind).delete({ namespace: "default", name });
  // Each needs a look at the ledger: the creator knows the remover's slots from here on.
  for (const name of names.slice(0, 4)) await create(creator, name);
  await remover.close();
  const slots = (): number => lab.server.mvcc.range({ key: "/", rangeEnd: "0" }).kvs.filter(isSlot).length;
  const before = slots();
  for (let round = 0; round < 5; round++) await clock.advance(30_000);
  expect(slots()).toBeLessThan(before);
  expect((await creator.quotas.get("default")).used).toEqual({ "count/jobs": 4, slots: 8 });
  for (const name of names.slice(4)) await create(creator, name);
  await expect(create(creator, "g")).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
  expect((await creator.quotas.get("default")).used).toEqual({ "count/jobs": 6, slots: 12 });
});

const isSlot = ({ key }: { readonly key: Uint8Array }): boolean =>
  Buffer.from(key).toString().includes("/slots/");
