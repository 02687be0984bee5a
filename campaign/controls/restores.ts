/**
 * N11: a restore that keeps the old epoch. Versions and tokens from before the restore are then accepted after it; a
 * restore with a new epoch refuses all of them.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isStoreError } from "keelson";
import { restoreSnapshot, saveSnapshot } from "keelson/backup";
import { connectEtcd, type Etcd, startLocalEtcd } from "keelson/etcd";
import { patientMs } from "../../test/support/time/patience.ts";
import { dumpOf } from "../checkers/c6-backups.ts";
import type { Control } from "./control.ts";
import { Doc, Lab } from "./lab.ts";
import { withKv } from "./with-kv.ts";

const epochKey = "/keelson/registry/epoch";

/** Takes every answer for one of that cluster, so a store does not see that its epoch is from another one. */
const asIfOf = (clusterId: bigint, etcd: Etcd): Etcd =>
  withKv(etcd, {
    async range(request, call) {
      const reply = await etcd.kv.range(request, call);
      return { ...reply, header: { ...reply.header, clusterId } };
    },
  });

export const keptEpoch: Control = {
  name: "N11",
  sabotage: "a restore keeps the epoch and the revisions of the old history, and the cluster is not compared",
  caughtBy: ["C6"],
  rules: ["old epoch accepted"],
  duration: "long",
  async play({ sabotaged, binary }) {
    const folder = await mkdtemp(join(tmpdir(), "keelson-control-"));
    try {
      await using lab = await Lab.open({ binary });
      const oldStore = await lab.store(lab.etcd);
      const old = oldStore.resources(Doc);
      for (const name of ["one", "two", "three"]) {
        await old.create({ metadata: { namespace: "a", name }, spec: { value: name } });
      }
      const page = await old.list({ namespace: "a", limit: 1 });
      // Its session keys and leases are removed with it, so the remaining keys do not change.
      await oldStore.close();
      const snapshot = join(folder, "backup.db");
      await saveSnapshot(lab.etcd, snapshot);
      const before = await dumpOf(lab.etcd);
      const { clusterId } = (await lab.etcd.kv.range({ key: epochKey })).header;
      const dataDir = join(folder, "restored");
      await restoreSnapshot(snapshot, { dataDir, ...(sabotaged ? { bumpRevision: false } : {}) });
      await using server = await startLocalEtcd({ binary, dataDir });
      await using etcd = await connectEtcd({ endpoints: server.endpoints, requestTimeoutMs: patientMs });
      const after = await dumpOf(etcd);
      await using store = await lab.store(sabotaged ? asIfOf(clusterId, etcd) : etcd);
      const outcome = await store
        .resources(Doc)
        .list({ namespace: "a", limit: 1, continueToken: page.continueToken })
        .then(
          () => "accepted",
          (error: unknown) => (isStoreError(error) ? error.code : String(error)),
        );
      const added = (key: string): boolean => key === epochKey;
      const trials = [{ what: "a continue token", outcome }];
      return { history: lab.history(), restores: [{ name: "restore", before, after, added, trials }] };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
