/**
 * The etcd programs a suite runs over. `etcdBinaries()`: the one `startLocalEtcd` would take, or with KEELSON_ETCD_MATRIX=1
 * every version present; `everyEtcd()`: those in any case, for a test of several versions together. Present are KEELSON_ETCD,
 * PATH, the project's cache, and the list in KEELSON_ETCD_BINARIES, separated by ":".
 *
 *   describe.each(await etcdBinaries())("etcd $version", ({ path }) => { … startLocalEtcd({ binary: path }) … })
 */
import { type EtcdBinary, findEtcd, findEveryEtcd } from "../../../src/etcd/local/find-etcd.ts";
import { compareVersions } from "../../../src/etcd/versions/version.ts";

export async function etcdBinaries(): Promise<readonly EtcdBinary[]> {
  return process.env["KEELSON_ETCD_MATRIX"] === "1" ? everyEtcd() : [await findEtcd()];
}

/** One program a version, oldest first: two of the same version show nothing new. */
export async function everyEtcd(): Promise<readonly EtcdBinary[]> {
  const found = [...(await findEveryEtcd())];
  for (const path of (process.env["KEELSON_ETCD_BINARIES"] ?? "").split(":")) {
    if (path !== "") found.push(await findEtcd({ binary: path }));
  }
  const byVersion = new Map(found.map((binary) => [binary.version, binary]));
  return [...byVersion.values()].sort((a, b) => compareVersions(a.version, b.version));
}
