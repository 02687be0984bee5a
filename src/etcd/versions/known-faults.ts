/** What is known to be wrong with an etcd of some version, for those who look a cluster over (`etcdctl-lite doctor`). */
import { compareVersions } from "./version.ts";
import { faults, hasFault } from "./version-facts.ts";

/** One fault of version-facts.ts, as a reader of a report sees it. */
export interface KnownFault {
  /** The advisory or issue: `CVE-2026-33343`, `etcd #13766`. */
  readonly id: string;
  /** What can happen, for people. */
  readonly what: string;
  /**
   * "data": what was acknowledged can be lost or differ between members. "reading": an answer can be wrong. "security".
   * "operation": a change of members, an upgrade or a defragmentation can go wrong.
   */
  readonly kind: "data" | "reading" | "security" | "operation";
  /** The versions that mend it, oldest line first, e.g. `["3.4.25", "3.5.8"]`. */
  readonly fixed: readonly string[];
}

/** What is known to be wrong with etcd `version`, the worst first; none for one that has every fix listed. */
export function knownFaults(version: string): readonly KnownFault[] {
  return faults
    .filter((fault) => hasFault(version, fault))
    .map(({ id, what, kind, fixed }) => ({ id, what, kind, fixed }));
}

/** The lowest version of `version`'s own minor line, or else of the next one with a fix, that has every fix listed here. */
export function faultlessVersion(version: string): string {
  const line = version.split(".").slice(0, 2).join(".");
  const needed = knownFaults(version).map(
    ({ fixed }) =>
      fixed.find((fix) => fix.startsWith(`${line}.`)) ??
      fixed.find((fix) => compareVersions(fix, version) > 0) ??
      version,
  );
  return needed.sort(compareVersions).at(-1) ?? version;
}
