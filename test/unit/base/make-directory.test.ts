/** `makeDirectory`: every missing parent, once each; an end wherever the file system refuses. */
import { chmod, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDirectory } from "../../../src/base/make-directory.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keelson-test-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("makeDirectory", () => {
  test("makes every missing parent with the mode asked for, and leaves what is there", async () => {
    const path = join(folder, "a", "b", "c");
    await makeDirectory(path, 0o700);
    for (const made of [path, join(folder, "a", "b")]) expect((await stat(made)).mode & 0o777).toBe(0o700);
    await chmod(path, 0o750);
    await makeDirectory(path, 0o700);
    expect((await stat(path)).mode & 0o777).toBe(0o750);
  });

  test("many callers at once make one directory", async () => {
    const path = join(folder, "shared", "by", "many");
    await Promise.all(Array.from({ length: 16 }, () => makeDirectory(path, 0o700)));
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  test("a file in the way, itself or as a parent, is the file system's error", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    await expect(makeDirectory(file, 0o700)).rejects.toMatchObject({ code: "EEXIST" });
    await expect(makeDirectory(join(file, "a", "b"), 0o700)).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  test("a link that leads nowhere is in the way too", async () => {
    const link = join(folder, "link");
    await symlink(join(folder, "nowhere"), link);
    await expect(makeDirectory(link, 0o700)).rejects.toMatchObject({ code: "EEXIST" });
  });

  test.runIf(process.platform === "linux")(
    "ends below a directory that says ENOENT, or however it refuses, to whatever is made in it",
    async () => {
      await expect(makeDirectory("/proc/keelson/a", 0o700)).rejects.toMatchObject({
        code: expect.stringMatching(/^E(NOENT|ACCES|PERM|ROFS)$/),
      });
    },
  );
});
