/** Places that take no data directory and no repository: refused by name, before anything is written. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRepository, restoreSnapshot } from "keelson/backup";
import { afterAll, beforeAll, expect, test } from "vitest";

const snapshot = new URL("../../fixtures/snapshots/etcd-3.5.30.db", import.meta.url).pathname;
let folder = "";
let file = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keelson-test-"));
  file = join(folder, "file");
  await writeFile(file, "");
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Below a file, and on Linux below a directory that says ENOENT to whatever is made in it. */
const nowhere = (): readonly string[] => [
  join(file, "a", "b"),
  ...(process.platform === "linux" ? ["/proc/keelson/a"] : []),
];

test("restoreSnapshot() refuses a dataDir where none can be", async () => {
  for (const dataDir of nowhere()) {
    await expect(restoreSnapshot(snapshot, { dataDir })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { argument: "dataDir" },
      message: expect.stringContaining(dataDir),
    });
  }
  expect(await readdir(folder)).toEqual(["file"]);
});

test("restoreSnapshot() refuses an empty dataDir, and a bump that is no bigint", async () => {
  const dataDir = join(folder, "new");
  for (const [options, argument] of [
    [{ dataDir: "" }, "dataDir"],
    [{ dataDir, bumpRevision: JSON.parse("5") }, "bumpRevision"],
  ] as const) {
    await expect(restoreSnapshot(snapshot, options)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { argument },
      message: expect.stringMatching(/is no path$|expected a bigint or false$/),
    });
  }
  expect(await readdir(folder)).toEqual(["file"]);
});

test("openRepository() refuses a directory where none can be", async () => {
  for (const directory of [file, ...nowhere()]) {
    await expect(openRepository({ directory })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { argument: "directory" },
      message: expect.stringContaining(directory),
    });
  }
  expect(await readdir(folder)).toEqual(["file"]);
});
