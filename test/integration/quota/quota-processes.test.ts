/**
 * A limit of 50 under four processes with 64 creators, killed at random, on a cluster of three whose members are
 * killed too. The truth is etcd's log: at every revision use = live <= 50. QUOTA_MINUTES=3 for the long form.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createStore } from "keelson";
import { startLocalCluster } from "keelson/etcd";
import { expect, test } from "vitest";
import { compileSources } from "../../support/compiled-sources.ts";
import { connect } from "../../support/etcd/etcd-cases.ts";
import { namespacedKind } from "../../support/kinds.ts";
import { replayLedger } from "../../support/quota-log.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { until } from "../../support/time/patience.ts";

const Widget = namespacedKind("Widget");
const limit = 50;
const workersPerProcess = 16;
const minutes = Number(process.env["QUOTA_MINUTES"] ?? 0.3);

/** What each process does until it is killed: create, sometimes delete, never stop for a refusal. */
const program = `
import { createStore, defineKind, isStoreError } from "./src/index.js";
import { connectEtcd } from "./src/etcd/index.js";
const [endpoints, id] = process.argv.slice(2);
const kind = defineKind({ version: "v1", kind: "Widget", plural: "widgets", scope: "Namespaced" });
// Members are killed at any time, also while this begins.
const open = async () => {
  for (;;) {
    let etcd;
    try {
      etcd = await connectEtcd({ endpoints: endpoints.split(","), requestTimeoutMs: 1000 });
      return await createStore({ etcd, kinds: [kind], compaction: false });
    } catch (error) {
      if (!isStoreError(error, "UNAVAILABLE", "DEADLINE", "OUTCOME_UNKNOWN")) throw error;
      await etcd?.close();
    }
  }
};
const store = await open();
const widgets = store.resources(kind);
let created = 0, refused = 0, other = 0;
setInterval(() => process.send?.({ created, refused, other }), 100);
process.send?.({ created, refused, other });
const expected = ["UNAVAILABLE", "DEADLINE", "OUTCOME_UNKNOWN", "NOT_FOUND", "ALREADY_EXISTS"];
await Promise.all(Array.from({ length: ${workersPerProcess} }, async (_, worker) => {
  for (let i = 0; ; i++) {
    const key = { namespace: "default", name: id + "-" + worker + "-" + (i % 7) };
    try {
      await widgets.create({ metadata: key });
      created++;
      if (i % 3 !== 0) await widgets.delete(key);
    } catch (error) {
      if (isStoreError(error, "QUOTA_EXCEEDED")) {
        refused++;
        // Make room: something of this worker's own may still be there.
        await widgets.delete({ ...key, name: id + "-" + worker + "-" + ((i * 3) % 7) }).catch(() => {});
      } else if (isStoreError(error, ...expected)) other++;
      else { process.send?.({ fault: String(error?.stack ?? error) }); process.exit(3); }
    }
  }
}));
`;

interface Tally {
  readonly created: number;
  readonly refused: number;
  readonly fault?: string;
}

test("64 creators in 4 processes, kill -9 of creators and members: use = live <= 50 at every revision", {
  timeout: minutes * 60_000 + 300_000,
}, async () => {
  await using sources = await compileSources();
  const script = join(sources.folder, "creator.js");
  await writeFile(script, program);
  await using cluster = await startLocalCluster({ size: 3 });
  await using etcd = await connect(cluster.endpoints);
  await using store = await createStore({ etcd, kinds: [Widget], compaction: false });
  const from = BigInt(await store.currentResourceVersion()) + 1n;
  await store.quotas.set("default", { hard: { "count/widgets": limit } });

  const random = seededRandom(7);
  const faults: string[] = [];
  let created = 0;
  let refused = 0;
  const start = async (id: number): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [script, cluster.endpoints.join(","), `p${id}`], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    let last: Tally = { created: 0, refused: 0 };
    child.on("message", (tally: Tally) => {
      if (tally.fault !== undefined) faults.push(tally.fault);
      else {
        created += tally.created - last.created;
        refused += tally.refused - last.refused;
        last = tally;
      }
    });
    await once(child, "message");
    return child;
  };
  const children = await Promise.all([0, 1, 2, 3].map(start));
  let kills = 0;
  const end = performance.now() + minutes * 60_000;
  try {
    const enough = (): boolean => kills > 1 && created > limit && refused > 0;
    while ((performance.now() < end || !enough()) && faults.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1_500 + random.below(2_000)));
      const victim = random.below(4);
      if (random.below(3) > 0) {
        const child = children[victim];
        child?.kill("SIGKILL");
        children[victim] = await start(victim + 4 * ++kills);
      } else {
        const member = cluster.members[random.below(3)];
        await member?.kill();
        kills++;
        await member?.restart();
      }
    }
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
  expect(faults).toEqual([]);
  expect(kills).toBeGreaterThan(1);
  expect(created).toBeGreaterThan(limit);
  expect(refused).toBeGreaterThan(0);

  // Writes of the killed may still land: the count settles when the log does.
  const states = await replayLedger(etcd, {
    from,
    objects: "/registry/widgets/default/",
    ledger: "/keelson/registry/quotas/default/ledger/default/",
    name: "count/widgets",
  });
  expect(states.length).toBeGreaterThan(created);
  expect(states.filter((state) => state.used !== state.live || state.live > limit)).toEqual([]);
  let used = 0;
  let there = -1;
  await until(async () => {
    // Both at one revision: what the killed had sent may still land.
    const before = await store.currentResourceVersion();
    used = (await store.quotas.get("default")).used["count/widgets"] ?? 0;
    there = (await store.resources(Widget).list()).items.length;
    return (await store.currentResourceVersion()) === before;
  }, "a moment without a write");
  expect(used).toBe(there);
  expect((await store.quotas.reconcile()).differences).toEqual([]);
});
