/** etcd out of space: writes say so, reads and deletes go on, and after making room everything does, without restart. */
import { randomBytes } from "node:crypto";
import { createStore, isStoreError, type Resource } from "keelson";
import { startLocalEtcd } from "keelson/etcd";
import { expect, test } from "vitest";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { connect } from "../../support/etcd/etcd-cases.ts";
import { namespacedKind } from "../../support/kinds.ts";
import { until } from "../../support/time/patience.ts";

interface Blob extends Resource {
  data: string;
}
const Blob = namespacedKind<Blob>("Blob");

test.each(await etcdBinaries())(
  "NO_SPACE and back on etcd $version",
  { timeout: 120_000 },
  async ({ path }) => {
    await using server = await startLocalEtcd({
      binary: path,
      extraArgs: ["--quota-backend-bytes", String(16 * 1024 * 1024)],
    });
    await using etcd = await connect(server.endpoints);
    await using store = await createStore({ etcd, kinds: [Blob], compaction: false });
    const blobs = store.resources(Blob);
    await store.quotas.set("default", { hard: { "count/blobs": 1_000 } });
    // Nothing that compression could make small.
    const data = (): string => randomBytes(300_000).toString("base64");
    let made = 0;
    let full: unknown;
    for (; made < 200 && full === undefined; made++) {
      await blobs
        .create({
          metadata: { namespace: "default", name: `b${made}` },
          data: data(),
        })
        .catch((error: unknown) => {
          full = error;
        });
    }
    expect(isStoreError(full, "NO_SPACE"), String(full)).toBe(true);
    // etcd raises its alarm beside that answer; until it stands, what is small may still fit.
    await until(async () => (await etcd.maintenance.alarms()).length > 0, "the alarm stands");
    await expect(
      blobs.create({ metadata: { namespace: "default", name: "late" }, data: "" }),
    ).rejects.toMatchObject({ code: "NO_SPACE", httpStatus: 507 });
    const health = await store.health({ timeoutMs: 60_000 });
    expect(health.ok).toBe(false);
    expect(health.alarms.join()).toContain("NOSPACE");
    expect(health.quotaBytes).toBe(16 * 1024 * 1024);
    expect(health.problems.join("\n")).toContain("of its space quota");

    const { items } = await blobs.list({ namespace: "default" });
    expect(items.length).toBe(made - 1);
    expect((await blobs.get({ namespace: "default", name: "b0" })).data.length).toBe(400_000);
    for (const { metadata } of items) await blobs.delete({ namespace: "default", name: metadata.name });
    expect((await blobs.list({ namespace: "default" })).items).toEqual([]);
    // Pure deletes could not pay back: the ledger reads high, never low.
    expect((await store.quotas.get("default")).used["count/blobs"]).toBe(items.length);

    const [endpoint = ""] = server.endpoints;
    await etcd.kv.compact(BigInt(await store.currentResourceVersion()), { physical: true });
    await etcd.maintenance.defragment({ endpoint, timeoutMs: 60_000 });
    for (const alarm of await etcd.maintenance.alarms()) await etcd.maintenance.disarm(alarm);
    await blobs.create({ metadata: { namespace: "default", name: "again" }, data: "" });
    const report = await store.quotas.reconcile();
    expect(report.differences).toEqual([
      { namespace: "default", quota: "default", name: "count/blobs", ledger: items.length + 1, counted: 1 },
    ]);
    expect((await store.quotas.get("default")).used["count/blobs"]).toBe(1);
    expect((await store.quotas.reconcile()).differences).toEqual([]);
  },
);
