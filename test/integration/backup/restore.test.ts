import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { inspectSnapshot, restoreSnapshot } from "keelson/backup";
import { startLocalEtcd } from "keelson/etcd";
import { beforeAll, describe, expect, it } from "vitest";
import { SnapshotFile } from "../../../src/backup/database/snapshot-file.ts";
import { examine, hashKvOf } from "../../../src/backup/records/examine.ts";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import {
  clientOf,
  runWorkload,
  saveWithTool,
  statusOf,
  toolBeside,
  toolHashKv,
  toolStatus,
} from "../../support/etcd/snapshot-lab.ts";
import { folderForAll } from "../../support/for-all.ts";
import { quietPorts } from "../../support/peers/quiet-ports.ts";
import { seededRandom } from "../../support/seeded-random.ts";

describe.each(await etcdBinaries())("backup of etcd $version", ({ path: etcdPath }) => {
  let snapshot: string;
  /** HashKV of the live source by revision, asked before anything else happened. */
  const hashes = new Map<bigint, number>();
  let compacted = 0n;

  const folder = folderForAll();

  beforeAll(async () => {
    snapshot = join(folder.path, "source.db");
    await using local = await startLocalEtcd({ binary: etcdPath });
    await using etcd = await clientOf(local);
    const work = await runWorkload(etcd, { seed: 8, steps: 400, compact: "early" });
    compacted = work.compacted;
    const [endpoint = ""] = local.endpoints;
    const reach = work.revision - work.compacted;
    const random = seededRandom(21);
    while (hashes.size < 20) {
      const revision = work.revision - BigInt(random.below(Number(reach - 1n)));
      const answer = await toolHashKv(etcdPath, endpoint, revision);
      expect(answer.compactRevision).toBe(compacted);
      hashes.set(revision, answer.hash);
    }
    await saveWithTool(etcdPath, endpoint, snapshot);
  });

  it("inspectSnapshot() equals the status of etcd's own tool", async () => {
    expect(statusOf(await inspectSnapshot(snapshot))).toMatchObject(
      (await toolStatus(etcdPath, snapshot)) as object,
    );
  });

  it("HashKV of the file equals the live source's at every revision asked", async () => {
    expect(hashes.size).toBe(20);
    await using file = await SnapshotFile.open(snapshot);
    for (const [revision, hash] of hashes) {
      const examined = await examine(file, { toRevision: revision });
      expect([revision, await hashKvOf(examined, revision)]).toEqual([revision, hash]);
    }
  });

  it("restoreSnapshot() gives a directory etcd boots from, survives kill -9, defragments and saves again", async () => {
    const [peerPort = 0] = await quietPorts(1);
    const dataDir = join(folder.path, "one");
    const report = await restoreSnapshot(snapshot, {
      dataDir,
      initialAdvertisePeerUrls: `http://127.0.0.1:${peerPort}`,
    });
    expect(report.commandLine).toContain(`--data-dir=${dataDir}`);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    const utl = await toolBeside(etcdPath, "etcdutl");
    if (utl !== undefined) await utl("snapshot", "status", join(dataDir, "member", "snap", "db"));
    await using local = await startLocalEtcd({ binary: etcdPath, dataDir, peerPort });
    const [endpoint = ""] = local.endpoints;
    const etcdctl = await toolBeside(etcdPath, "etcdctl");
    {
      await using etcd = await clientOf(local);
      const { header } = await etcd.kv.put({ key: "/after", value: "restore" });
      expect(header.revision).toBe(BigInt(report.revision) + 1n);
      const old = await etcd.kv
        .range({ key: "plain", revision: BigInt(report.toRevision) })
        .catch((e: unknown) => e);
      expect(old).toMatchObject({ code: "EXPIRED" });
    }
    expect(await etcdctl?.(`--endpoints=${endpoint}`, "alarm", "list")).toBe("");
    expect(await etcdctl?.(`--endpoints=${endpoint}`, "member", "list")).toContain(report.memberId);
    await local.kill();
    await local.restart();
    await etcdctl?.(`--endpoints=${endpoint}`, "defrag");
    const again = join(folder.path, "again.db");
    await saveWithTool(etcdPath, endpoint, again);
    const before = await inspectSnapshot(snapshot);
    const after = await inspectSnapshot(again);
    expect(after.liveKeys - before.liveKeys).toBe(2);
    expect(after.members).toHaveLength(1);
  });

  it("restores to chosen revisions exactly as the live source was", async () => {
    for (const [i, [revision, hash]] of [...hashes].entries()) {
      const dataDir = join(folder.path, `rev-${revision}`);
      const report = await restoreSnapshot(snapshot, {
        dataDir,
        toRevision: revision.toString(),
        bumpRevision: false,
        initialAdvertisePeerUrls: "http://127.0.0.1:1",
      });
      expect(report.hashKv).toBe(hash);
      // Every fifth is also booted, and asked itself.
      if (i % 5 !== 0) continue;
      const [peerPort = 0] = await quietPorts(1);
      const booted = join(folder.path, `boot-${revision}`);
      await restoreSnapshot(snapshot, {
        dataDir: booted,
        toRevision: revision.toString(),
        bumpRevision: false,
        initialAdvertisePeerUrls: `http://127.0.0.1:${peerPort}`,
      });
      await using local = await startLocalEtcd({ binary: etcdPath, dataDir: booted, peerPort });
      const answer = await toolHashKv(etcdPath, local.endpoints[0] ?? "");
      expect(answer).toMatchObject({ hash, revision });
    }
  });

  it("S32: refuses a directory that is not empty, a running peer and a revision out of reach, and leaves nothing", async () => {
    const full = join(folder.path, "full");
    await mkdir(full);
    await writeFile(join(full, "keep"), "me");
    await expect(restoreSnapshot(snapshot, { dataDir: full })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    expect(await readdir(full)).toEqual(["keep"]);
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const dataDir = join(folder.path, "never");
    await expect(
      restoreSnapshot(snapshot, { dataDir, initialAdvertisePeerUrls: `http://127.0.0.1:${port}` }),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    server.close();
    await expect(restoreSnapshot(snapshot, { dataDir, toRevision: "99999999" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    if (compacted > 1n) {
      await expect(restoreSnapshot(snapshot, { dataDir, toRevision: "1" })).rejects.toMatchObject({
        code: "EXPIRED",
      });
    }
    const bytes = await readFile(snapshot);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    const bad = join(folder.path, "bad.db");
    await writeFile(bad, bytes);
    await expect(restoreSnapshot(bad, { dataDir })).rejects.toMatchObject({ code: "CORRUPT_SNAPSHOT" });
    expect((await readdir(folder.path)).filter((name) => name.startsWith("never"))).toEqual([]);
  });
});
