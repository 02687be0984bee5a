/**
 * F27 on the run's own data: the final state is saved, restored separately and compared key by key (C6), and versions
 * and tokens from before the restore are tried on it.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createStore, isStoreError, type Store } from "keelson";
import { restoreSnapshot, saveSnapshot } from "keelson/backup";
import { connectEtcd, type Etcd, startLocalEtcd } from "keelson/etcd";
import { dumpOf, type LogicalDump, type OldEpochTrial, type RestoreFacts } from "../checkers/c6-backups.ts";
import type { CampaignCluster } from "../cluster/campaign-cluster.ts";
import { Claim, keyOf, prefix, Relic, Widget } from "../traffic/kinds.ts";

const epochKey = `/keelson${prefix}/epoch`;
const timeoutMs = 60_000;
const attemptsMax = 10;

/** Leases of killed processes expire at any time, but the snapshot and the dump must have one state. */
async function saveUnchanged(
  etcd: Etcd,
  folder: string,
): Promise<{ readonly path: string; readonly before: LogicalDump }> {
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const path = join(folder, `run-${attempt}.db`);
    const before = await dumpOf(etcd);
    await saveSnapshot(etcd, path, { timeoutMs });
    const now = await dumpOf(etcd);
    if (before.revision === now.revision && before.leases.size === now.leases.size) return { path, before };
  }
  throw new Error(`the store has changed during each of ${attemptsMax} snapshots without any traffic`);
}

/** @param options.store closed here: nothing may be written between the snapshot and the comparison */
export async function restoreRun(options: {
  readonly cluster: CampaignCluster;
  readonly store: Store;
  readonly folder: string;
}): Promise<RestoreFacts> {
  const { cluster, store, folder } = options;
  const page = await store.resources(Widget).list({ limit: 1, timeoutMs });
  await store.close();
  const snapshots = join(folder, "snapshots");
  await mkdir(snapshots);
  // The control's own requests are too short for a large dump on a slow machine.
  await using patient = await connectEtcd({
    endpoints: cluster.directEndpoints,
    requestTimeoutMs: timeoutMs,
    timeoutMs,
  });
  const { path, before } = await saveUnchanged(patient, snapshots);
  const dataDir = join(folder, "restored");
  await restoreSnapshot(path, { dataDir });
  await using server = await startLocalEtcd({ dataDir });
  await using etcd = await connectEtcd({ endpoints: server.endpoints, requestTimeoutMs: timeoutMs });
  const after = await dumpOf(etcd);
  await using again = await createStore({
    etcd,
    kinds: [Widget, Claim, Relic],
    prefix,
    compaction: false,
    timeoutMs,
  });
  const widgets = again.resources(Widget);
  const tried = async (what: string, act: () => Promise<unknown>): Promise<OldEpochTrial> => ({
    what,
    outcome: await act().then(
      () => "accepted",
      (error: unknown) => (isStoreError(error) ? error.code : String(error)),
    ),
  });
  const { continueToken } = page;
  const trials = [
    await tried("a continue token", () => widgets.list({ limit: 1, continueToken, timeoutMs })),
  ];
  const [item] = page.items;
  if (item !== undefined) {
    // One above the last version: no restored object has it.
    const resourceVersion = `${before.revision + 1n}`;
    const { namespace = "", name } = item.metadata;
    trials.push(
      await tried(`an update of ${keyOf("widgets", { namespace, name })}`, () =>
        widgets.update({ ...item, metadata: { ...item.metadata, resourceVersion } }, { timeoutMs }),
      ),
      await tried("a watch", async () => {
        // A refusal comes at once; a watch that stays open until its timeout was accepted.
        for await (const _ of widgets.watch({ resourceVersion, timeoutMs: 30_000 }));
      }),
    );
  }
  return { name: "the run", before, after, added: (key) => key === epochKey, trials };
}
