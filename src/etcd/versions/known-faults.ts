/** The known faults of an etcd version, for tools that inspect a cluster (`etcdctl-lite doctor`). */
import { compareVersions } from "./version.ts";
import { faults, hasFault } from "./version-facts.ts";

/** One fault of version-facts.ts, as shown in a report. */
export interface KnownFault {
  /** The advisory or issue: `CVE-2026-33343`, `etcd #13766`. */
  readonly id: string;
  /** What can happen, as text for people. */
  readonly what: string;
  /**
   * "data": acknowledged data can be lost or differ between members. "reading": a response can be wrong. "security".
   * "operation": a change of members, an upgrade or a defragmentation can fail.
   */
  readonly kind: "data" | "reading" | "security" | "operation";
  /** The versions that fix it, oldest line first, e.g. `["3.4.25", "3.5.8"]`. */
  readonly fixed: readonly string[];
}

/** The known faults of etcd `version`, the worst first; empty for a version with every listed fix. */
export function knownFaults(version: string): readonly KnownFault[] {
  return faults
    .filter((fault) => hasFault(version, fault))
    .map(({ id, what, kind, fixed }) => ({ id, what, kind, fixed }));
}

/** The lowest version with every fix listed here, of `version`'s own minor line, or else of the next one with a fix. */
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
