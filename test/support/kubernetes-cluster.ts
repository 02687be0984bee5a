/**
 * A snapshot of the etcd that a kube-apiserver 1.20.2 with its controllers filled (test/fixtures/kubernetes/
 * cluster-1.20-protobuf.db.gz): built-in kinds as protobuf, custom resources as JSON.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { SnapshotFile } from "../../src/backup/database/snapshot-file.ts";
import { recordsUpTo } from "../../src/backup/records/record-scan.ts";
import { isNewerLine } from "../../src/etcd/local/data-version.ts";
import { findEtcd } from "../../src/etcd/local/find-etcd.ts";

/** Why the etcd that every test takes cannot start on the cluster's data; "" where it can. */
export async function clusterSkipReason(): Promise<string> {
  const { version } = await findEtcd();
  return isNewerLine("3.5.0", version) ? `the recorded cluster is of etcd 3.5, this is ${version}` : "";
}

const fixture = new URL("../fixtures/kubernetes/cluster-1.20-protobuf.db.gz", import.meta.url);

/** Writes the snapshot into `folder`; its path. */
export async function clusterSnapshot(folder: string): Promise<string> {
  const path = join(folder, "cluster-1.20-protobuf.db");
  await writeFile(path, gunzipSync(await readFile(fixture)));
  return path;
}

/** Every value of the snapshot, of every version of every key. */
export async function clusterValues(
  path: string,
): Promise<readonly { readonly key: string; readonly value: Uint8Array }[]> {
  await using file = await SnapshotFile.open(path);
  const values: { key: string; value: Uint8Array }[] = [];
  for await (const { key, value } of recordsUpTo(file)) {
    if (value.length > 0) values.push({ key: Buffer.from(key).toString("utf8"), value: value.slice() });
  }
  return values;
}
