/** Several processes with one status file: each write succeeds, the file is whole, and nothing else stays. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackupRunStatus } from "keelson/backup";
import { expect, test } from "vitest";
import { writeStatus } from "../../../../../tools/etcdctl-lite/commands/backup/status-file.ts";

test("writers at the same time do not take each other's file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keelson-status-"));
  try {
    const path = join(folder, "status.json");
    const status = (leading: boolean): BackupRunStatus => ({ leading, tasks: {} }) as BackupRunStatus;
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 8 }, (_, i) => writeStatus(path, status(i % 2 === 0))));
    }
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ tasks: {} });
    expect(await readdir(folder)).toEqual(["status.json"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
