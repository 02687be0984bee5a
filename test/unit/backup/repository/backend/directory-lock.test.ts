/** Many claimants of one lock whose holder died: one at a time, whatever the turns. */
import { readdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDirectoryBackend } from "../../../../../src/backup/repository/backend/backend.ts";
import { isStoreError } from "../../../../../src/errors.ts";
import { tempFolder } from "../../../../support/etcd/snapshot-lab.ts";

/** Above any pid of a 64-bit Linux: nobody has it. */
const deadPid = 2 ** 30;

const dead = (id: string, host = hostname()): string => JSON.stringify({ pid: deadPid, host, id });

test("a lock whose holder died is taken over by one claimant only", async () => {
  await using folder = await tempFolder();
  const backend = await openDirectoryBackend(folder.path);
  for (let round = 0; round < 60; round++) {
    await writeFile(join(folder.path, "lock"), dead(`dead-${round}`));
    let holders = 0;
    let most = 0;
    let taken = 0;
    const claim = async (): Promise<void> => {
      try {
        await using _lock = await backend.lock();
        taken++;
        most = Math.max(most, ++holders);
        for (let turns = 0; turns < 5; turns++) await new Promise(setImmediate);
        holders--;
      } catch (error) {
        if (!isStoreError(error, "UNAVAILABLE")) throw error;
      }
    };
    await Promise.all(Array.from({ length: 12 }, claim));
    expect([round, most, taken > 0]).toEqual([round, 1, true]);
  }
  expect(await readdir(folder.path)).toEqual(expect.not.arrayContaining([expect.stringMatching(/^lock/)]));
});

test("a claimant that died while it took over is followed, and what it left goes with the next sweep", async () => {
  await using folder = await tempFolder();
  const backend = await openDirectoryBackend(folder.path);
  await writeFile(join(folder.path, "lock"), dead("a"));
  await writeFile(join(folder.path, "lock.after.a"), dead("b"));
  await writeFile(join(folder.path, "lock.c"), dead("c"));
  await writeFile(join(folder.path, "lock.d"), dead("d", "another host"));
  {
    await using _lock = await backend.lock();
    await backend.sweep?.("scratch");
  }
  // Of another host nobody can tell whether it lives.
  expect((await readdir(folder.path)).filter((name) => name.startsWith("lock"))).toEqual(["lock.d"]);
});

test("a lock of another host, or of a living process, is nobody's to take", async () => {
  await using folder = await tempFolder();
  const backend = await openDirectoryBackend(folder.path);
  await writeFile(join(folder.path, "lock"), dead("a", "another host"));
  await expect(backend.lock()).rejects.toMatchObject({ code: "UNAVAILABLE", details: { reason: "locked" } });
  await writeFile(join(folder.path, "lock"), JSON.stringify({ pid: process.pid, host: hostname(), id: "x" }));
  await expect(backend.lock()).rejects.toMatchObject({ code: "UNAVAILABLE", details: { reason: "locked" } });
});
