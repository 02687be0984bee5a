/** One repository over a cluster that goes back: which history is restored, followed, kept; what killed backups leave. */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoreError } from "keelson";
import { type BackupRepository, openRepository, restoreSnapshot, saveSnapshot } from "keelson/backup";
import { connectEtcd, type Etcd, type LocalEtcd, startLocalEtcd } from "keelson/etcd";
import { describe, expect, it } from "vitest";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { clientOf, tempFolder } from "../../support/etcd/snapshot-lab.ts";

const put = async (etcd: Etcd, prefix: string, count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await etcd.kv.put({ key: `/${prefix}/${i}`, value: `${prefix} ${i}` });
};

/** Keys below "/" of what a restore gives. */
async function keysAfter(
  repository: BackupRepository,
  binary: string,
  dataDir: string,
  point: Omit<Parameters<BackupRepository["restore"]>[0], "dataDir"> = {},
): Promise<readonly string[]> {
  await repository.restore({ dataDir, ...point });
  await using local = await startLocalEtcd({ binary, dataDir });
  await using etcd = await clientOf(local);
  const { kvs } = await etcd.kv.range({ key: "/", rangeEnd: "0", keysOnly: true });
  return kvs.map(({ key }) => Buffer.from(key).toString().split("/")[1] ?? "");
}

const countOf = (names: readonly string[], prefix: string): number =>
  names.filter((name) => name === prefix).length;

describe.each(await etcdBinaries())("a repository over etcd $version that went back", ({ path: binary }) => {
  it("restores and follows the history that is; what was abandoned is kept, and restored by name", async () => {
    await using folder = await tempFolder();
    const at = (name: string): string => join(folder.path, name);
    const repository = await openRepository({ directory: at("repository") });
    {
      await using local = await startLocalEtcd({ binary, dataDir: at("a") });
      await using etcd = await clientOf(local);
      await put(etcd, "base", 2);
      await repository.backup(etcd);
      await saveSnapshot(etcd, at("snapshot.db"));
      await put(etcd, "abandoned", 50);
      await repository.delta(etcd);
    }
    const before = new Date();
    while (Date.now() <= before.getTime()) await new Promise(setImmediate);
    await restoreSnapshot(at("snapshot.db"), { dataDir: at("b"), bumpRevision: false });
    const kinds: string[] = [];
    {
      await using local = await startLocalEtcd({ binary, dataDir: at("b") });
      await using etcd = await clientOf(local);
      await put(etcd, "current", 10);
      const abort = new AbortController();
      for await (const { backup } of repository.follow(etcd, { intervalMs: 20, signal: abort.signal })) {
        kinds.push(backup.kind);
        if (kinds.length === 3) abort.abort();
        else await put(etcd, `more-${kinds.length}`, 1);
      }
    }
    expect(kinds).toEqual(["full", "delta", "delta"]);
    const backups = await repository.list();
    expect(backups.map(({ kind, abandoned }) => `${kind} ${abandoned}`)).toEqual([
      "full true",
      "delta true",
      "full false",
      "delta false",
      "delta false",
    ]);
    const [first, lost] = backups;
    // Up to the first backup both histories are the same, which HashKV proves.
    expect(backups[2]).toMatchObject({
      forkedFrom: { history: first?.history, revision: first?.lastRevision },
    });
    for (const point of [{}, { toTime: new Date() }]) {
      const keys = await keysAfter(repository, binary, at(`current-${"toTime" in point}`), point);
      expect([countOf(keys, "abandoned"), countOf(keys, "current"), countOf(keys, "more-2")]).toEqual([
        0, 10, 1,
      ]);
    }
    // Before this history began: the past it shares with the other, and nothing that was abandoned.
    const shared = await keysAfter(repository, binary, at("shared"), { toTime: before });
    expect([countOf(shared, "base"), countOf(shared, "abandoned")]).toEqual([2, 0]);
    await expect(
      repository.restore({ dataDir: at("none"), toRevision: lost?.lastRevision }),
    ).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(first?.history ?? "?"),
    });
    const byName = await keysAfter(repository, binary, at("named"), { history: first?.history });
    expect([countOf(byName, "abandoned"), countOf(byName, "current")]).toEqual([50, 0]);

    // Retention looks at each history by itself; what was abandoned goes when that is asked for.
    expect((await repository.prune({ keepLast: 1 })).removed).toEqual([]);
    const dropped = await repository.prune({ keepLast: 1, abandoned: "drop" });
    expect(dropped.removed).toEqual([first?.id, lost?.id]);
    expect(await repository.verify()).toEqual({ ok: true, problems: [] });
  }, 180_000);

  it("begins with an etcd in which nothing was ever written, and goes on with its history", async () => {
    await using folder = await tempFolder();
    const at = (name: string): string => join(folder.path, name);
    const repository = await openRepository({ directory: at("repository") });
    {
      await using local = await startLocalEtcd({ binary, dataDir: at("a") });
      await using etcd = await clientOf(local);
      await repository.backup(etcd);
      expect(await repository.delta(etcd, { timeoutMs: 5_000 })).toBeUndefined();
      await repository.backup(etcd);
      await put(etcd, "first", 3);
      expect((await repository.delta(etcd, { timeoutMs: 5_000 }))?.backup.kind).toBe("delta");
      await put(etcd, "second", 1);
      await repository.backup(etcd);
    }
    const backups = await repository.list();
    expect(backups.map(({ kind, abandoned }) => `${kind} ${abandoned}`)).toEqual([
      "full false",
      "full false",
      "delta false",
      "full false",
    ]);
    expect(await repository.verify()).toEqual({ ok: true, problems: [] });
    const early = await keysAfter(repository, binary, at("early"), { toRevision: "3" });
    expect(early).toEqual(["first", "first"]);
    const empty = await keysAfter(repository, binary, at("empty"), { toRevision: "1" });
    expect(empty).toEqual([]);
  }, 120_000);

  it("follow() waits while etcd is away, says why, and goes on with the same chain", async () => {
    await using folder = await tempFolder();
    const at = (name: string): string => join(folder.path, name);
    const repository = await openRepository({ directory: at("repository") });
    let local = await startLocalEtcd({ binary, dataDir: at("a") });
    const abort = new AbortController();
    const waits: string[] = [];
    const kinds: string[] = [];
    try {
      await using etcd = await connectEtcd({ endpoints: local.endpoints, requestTimeoutMs: 300 });
      await put(etcd, "before", 1);
      let restarted: Promise<void> | undefined;
      const restart = async (): Promise<void> => {
        local = await startLocalEtcd({ binary, dataDir: at("a"), clientPort: local.clientPort });
        await using fresh = await clientOf(local);
        await put(fresh, "after", 1);
      };
      const options = {
        intervalMs: 20,
        signal: abort.signal,
        onWaiting: ({ error, retryMs }: { readonly error: StoreError; readonly retryMs: number }) => {
          waits.push(error.code);
          expect(retryMs).toBeGreaterThan(0);
          restarted ??= restart();
        },
      };
      for await (const { backup } of repository.follow(etcd, options)) {
        kinds.push(backup.kind);
        if (kinds.length === 1) await local.kill();
        else abort.abort();
      }
      await restarted;
    } finally {
      await local.stop();
    }
    expect(kinds).toEqual(["full", "delta"]);
    expect(waits).not.toEqual([]);
    for (const code of waits) expect(["UNAVAILABLE", "DEADLINE"]).toContain(code);
  }, 120_000);

  it("tells a restore under the old cluster id by what it holds, also past the last backup's revision", async () => {
    await using folder = await tempFolder();
    const at = (name: string): string => join(folder.path, name);
    const repository = await openRepository({ directory: at("repository") });
    const restored = async (name: string): Promise<LocalEtcd> => {
      await restoreSnapshot(at("snapshot.db"), {
        dataDir: at(name),
        bumpRevision: false,
        initialClusterToken: "etcd-cluster",
      });
      return startLocalEtcd({ binary, dataDir: at(name) });
    };
    {
      await using local = await startLocalEtcd({ binary, dataDir: at("first") });
      await using etcd = await clientOf(local);
      await put(etcd, "base", 2);
      await saveSnapshot(etcd, at("snapshot.db"));
    }
    {
      await using local = await restored("a");
      await using etcd = await clientOf(local);
      await put(etcd, "abandoned", 10);
      await repository.backup(etcd);
    }
    await using local = await restored("b");
    await using etcd = await clientOf(local);
    await put(etcd, "current", 20);
    await expect(repository.delta(etcd)).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
    const { backup } = await repository.backup(etcd);
    const [first] = await repository.list();
    expect(backup.clusterId).toBe(first?.clusterId);
    expect([first?.abandoned, backup.history]).toEqual([true, `${first?.history}.2`]);
    await put(etcd, "more", 1);
    expect((await repository.delta(etcd))?.backup.history).toBe(backup.history);
    const keys = await keysAfter(repository, binary, at("out"));
    expect([countOf(keys, "abandoned"), countOf(keys, "current"), countOf(keys, "more")]).toEqual([0, 20, 1]);
  }, 180_000);

  it("a backup that is cut leaves nothing in the clear beside an encrypted repository, and the next one sweeps", async () => {
    await using folder = await tempFolder();
    const directory = join(folder.path, "repository");
    const repository = await openRepository({ directory, encryptionKey: randomBytes(32) });
    await using local = await startLocalEtcd({ binary });
    await using etcd = await clientOf(local);
    const marker = "in-the-clear";
    await etcd.kv.put({ key: "/secret", value: marker.repeat(1000) });
    const clear = async (): Promise<readonly string[]> => {
      const found: string[] = [];
      for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (entry.isFile() && (await readFile(path)).includes(marker)) found.push(path);
      }
      return found;
    };
    const seen: string[] = [];
    const abort = new AbortController();
    const backup = repository.backup(etcd, {
      signal: abort.signal,
      onProgress: () => {
        abort.abort(new Error("cut"));
      },
    });
    await expect(backup).rejects.toThrow("cut");
    seen.push(...(await clear()));
    // What processes of earlier versions left when they were killed.
    await mkdir(join(directory, "chunks", "ab"), { recursive: true });
    const left = ["scratch/full-1.db", "scratch/full-2.db.partial", "chunks/ab/abc.x.partial"];
    for (const name of left) await writeFile(join(directory, name), marker);
    await repository.backup(etcd);
    expect(await readdir(join(directory, "scratch"))).toEqual([]);
    await repository.prune({ keepLast: 1 });
    seen.push(...(await clear()));
    expect(seen).toEqual([]);
    expect(await repository.verify()).toEqual({ ok: true, problems: [] });
  });
});
