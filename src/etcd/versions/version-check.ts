/**
 * etcd versions with faults that reach through any client (issue numbers of etcd in ADRs and docs/etcd-versions).
 * Checked when an endpoint says who it is; each version is warned about once per client.
 */
import { compareVersions, hasFix } from "./version.ts";

/** Members diverge after a crash (etcd #13766): data that was acknowledged can be gone. */
const losesData = (version: string): boolean =>
  compareVersions(version, "3.5.0") >= 0 && compareVersions(version, "3.5.2") <= 0;

/** Why `version` is not worked with unless that is asked for; undefined when it is. */
export function refusalOf(version: string): string | undefined {
  return losesData(version)
    ? `etcd ${version} can lose acknowledged data after a crash: upgrade to 3.5.6 or later, or set allowFaultyVersions`
    : undefined;
}

/** What an operator should know of `version`; undefined for none. */
export function warningOf(version: string): string | undefined {
  if (losesData(version)) return refusalOf(version);
  if (compareVersions(version, "3.4.0") < 0)
    return `etcd ${version} is older than 3.4, which keelson is tested with`;
  if (compareVersions(version, "3.5.0") >= 0 && compareVersions(version, "3.5.5") <= 0) {
    return `etcd ${version} can diverge between members after a crash in defragmentation: upgrade to 3.5.6 or later`;
  }
  if (!hasFix(version, ["3.4.25", "3.5.8"])) {
    return `etcd ${version} can answer watch progress ahead of events; reads from a cache then go to etcd: upgrade to 3.4.25, 3.5.8 or later`;
  }
  return undefined;
}
