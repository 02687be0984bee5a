import { readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defragmentDataDir, openRepository, restoreSnapshot } from "keelson/backup";
import { type Etcd, startLocalEtcd } from "keelson/etcd";
import { describe, expect, it } from "vitest";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { clientOf, runWorkload, saveWithTool, toolBeside } from "../../support/etcd/snapshot-lab.ts";
import { folderForAll } from "../../support/for-all.ts";
import { quietPorts } from "../../support/peers/quiet-ports.ts";
import { liteAt } from "../etcdctl-lite/lite.ts";

/** Everything of an etcd that must not change: every key with its revisions and lease, and HashKV. */
async function contentOf(etcd: Etcd): Promise<unknown> {
  const { kvs } = await etcd.kv.range({ key: "\0", rangeEnd: "\0" });
  const [endpoint = ""] = etcd.endpoints;
  const { hash, compactRevision } = await etcd.maintenance.hashKv(0n, { endpoint });
  const leases = [...(await etcd.leases.list())].map(String).sort();
  return { kvs, hash, compactRevision, leases };
}

describe.each(await etcdBinaries())("offline work on data of etcd $version", ({ path: binary }) => {
  const folder = folderForAll();

  it("defrag --data-dir is refused while etcd runs, then shrinks the database, and etcd has the same keys and HashKV", async () => {
    const dataDir = join(folder.path, "member");
    const database = join(dataDir, "member", "snap", "db");
    const lite = liteAt(["127.0.0.1:1"]);
    let before: unknown;
    {
      await using local = await startLocalEtcd({ binary, dataDir });
      await using etcd = await clientOf(local);
      // Written over and compacted: most pages are free afterwards.
      for (let round = 0; round < 30; round++) {
        await Promise.all(
          Array.from({ length: 20 }, (_, i) => etcd.kv.put({ key: `/fill/${i}`, value: "x".repeat(5_000) })),
        );
      }
      await runWorkload(etcd, { seed: 5, steps: 150 });
      const { header } = await etcd.kv.put({ key: "last", value: "1" });
      await etcd.kv.compact(header.revision - 20n, { physical: true });
      before = await contentOf(etcd);

      await expect(defragmentDataDir(dataDir)).rejects.toMatchObject({
        code: "UNAVAILABLE",
        details: { reason: "locked" },
        message: expect.stringContaining("an etcd runs on it"),
      });
      const refused = await lite(["defrag", "--data-dir", dataDir]);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("an etcd runs on it") });
    }
    const old = await stat(database);
    const ran = await lite(["defrag", "--data-dir", dataDir]);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toContain(`Finished defragmenting etcd data directory[${dataDir}]: `);
    const fresh = await stat(database);
    expect(fresh.size).toBeLessThan(old.size / 2);
    expect([fresh.mode, fresh.uid, fresh.gid]).toEqual([old.mode, old.uid, old.gid]);
    expect((await readdir(join(dataDir, "member", "snap"))).filter((name) => name.startsWith("tmp"))).toEqual(
      [],
    );
    // The tool of etcd itself can go on with it.
    const utl = await toolBeside(binary, "etcdutl");
    if (utl !== undefined) await utl("defrag", "--data-dir", dataDir);

    await using local = await startLocalEtcd({ binary, dataDir });
    await using etcd = await clientOf(local);
    expect(await contentOf(etcd)).toEqual(before);
    await etcd.kv.put({ key: "after", value: "1" });
  });

  it("a damaged database is refused and left as it is", async () => {
    const dataDir = join(folder.path, "damaged");
    {
      await using local = await startLocalEtcd({ binary, dataDir });
      await using etcd = await clientOf(local);
      await runWorkload(etcd, { seed: 6, steps: 60, compact: "never" });
    }
    const database = join(dataDir, "member", "snap", "db");
    const bytes = await readFile(database);
    const damaged = Buffer.from(bytes);
    const root = Number(bytes.readBigUInt64LE(16 + 16));
    damaged.fill(0xff, root * 4096, root * 4096 + 64);
    const other = Number(bytes.readBigUInt64LE(4096 + 16 + 16));
    damaged.fill(0xff, other * 4096, other * 4096 + 64);
    await writeFile(database, damaged);
    await expect(defragmentDataDir(dataDir)).rejects.toMatchObject({ code: "CORRUPT_SNAPSHOT" });
    expect((await readFile(database)).equals(damaged)).toBe(true);
    await truncate(database, 8192);
    await expect(defragmentDataDir(dataDir)).rejects.toMatchObject({ code: "CORRUPT_SNAPSHOT" });
    expect(await readdir(join(dataDir, "member", "snap"))).not.toContainEqual(expect.stringMatching(/^tmp/));
    await expect(defragmentDataDir(join(folder.path, "nothing"))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("there is no such file"),
    });
  });

  it("snapshot restore --wal-dir puts the log there, and etcd boots with it", async () => {
    const snapshot = join(folder.path, "source.db");
    {
      await using local = await startLocalEtcd({ binary });
      await using etcd = await clientOf(local);
      await etcd.kv.put({ key: "kept", value: "1" });
      await saveWithTool(binary, local.endpoints[0] ?? "", snapshot);
    }
    const [peerPort = 0] = await quietPorts(1);
    const dataDir = join(folder.path, "apart");
    const walDir = join(folder.path, "log");
    const line = [
      ...["snapshot", "restore", snapshot, "--data-dir", dataDir, "--wal-dir", walDir],
      `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
    ];
    await expectLogApart(line, { dataDir, walDir, peerPort });

    const refused = restoreSnapshot(snapshot, {
      dataDir: join(folder.path, "x"),
      walDir: join(folder.path, "x", "w"),
    });
    await expect(refused).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { argument: "walDir" },
    });
    const taken = restoreSnapshot(snapshot, { dataDir: join(folder.path, "y"), walDir });
    await expect(taken).rejects.toMatchObject({ code: "INVALID_ARGUMENT", details: { argument: "walDir" } });
    expect((await readdir(folder.path)).filter((name) => /^[xy]/.test(name))).toEqual([]);
  });

  it("backup restore --wal-dir does the same for a repository, and the peer URLs must be those of the cluster", async () => {
    const repository = await openRepository({ directory: join(folder.path, "repository") });
    {
      await using local = await startLocalEtcd({ binary });
      await using etcd = await clientOf(local);
      await etcd.kv.put({ key: "kept", value: "1" });
      await repository.backup(etcd);
      await etcd.kv.put({ key: "later", value: "2" });
      await repository.delta(etcd);
    }
    const [peerPort = 0] = await quietPorts(1);
    const dataDir = join(folder.path, "repository-data");
    const walDir = join(folder.path, "repository-log");
    const line = [
      ...["backup", "restore", "--repository", join(folder.path, "repository")],
      ...["--data-dir", dataDir, "--wal-dir", walDir],
      `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
    ];
    await expectLogApart(line, { dataDir, walDir, peerPort });

    const target = join(folder.path, "z");
    for (const [argument, options] of [
      ["walDir", { walDir: join(target, "w") }],
      ["walDir", { walDir }],
      [
        "initialAdvertisePeerUrls",
        { initialCluster: "default=http://a:1", initialAdvertisePeerUrls: "http://b:1" },
      ],
    ] as const) {
      await expect(repository.restore({ dataDir: target, ...options })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        details: { argument },
      });
    }
    expect(await readdir(folder.path)).not.toContain("z");
  });

  /** Runs a restore twice: the first one succeeds, with the log in a folder of its own, and an etcd serves the keys. */
  async function expectLogApart(
    line: readonly string[],
    { dataDir, walDir, peerPort }: { dataDir: string; walDir: string; peerPort: number },
  ): Promise<void> {
    const lite = liteAt(["127.0.0.1:1"]);
    expect(await lite(line)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`--wal-dir=${walDir}`),
    });
    expect(await readdir(join(dataDir, "member"))).toEqual(["snap"]);
    expect(await readdir(walDir)).toEqual([`${"0".repeat(16)}-${"0".repeat(16)}.wal`]);
    expect(await lite(line)).toMatchObject({ code: 1, stderr: expect.stringContaining("is not empty") });
    await using local = await startLocalEtcd({ binary, dataDir, peerPort, extraArgs: ["--wal-dir", walDir] });
    await using etcd = await clientOf(local);
    expect((await etcd.kv.range({ key: "kept" })).kvs).toHaveLength(1);
  }
});
