/**
 * What is known to be wrong with an etcd of some version, for those who look a cluster over (`etcdctl-lite doctor`).
 * version-check.ts decides what the client itself refuses and warns of.
 *
 * A fault is listed with the first version of each minor line that has its fix; a line that is not listed is fixed when
 * it is newer than the last of them.
 */
import { compareVersions, hasFix } from "./version.ts";

export interface KnownFault {
  /** The advisory or issue: `CVE-2026-33343`, `etcd #13766`. */
  readonly id: string;
  readonly what: string;
  /** `data`: what was acknowledged can be lost or differ between members. */
  readonly kind: "data" | "reading" | "security";
  /** Oldest line first, e.g. `["3.4.25", "3.5.8"]`. */
  readonly fixed: readonly string[];
}

interface Fault extends KnownFault {
  /** The first version that has it; every older one by default. */
  readonly since?: string;
}

const faults: readonly Fault[] = [
  {
    id: "etcd #13766",
    what: "members can differ after a crash: acknowledged data can be gone",
    kind: "data",
    since: "3.5.0",
    fixed: ["3.5.3"],
  },
  {
    id: "etcd #14685",
    what: "members can differ after a crash in a defragmentation",
    kind: "data",
    since: "3.5.0",
    fixed: ["3.5.6"],
  },
  {
    id: "etcd #14571",
    what: "a member that catches up by snapshot can go on with old users and roles",
    kind: "security",
    fixed: ["3.4.22", "3.5.6"],
  },
  {
    id: "etcd #15220",
    what: "watch progress can run ahead of events",
    kind: "reading",
    fixed: ["3.4.25", "3.5.8"],
  },
  {
    id: "CVE-2021-28235",
    what: "a password can show in debug output",
    kind: "security",
    fixed: ["3.4.25", "3.5.8"],
  },
  {
    id: "CVE-2023-32082",
    what: "a lease tells the names of keys to who may not read them",
    kind: "security",
    fixed: ["3.4.26", "3.5.9"],
  },
  {
    id: "revision falls back",
    what: "after a crash in a compaction the revision can go back",
    kind: "reading",
    fixed: ["3.4.32", "3.5.14"],
  },
  {
    id: "deletion not watched",
    what: "a watch from the compacted revision can miss the deletion made there",
    kind: "reading",
    fixed: ["3.4.36", "3.5.18"],
  },
  {
    id: "lease kept alive in vain",
    what: "a lease that is over can be kept alive",
    kind: "reading",
    fixed: ["3.4.38", "3.5.23"],
  },
  {
    id: "CVE-2026-33343",
    what: "a nested transaction passes by the user's rights",
    kind: "security",
    fixed: ["3.4.42", "3.5.28"],
  },
  {
    id: "CVE-2026-33413",
    what: "members and alarms can be asked for without a login",
    kind: "security",
    fixed: ["3.5.28"],
  },
  {
    id: "etcd #20418",
    what: "a linearizable read can be stale after a process was paused",
    kind: "reading",
    fixed: ["3.5.28"],
  },
  {
    id: "CVE-2026-44283",
    what: "puts in a transaction read and lease without the user's right to",
    kind: "security",
    fixed: ["3.5.30"],
  },
  {
    id: "GHSA-3wh4-j44w-pg92",
    what: "a revoked client certificate can be accepted",
    kind: "security",
    fixed: ["3.5.32"],
  },
  {
    id: "GHSA-xg4h-6gfc-h4m8",
    what: "who may read one key can watch others",
    kind: "security",
    fixed: ["3.5.33"],
  },
  {
    id: "GHSA-6vch-q96h-7gc3",
    what: "unfinished TLS handshakes can stall the server",
    kind: "security",
    fixed: ["3.5.33"],
  },
];

/** What is known to be wrong with etcd `version`, the worst first; none for one that has every fix listed here. */
export function knownFaults(version: string): readonly KnownFault[] {
  return faults
    .filter(
      ({ since, fixed }) =>
        !hasFix(version, fixed) && (since === undefined || compareVersions(version, since) >= 0),
    )
    .map(({ since: _, ...fault }) => fault);
}

/** The lowest version of `version`'s own minor line, or else of a newer one, that has every fix listed here. */
export function faultlessVersion(version: string): string {
  const line = version.split(".").slice(0, 2).join(".");
  const needed = knownFaults(version).map(
    ({ fixed }) => fixed.find((fix) => fix.startsWith(`${line}.`)) ?? fixed.at(-1) ?? version,
  );
  return needed.sort(compareVersions).at(-1) ?? version;
}
