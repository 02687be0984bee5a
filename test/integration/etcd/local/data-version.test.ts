/** An etcd is not started on the data of a newer one, whether or not it would notice by itself. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dataVersion, isNewerLine } from "../../../../src/etcd/local/data-version.ts";
import { startLocalEtcd } from "../../../../src/etcd/local/local-etcd.ts";
import { lineOf } from "../../../../src/etcd/versions/release-lines.ts";
import { etcdBinaries, everyEtcd } from "../../../support/etcd/etcd-binaries.ts";
import { connect } from "../../../support/etcd/etcd-cases.ts";
import { failureOf } from "../../../support/failures.ts";
import { folderForAll } from "../../../support/for-all.ts";
import { until } from "../../../support/time/patience.ts";

const folder = folderForAll();

const every = await everyEtcd();

describe.each(await etcdBinaries())("data of etcd $version", ({ path: binary, version }) => {
  const line = lineOf(version);

  test("says of which version it is, also when it is large; its own etcd starts on it again", async () => {
    const dataDir = join(folder.path, `own-${version}`);
    const etcd = await startLocalEtcd({ binary, dataDir });
    {
      await using client = await connect(etcd.endpoints);
      for (let n = 0; n < 300; n++) await client.kv.put({ key: `k-${n}`, value: "v".repeat(4_000) });
    }
    await etcd.stop();
    expect(await dataVersion(dataDir)).toBe(`${line}.0`);
    await using again = await startLocalEtcd({ binary, dataDir });
    expect(again.version).toBe(version);
  }, 60_000);

  test("is refused by name when the data is of a later minor version", async () => {
    const dataDir = join(folder.path, `later-${version}`);
    const etcd = await startLocalEtcd({ binary, dataDir });
    // The leader decides it, at first as 3.0.0, a moment after it serves.
    await until(async () => {
      const page = await fetch(`${etcd.endpoints[0]}/version`);
      return ((await page.json()) as { etcdcluster: string }).etcdcluster === `${line}.0`;
    }, "the cluster has its version");
    await etcd.stop();
    const database = join(dataDir, "member", "snap", "db");
    // As a later etcd leaves it, which tells nobody elsewhere: pages of the database have no checksum.
    const bytes = (await readFile(database)).toString("latin1");
    const later = bytes.replaceAll(`clusterVersion${line}.0`, "clusterVersion3.9.0");
    expect(later).not.toBe(bytes);
    await writeFile(database, Buffer.from(later, "latin1"));
    const failure = await failureOf(startLocalEtcd({ binary, dataDir }));
    expect(failure).toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining(`etcd is ${version}, the data is of 3.9.0`),
      details: { reason: "data directory from a newer version" },
    });
  }, 60_000);

  test("refuses what a later etcd has really written, which that one serves afterwards as before", async (context) => {
    const later = every.filter((other) => isNewerLine(other.version, version));
    if (later.length === 0) return context.skip("needs an etcd of a later minor version");
    for (const { path, version: newer } of later) {
      const dataDir = join(folder.path, `written-by-${newer}-for-${version}`);
      await using written = await startLocalEtcd({ binary: path, dataDir });
      const port = written.peerPort;
      {
        await using client = await connect(written.endpoints);
        await client.kv.put({ key: "kept", value: newer });
      }
      await written.stop();
      expect(await failureOf(startLocalEtcd({ binary, dataDir }))).toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringContaining(`etcd is ${version}, the data is of ${lineOf(newer)}.0`),
        details: { reason: "data directory from a newer version" },
      });
      await using again = await startLocalEtcd({ binary: path, dataDir, peerPort: port });
      await using client = await connect(again.endpoints);
      const { kvs } = await client.kv.range({ key: "kept" });
      expect(kvs.map(({ value }) => Buffer.from(value).toString())).toEqual([newer]);
    }
  });
});

test("only a later minor version is newer, and a directory that says nothing is left to etcd", async () => {
  expect(isNewerLine("3.6.0", "3.4.23")).toBe(true);
  expect(isNewerLine("3.10.0", "3.9.1")).toBe(true);
  expect(isNewerLine("3.5.9", "3.5.0")).toBe(false);
  expect(isNewerLine("3.4.0", "3.5.30")).toBe(false);
  expect(await dataVersion(join(folder.path, "none"))).toBeUndefined();
});
