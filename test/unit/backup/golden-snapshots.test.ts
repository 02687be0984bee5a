/** Snapshots of real etcds, kept for ever: what etcd's own tools and the live members said of them must stay what we say. */
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { inspectSnapshot, restoreSnapshot, verifySnapshot } from "keelson/backup";
import { describe, expect, it } from "vitest";
import { SnapshotFile } from "../../../src/backup/database/snapshot-file.ts";
import { examine, hashKvOf } from "../../../src/backup/records/examine.ts";

const folder = new URL("../../fixtures/snapshots/", import.meta.url);
const expected: Record<
  string,
  { readonly status: object; readonly compactRevision: string; readonly hashKv: Record<string, number> }
> = JSON.parse(await readFile(new URL("expected.json", folder), "utf8"));

describe.each(Object.entries(expected))("golden snapshot %s", (file, { status, compactRevision, hashKv }) => {
  const path = new URL(file, folder).pathname;

  it("inspectSnapshot() gives the status etcd's tool gave", async () => {
    const info = await inspectSnapshot(path);
    expect({ ...info, revision: Number(info.revision) }).toMatchObject({ ...status, compactRevision });
  });

  it("HashKV equals what the live member said at each revision", async () => {
    await using snapshot = await SnapshotFile.open(path);
    for (const [revision, hash] of Object.entries(hashKv)) {
      const examined = await examine(snapshot, { toRevision: BigInt(revision) });
      expect([revision, await hashKvOf(examined, BigInt(revision))]).toEqual([revision, hash]);
    }
  });

  it("restores, and what was deleted and compacted away is not in the new file", async () => {
    const scratch = await mkdtemp(join(tmpdir(), "keelson-golden-"));
    try {
      const dataDir = join(scratch, "data");
      const report = await restoreSnapshot(path, { dataDir, allowLivePeers: true });
      expect(report.hashKv).toBe((await verifySnapshot(path)).hashKv);
      const database = join(dataDir, "member", "snap", "db");
      expect(await verifySnapshot(database, { skipHashCheck: true })).toMatchObject({ ok: true });
      const before = await inspectSnapshot(path);
      const after = await inspectSnapshot(database, { skipHashCheck: true });
      expect(after).toMatchObject({ leases: before.leases, alarms: [], liveKeys: before.liveKeys + 1 });
      expect(after.members.map(({ id }) => id)).toEqual([report.memberId]);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
});

describe("S31: symbolic links", () => {
  const path = new URL(Object.keys(expected)[0] ?? "", folder).pathname;

  it("a data directory that is one is refused, and nothing is written through it", async () => {
    const scratch = await mkdtemp(join(tmpdir(), "keelson-link-"));
    try {
      const elsewhere = join(scratch, "elsewhere");
      await mkdir(elsewhere);
      for (const target of [elsewhere, join(scratch, "nowhere")]) {
        const dataDir = join(scratch, `link-to-${basename(target)}`);
        await symlink(target, dataDir);
        await expect(restoreSnapshot(path, { dataDir, allowLivePeers: true })).rejects.toMatchObject({
          code: "INVALID_ARGUMENT",
          message: expect.stringContaining("symbolic link"),
        });
      }
      expect(await readdir(elsewhere)).toEqual([]);
      expect(await readdir(scratch)).toHaveLength(3);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });

  it("one in place of an unfinished restore's folder goes, what it leads to stays", async () => {
    const scratch = await mkdtemp(join(tmpdir(), "keelson-link-"));
    try {
      const elsewhere = join(scratch, "elsewhere");
      await mkdir(join(elsewhere, "member"), { recursive: true });
      await writeFile(join(elsewhere, "member", "kept"), "kept");
      const dataDir = join(scratch, "data");
      await symlink(elsewhere, `${dataDir}.partial`);
      await restoreSnapshot(path, { dataDir, allowLivePeers: true });
      expect(await readFile(join(elsewhere, "member", "kept"), "utf8")).toBe("kept");
      expect(await readdir(join(elsewhere, "member"))).toEqual(["kept"]);
      expect((await lstat(dataDir)).isDirectory()).toBe(true);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
});
