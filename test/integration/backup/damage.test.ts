/**
 * A damaged snapshot is an answer: never a crash, never verified. KEELSON_LONG=1 tries 10,000 flips and cuts.
 */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { inspectSnapshot, saveSnapshot, verifySnapshot } from "keelson/backup";
import { startLocalEtcd } from "keelson/etcd";
import { beforeAll, describe, expect, it } from "vitest";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { clientOf, runWorkload } from "../../support/etcd/snapshot-lab.ts";
import { folderForAll } from "../../support/for-all.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const cases = process.env["KEELSON_LONG"] === "1" ? 10_000 : 300;

describe.each(await etcdBinaries())("damage to a snapshot of etcd $version", ({ path: etcdPath }) => {
  let bytes: Buffer;
  let bad: string;

  const folder = folderForAll();

  beforeAll(async () => {
    bad = join(folder.path, "bad.db");
    await using local = await startLocalEtcd({ binary: etcdPath });
    await using etcd = await clientOf(local);
    await runWorkload(etcd, { seed: 3, steps: 120 });
    const path = join(folder.path, "good.db");
    await saveSnapshot(etcd, path);
    bytes = await readFile(path);
  });

  it(`S28: verifySnapshot() calls none of ${cases} random flips and cuts sound, with or without the hash`, async () => {
    const random = seededRandom(Number(process.env["KEELSON_SEED"] ?? 1));
    for (let i = 0; i < cases; i++) {
      const cut = random.below(4) === 0;
      const at = random.below(bytes.length);
      const damagedBytes = cut ? bytes.subarray(0, at) : Buffer.from(bytes);
      if (!cut) damagedBytes[at] = (damagedBytes[at] ?? 0) ^ (1 << random.below(8));
      await writeFile(bad, damagedBytes);
      const report = await verifySnapshot(bad);
      expect([i, at, cut, report.ok, report.proved]).toEqual([i, at, cut, false, "self"]);
      expect(report.problems[0]?.what.length).toBeGreaterThan(10);
      // Without its hash a raw database may well look sound; it must still never crash the reader.
      if (!cut) {
        await writeFile(bad, damagedBytes.subarray(0, damagedBytes.length - 32));
        await verifySnapshot(bad, { skipHashCheck: true });
      }
    }
  }, 900_000);

  it.each([
    ["an empty file", () => Buffer.alloc(0), 0, /empty/],
    ["a gzip file", () => gzipSync(bytes), 0, /gzip/],
    ["no snapshot at all", () => Buffer.alloc(10_000, "text "), 16, /magic/],
    ["a cut file", () => bytes.subarray(0, 20_480), 20_480, /is cut/],
    ["a cut hash", () => bytes.subarray(0, bytes.length - 5), undefined, /cut inside its SHA-256/],
    [
      "a missing hash",
      () => bytes.subarray(0, bytes.length - 32),
      undefined,
      /SHA-256 behind the database is missing/,
    ],
    ["a junk tail", () => Buffer.concat([bytes, Buffer.from("junk")]), undefined, /junk tail/],
    ["a wrong page size", () => withPageSize(bytes, 777), undefined, /meta checksum|page size/],
  ] as const)("inspectSnapshot() has its own words for %s", async (_name, make, offset, words) => {
    await writeFile(bad, make());
    const error = await inspectSnapshot(bad).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "CORRUPT_SNAPSHOT", message: expect.stringMatching(words) });
    if (offset !== undefined) expect(error).toMatchObject({ details: { offset } });
  });

  it("inspectSnapshot() names page and offset of a flipped page header", async () => {
    const copy = Buffer.from(bytes);
    const page = 4096 * copy.readUInt32LE(16 + 16);
    copy[page] = (copy[page] ?? 0) ^ 0x40;
    await writeFile(bad, copy);
    await expect(inspectSnapshot(bad)).rejects.toMatchObject({
      code: "CORRUPT_SNAPSHOT",
      details: { offset: page, reason: expect.stringContaining("calls itself page") },
    });
  });

  it("accepts a database without its hash when asked to", async () => {
    await writeFile(bad, bytes.subarray(0, bytes.length - 32));
    expect((await inspectSnapshot(bad, { skipHashCheck: true })).sha256).toBeUndefined();
  });
});

function withPageSize(bytes: Buffer, size: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(size, 16 + 8);
  copy.writeUInt32LE(size, 4096 + 16 + 8);
  return copy;
}
