/** `maintenance.hashKv` at the compacted revision, where a cluster stands right after a restore: every etcd answers. */
import { connectEtcd } from "keelson/etcd";
import { describe, expect, test } from "vitest";
import { etcdBinaries } from "../../../support/etcd/etcd-binaries.ts";
import { processForAll } from "../../../support/etcd/real-etcd.ts";
import { patientMs } from "../../../support/time/patience.ts";

describe.each(await etcdBinaries())("etcd $version", ({ path }) => {
  const lab = processForAll({ binary: path });

  test("hashes the newest revision though it is compacted, and refuses an older one", async () => {
    await using etcd = await connectEtcd({ endpoints: lab.local.endpoints, requestTimeoutMs: patientMs });
    const [endpoint = ""] = etcd.endpoints;
    await etcd.kv.put({ key: "a", value: "1" });
    const { revision } = (await etcd.kv.put({ key: "a", value: "2" })).header;
    await etcd.kv.compact(revision, { physical: true });
    const { hash } = await etcd.maintenance.hashKv(0n, { endpoint });
    const at = await etcd.maintenance.hashKv(revision, { endpoint });
    // From 3.5 on the answer is the hash made when it was compacted, which says so by an older compact revision.
    if (at.compactRevision === revision) expect(at.hash).toBe(hash);
    else expect(at.compactRevision).toBeLessThan(revision);
    await expect(etcd.maintenance.hashKv(revision - 1n, { endpoint })).rejects.toMatchObject({
      code: "EXPIRED",
    });
    await etcd.kv.put({ key: "a", value: "3" });
    const later = await etcd.maintenance.hashKv(revision + 1n, { endpoint });
    expect(later.hash).not.toBe(hash);
  });
});
