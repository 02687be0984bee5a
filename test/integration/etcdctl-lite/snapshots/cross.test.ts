/**
 * Snapshots change hands: what etcd's own tools have saved etcdctl-lite restores, and the reverse; an etcd boots from
 * either and holds the same keys. Once for each etcd of this machine that has its tools beside it (etcdctl, and etcdutl
 * from 3.5 on); where there are none, with the snapshots on record that they have saved.
 */
import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connectEtcd, type Etcd, type KeyValue, startLocalEtcd } from "keelson/etcd";
import { beforeAll, describe, expect, test } from "vitest";
import { findEtcd } from "../../../../src/etcd/local/find-etcd.ts";
import { compareVersions } from "../../../../src/etcd/versions/version.ts";
import { everyEtcd } from "../../../support/etcd/etcd-binaries.ts";
import { processForAll } from "../../../support/etcd/real-etcd.ts";
import { folderForAll } from "../../../support/for-all.ts";
import { patientMs } from "../../../support/time/patience.ts";
import { liteAt } from "../lite.ts";

const execute = promisify(execFile);
const nowhere = liteAt(["http://127.0.0.1:1"]);

interface Tools {
  readonly version: string;
  readonly etcd: string;
  readonly etcdctl: string;
  /** What restores and reads snapshots: etcdutl, or before 3.5 etcdctl. */
  readonly restorer: string;
}

async function findTools(): Promise<readonly Tools[]> {
  const found = new Map<string, Tools>();
  for (const { path, version } of await everyEtcd()) {
    const beside = (name: string): string => join(dirname(path), name);
    const has = (file: string): Promise<boolean> =>
      access(file).then(
        () => true,
        () => false,
      );
    if (found.has(version) || !(await has(beside("etcdctl")))) continue;
    const restorer = (await has(beside("etcdutl"))) ? beside("etcdutl") : beside("etcdctl");
    found.set(version, { version, etcd: path, etcdctl: beside("etcdctl"), restorer });
  }
  return [...found.values()];
}

async function everything(etcd: Etcd): Promise<readonly KeyValue[]> {
  return (await etcd.kv.range({ key: "\0", rangeEnd: "\0" })).kvs;
}

async function keysOf(dataDir: string, binary: string): Promise<readonly KeyValue[]> {
  await using booted = await startLocalEtcd({ dataDir, binary });
  await using etcd = await connectEtcd({ endpoints: booted.endpoints, requestTimeoutMs: patientMs });
  // Awaited: the connection closes with this function.
  return await everything(etcd);
}
const dir = folderForAll();

const tools = await findTools();

describe.each(tools)("with the tools of etcd $version", ({ version, etcd: binary, etcdctl, restorer }) => {
  let keys: readonly KeyValue[];
  const env = { PATH: process.env["PATH"] ?? "", ETCDCTL_API: "3" };
  const path = (name: string): string => join(dir.path, `${version}-${name}`);

  const lab = processForAll({ binary });
  beforeAll(async () => {
    await using etcd = await connectEtcd({ endpoints: lab.local.endpoints, requestTimeoutMs: patientMs });
    for (let at = 0; at < 50; at++) {
      await etcd.kv.put({ key: `key/${at}`, value: Buffer.from([0, at, 255, 10, 13]) });
    }
    await etcd.kv.put({ key: Buffer.from([1, 254, 0]), value: "x".repeat(100_000) });
    await etcd.kv.deleteRange({ key: "key/7" });
    await etcd.kv.put({ key: "key/8", value: "again" });
    keys = await everything(etcd);
  });

  test("what etcdctl saves, etcdctl-lite restores, and etcd boots with the same keys", async () => {
    const file = path("by-etcdctl.db");
    await execute(etcdctl, [`--endpoints=${lab.local.endpoints.join(",")}`, "snapshot", "save", file], {
      env,
    });
    const dataDir = path("by-lite");
    expect(await nowhere(["snapshot", "verify", file])).toMatchObject({ code: 0, stderr: "" });
    expect(await nowhere(["snapshot", "restore", file, "--data-dir", dataDir])).toMatchObject({
      code: 0,
      stderr: "",
    });
    expect(await keysOf(dataDir, binary)).toEqual(keys);
  });

  test("what etcdctl-lite saves, etcd's own tool reads alike and restores, and etcd boots with the same keys", async () => {
    const file = path("by-lite.db");
    expect((await liteAt(lab.local.endpoints)(["snapshot", "save", file])).code).toBe(0);
    const { stdout } = await execute(restorer, ["snapshot", "status", file, "-w", "json"], { env });
    const ours = await nowhere(["snapshot", "status", file, "-w", "json"]);
    expect(JSON.parse(ours.stdout)).toEqual(JSON.parse(stdout));
    const dataDir = path("by-own-tool");
    await execute(restorer, ["snapshot", "restore", file, "--data-dir", dataDir], { env });
    expect(await keysOf(dataDir, binary)).toEqual(keys);
  });
});

test("a snapshot on record, saved by etcdctl, is restored by etcdctl-lite, and etcd boots from it", async () => {
  const { path: binary, version } = await findEtcd();
  const [recorded = ""] = ["3.5.16", "3.4.23"].filter((saved) => compareVersions(version, saved) >= 0);
  const file = fileURLToPath(new URL(`../../../fixtures/snapshots/etcd-${recorded}.db`, import.meta.url));
  const { stdout } = await nowhere(["snapshot", "status", file, "-w", "json"]);
  const dataDir = join(dir.path, "recorded");
  expect((await nowhere(["snapshot", "restore", file, "--data-dir", dataDir])).code).toBe(0);
  const { totalKey } = JSON.parse(stdout) as { readonly totalKey: number };
  const keys = await keysOf(dataDir, binary);
  expect(keys.length).toBeGreaterThan(0);
  expect(keys.length).toBeLessThanOrEqual(totalKey);
});
