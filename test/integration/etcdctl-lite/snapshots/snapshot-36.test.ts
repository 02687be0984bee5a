/** `snapshot status` and `restore` on a snapshot of etcd 3.6, whose downgrade was enabled when it was taken. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspectSnapshot } from "keelson/backup";
import { expect, test } from "vitest";
import { liteAt } from "../lite.ts";

const runTool = liteAt(["http://127.0.0.1:1"]);

const snapshot = new URL("../../../fixtures/snapshots/etcd-3.6.14.db", import.meta.url).pathname;

test("the forms are those of etcdutl 3.6: live keys, and a version", async () => {
  const { hash, revision, liveKeys, records, totalKey } = await inspectSnapshot(snapshot);
  expect(totalKey).toBe(liveKeys);
  expect(records).toBeGreaterThan(liveKeys);
  const simple = await runTool(["snapshot", "status", snapshot]);
  expect(simple.stdout).toBe(`${hash.toString(16)}, ${revision}, ${liveKeys}, 78 kB, 3.6.0\n`);
  expect(simple.stderr).toContain("a downgrade to 3.5.0 was enabled");
  const json = await runTool(["snapshot", "status", snapshot, "-w", "json"]);
  expect(JSON.parse(json.stdout)).toEqual({
    hash,
    revision: Number(revision),
    totalKey: liveKeys,
    totalSize: 77_824,
    version: "3.6.0",
  });
  const fields = await runTool(["snapshot", "status", snapshot, "-w", "fields"]);
  expect(fields.stdout).toContain('"Version" : 3.6.0\n');
  const table = await runTool(["snapshot", "status", snapshot, "-w", "table"]);
  expect(table.stdout).toContain("VERSION");
});

test("a restore keeps the downgrade and says so, or clears it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keelson-36-"));
  for (const [flags, target] of [
    [[], "3.5.0"],
    [["--clear-downgrade"], undefined],
  ] as const) {
    const dataDir = join(folder, `data-${flags.length}`);
    const restored = await runTool([
      ...["snapshot", "restore", snapshot, "--data-dir", dataDir],
      ...[
        "--initial-advertise-peer-urls",
        "http://127.0.0.1:1",
        "--initial-cluster",
        "default=http://127.0.0.1:1",
      ],
      ...flags,
    ]);
    expect(restored).toMatchObject({ code: 0 });
    expect(restored.stderr.includes("downgrade to 3.5.0")).toBe(target !== undefined);
    const info = await inspectSnapshot(join(dataDir, "member", "snap", "db"), { skipHashCheck: true });
    expect(info.downgradeTarget).toBe(target);
    expect(info).toMatchObject({ storageVersion: "3.6.0", clusterVersion: "3.6.0" });
  }
  await rm(folder, { recursive: true });
});
