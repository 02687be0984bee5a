/** A file in the making: read back at every offset, with nothing in the clear and no name. */
import { randomBytes } from "node:crypto";
import { readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ScratchFile } from "../../../../src/backup/database/scratch-file.ts";
import { systemRandom } from "../../../../src/base/random.ts";
import { tempFolder } from "../../../support/etcd/snapshot-lab.ts";

test("gives back what was appended, at any offset and length", async () => {
  await using folder = await tempFolder();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 100 }), { minLength: 1, maxLength: 8 }),
      fc.nat(900),
      fc.integer({ min: 1, max: 300 }),
      async (parts, offset, length) => {
        await using file = await ScratchFile.create(join(folder.path, "scratch.db"), systemRandom);
        for (const part of parts) await file.append(part);
        const whole = Buffer.concat(parts);
        const into = new Uint8Array(length);
        const wanted = whole.subarray(offset, offset + length);
        expect(await file.read(into, offset)).toBe(wanted.length);
        expect(Buffer.from(into.subarray(0, wanted.length)).equals(wanted)).toBe(true);
        const again: Uint8Array[] = [];
        for await (const part of file.parts(7)) again.push(Uint8Array.from(part));
        expect(Buffer.concat(again).equals(whole)).toBe(true);
      },
    ),
    { numRuns: 100 },
  );
});

test.runIf(process.platform === "linux")("has no name, and what lies on the disk is sealed", async () => {
  await using folder = await tempFolder();
  const marker = "in-the-clear".repeat(1000);
  await using file = await ScratchFile.create(join(folder.path, "scratch.db"), systemRandom);
  await file.append(Buffer.from(marker));
  expect(await readdir(folder.path)).toEqual([]);
  const sealed: Buffer[] = [];
  for (const fd of await readdir("/proc/self/fd")) {
    const path = `/proc/self/fd/${fd}`;
    const target = await readlink(path).catch(() => "");
    if (target.startsWith(join(folder.path, "scratch.db"))) sealed.push(await readFile(path));
  }
  expect(sealed.map((bytes) => [bytes.length, bytes.includes("in-the-clear")])).toEqual([
    [marker.length, false],
  ]);
});

test("what lies at its path already is not overwritten", async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, "taken");
  await writeFile(path, randomBytes(4));
  await expect(ScratchFile.create(path, systemRandom)).rejects.toMatchObject({ code: "EEXIST" });
});
