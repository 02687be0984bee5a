import { randomBytes } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type BackupRepository, openRepository, saveSnapshot } from "keelson/backup";
import { beforeAll, describe, expect, it } from "vitest";
import { BoltReader } from "../../../src/backup/database/bolt-reader.ts";
import { SnapshotFile } from "../../../src/backup/database/snapshot-file.ts";
import {
  openDirectoryBackend,
  type RepositoryBackend,
} from "../../../src/backup/repository/backend/backend.ts";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { etcdForAll } from "../../support/etcd/real-etcd.ts";
import { runWorkload } from "../../support/etcd/snapshot-lab.ts";
import { folderForAll } from "../../support/for-all.ts";

describe.each(await etcdBinaries())("openRepository() over etcd $version", ({ path: etcdPath }) => {
  let repository: BackupRepository;
  const encryptionKey = randomBytes(32);
  const signingKey = randomBytes(32);
  let directory: string;

  const folder = folderForAll();
  const lab = etcdForAll({ binary: etcdPath });
  beforeAll(async () => {
    directory = join(folder.path, "repository");
    repository = await openRepository({ directory, encryptionKey, signingKey });
  });

  it("base + deltas equals a later full snapshot record by record, and restores to every revision and time between", async () => {
    await lab.etcd.kv.put({ key: "/secret", value: "very-secret-text" });
    await runWorkload(lab.etcd, { seed: 11, steps: 80 });
    const base = await repository.backup(lab.etcd);
    const hashes = new Map<bigint, number>();
    const [endpoint = ""] = lab.local.endpoints;
    const times: { at: Date; revision: bigint }[] = [];
    for (let i = 0; i < 4; i++) {
      const { revision } = await runWorkload(lab.etcd, { seed: 20 + i, steps: 25, compact: "never" });
      await repository.delta(lab.etcd);
      times.push({ at: new Date(), revision });
      // The next mark must be later than this moment, by the clock that both use.
      while (Date.now() <= (times.at(-1)?.at.getTime() ?? 0)) await new Promise(setImmediate);
    }
    expect(await repository.delta(lab.etcd)).toBeUndefined();
    const first = BigInt(base.backup.lastRevision);
    const last = times.at(-1)?.revision ?? 0n;
    for (let i = 0n; i < 8n; i++) {
      const revision = first + 1n + ((last - first - 1n) * i) / 7n;
      hashes.set(revision, (await lab.etcd.maintenance.hashKv(revision, { endpoint })).hash);
    }
    const later = join(folder.path, "later.db");
    await saveSnapshot(lab.etcd, later);
    for (const [revision, hash] of hashes) {
      const dataDir = join(folder.path, `r${revision}`);
      const report = await repository.restore({
        dataDir,
        toRevision: revision.toString(),
        bumpRevision: false,
      });
      expect([revision, report.hashKv]).toEqual([revision, hash]);
    }
    const dataDir = join(folder.path, "latest");
    await repository.restore({ dataDir, bumpRevision: false });
    expect(await keyRecords(join(dataDir, "member", "snap", "db"))).toEqual(await keyRecords(later));
    const [, second] = times;
    const byTime = await repository.restore({ dataDir: join(folder.path, "time"), toTime: second?.at });
    expect(byTime.toRevision).toBe(second?.revision.toString());
    expect(BigInt(byTime.revision)).toBeGreaterThan(last);
    expect(await repository.verify()).toEqual({ ok: true, problems: [] });
  });

  it("a second full writes only what has changed, and no chunk shows a secret", async () => {
    // Many chunks: a change touches a few pages of them, wherever those are, and may add some.
    for (let i = 0; i < 20; i++) await lab.etcd.kv.put({ key: `/large/${i}`, value: randomBytes(100_000) });
    await repository.backup(lab.etcd);
    const had = new Set(await chunkFiles(directory));
    await lab.etcd.kv.put({ key: "/one", value: "more" });
    const { backup, newBytes } = await repository.backup(lab.etcd);
    const written = (await chunkFiles(directory)).filter((name) => !had.has(name));
    const unknown = new Set(backup.chunks);
    for (const name of had) unknown.delete(basename(name));
    expect(written.map((name) => basename(name)).sort()).toEqual([...unknown].sort());
    const sizes = await Promise.all(written.map(async (name) => (await readFile(name)).length));
    expect(newBytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
    expect(written.length).toBeLessThan(backup.chunks.length / 2);
    for (const name of await chunkFiles(directory)) {
      expect((await readFile(name)).includes("very-secret-text")).toBe(false);
    }
  });

  it("S29: refuses a changed manifest, a changed chunk, another key and a second writer", async () => {
    const copy = await openRepository({ directory, encryptionKey: randomBytes(32), signingKey });
    expect((await copy.verify()).ok).toBe(false);
    const forged = await openRepository({ directory, encryptionKey, signingKey: randomBytes(32) });
    await expect(forged.list()).rejects.toMatchObject({ code: "CORRUPT_SNAPSHOT" });
    const [manifest = ""] = await readdir(join(directory, "backups"));
    const path = join(directory, "backups", manifest);
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace(/hashKv\\":\d/, 'hashKv\\":9'));
    if ((await readFile(path, "utf8")) !== text) {
      await expect(repository.list()).rejects.toMatchObject({ code: "CORRUPT_SNAPSHOT" });
    }
    await writeFile(path, text);
    const [chunk = ""] = await chunkFiles(directory);
    const bytes = await readFile(chunk);
    await writeFile(chunk, Buffer.concat([bytes.subarray(0, -1), Uint8Array.of((bytes.at(-1) ?? 0) ^ 1)]));
    expect((await repository.verify()).problems[0]?.what).toMatch(/chunk/);
    await writeFile(chunk, bytes);
    await writeFile(
      join(directory, "lock"),
      JSON.stringify({ pid: process.pid, host: (await import("node:os")).hostname(), id: "x" }),
    );
    await expect(repository.backup(lab.etcd)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await rm(join(directory, "lock"));
  });

  it("prune() keeps what the policy says and what that stands on, and gives the rest back", async () => {
    await repository.prune({ keepLast: 2 });
    const left = await repository.list();
    expect(left.filter(({ kind }) => kind === "full").length).toBeGreaterThanOrEqual(2);
    await repository.restore({ dataDir: join(folder.path, "pruned"), bumpRevision: false });
    expect(await repository.verify()).toEqual({ ok: true, problems: [] });
  });

  it("verify() reads a chunk that several backups share once for all of them", async () => {
    const place = join(folder.path, "shared");
    const inner = await openDirectoryBackend(place);
    const reads = new Map<string, number>();
    const backend: RepositoryBackend = {
      ...inner,
      async read(name) {
        reads.set(name, (reads.get(name) ?? 0) + 1);
        return await inner.read(name);
      },
    };
    const shared = await openRepository({ directory: place, backend });
    for (let n = 0; n < 40; n++) await lab.etcd.kv.put({ key: `/large/${n}`, value: randomBytes(50_000) });
    for (let turn = 0; turn < 3; turn++) {
      await lab.etcd.kv.put({ key: `/turn/${turn}`, value: randomBytes(100) });
      await shared.backup(lab.etcd);
    }
    const named = (await shared.list()).flatMap(({ chunks }) => chunks);
    expect(named.length).toBeGreaterThan(new Set(named).size * 1.5);
    reads.clear();
    expect(await shared.verify()).toEqual({ ok: true, problems: [] });
    const chunkReads = [...reads].filter(([name]) => name.startsWith("chunks/"));
    expect(chunkReads.map(([, times]) => times)).toEqual(Array.from(new Set(named), () => 1));

    // Whoever shares a damaged one is told of it.
    const common = named.find((name) => named.filter((other) => other === name).length === 3) ?? "none";
    const [first = ""] = [...reads.keys()].filter((name) => name.endsWith(common));
    await writeFile(join(place, first), "damage");
    const { ok, problems } = await shared.verify();
    expect([ok, problems.length]).toEqual([false, 3]);
  });
});

async function keyRecords(path: string): Promise<readonly string[]> {
  await using file = await SnapshotFile.open(path, { skipHashCheck: !path.endsWith("later.db") });
  const reader = new BoltReader(file);
  const bucket = (await reader.buckets()).find(({ name }) => name === "key");
  const records: string[] = [];
  if (bucket === undefined) return records;
  for await (const pages of reader.leaves(bucket)) {
    for (const page of pages) {
      for (let i = 0; i < page.count; i++) {
        records.push(
          `${Buffer.from(page.key(i)).toString("hex")} ${Buffer.from(page.value(i)).toString("hex")}`,
        );
      }
    }
  }
  return records;
}

async function chunkFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(join(directory, "chunks"), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
