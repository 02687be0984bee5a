/**
 * The table of known facts about etcd's versions. Everything that depends on a version reads it: the client's refusal and
 * warning, the workarounds of a watch, whether a cache trusts progress, `etcdctl-lite doctor`, docs.
 *
 * A fault lists the first version of each minor line that has its fix; a line that is not listed is fixed if
 * it is newer than the last of them.
 */
import { invariant } from "../../errors.ts";
import { compareVersions, hasFix } from "./version.ts";

/** A fault that the client itself acts on; version-check.ts and the watches name them. */
export type Effect = "losesData" | "defragDiverges" | "progressAhead" | "progressWithheld" | "compactedStart";

export interface Fault {
  /** The advisory or issue: `CVE-2026-33343`, `etcd #13766`. */
  readonly id: string;
  readonly what: string;
  /** `data`: acknowledged data can be lost or differ between members. `operation`: a member change, upgrade or defragmentation can fail. */
  readonly kind: "data" | "reading" | "security" | "operation";
  /** Oldest line first, e.g. `["3.4.25", "3.5.8"]`. */
  readonly fixed: readonly string[];
  /** The first version with the fault; default: every older version has it. */
  readonly since?: string;
  /** Set if the client acts on it. */
  readonly effect?: Effect;
}

/** The oldest version that keelson is tested with. */
export const oldestTested = "3.4.0";

/**
 * The assumed version of an etcd that hides its version from users without permission on everything: 3.5.30 does, 3.5.16 and
 * 3.4.23 show it to anybody. It is above every fix that the client acts on.
 */
export const reticentVersion = "3.5.30";

export const faults: readonly Fault[] = [
  {
    id: "etcd #13766",
    effect: "losesData",
    what: "members can differ after a crash: acknowledged data can be gone",
    kind: "data",
    since: "3.5.0",
    fixed: ["3.5.3"],
  },
  {
    id: "etcd #14685",
    effect: "defragDiverges",
    what: "members can differ after a crash in a defragmentation",
    kind: "data",
    since: "3.5.0",
    fixed: ["3.5.6"],
  },
  {
    id: "etcd #20650",
    what: "a member that is defragmented while it takes a snapshot from the leader can damage its data",
    kind: "operation",
    fixed: ["3.4.38", "3.5.23", "3.6.5"],
  },
  {
    id: "etcd #17425",
    what: "a member that was the leader can revoke leases that are alive",
    kind: "reading",
    fixed: ["3.4.31", "3.5.13"],
  },
  {
    id: "etcd #14571",
    what: "a member that catches up by snapshot can keep old users and roles",
    kind: "security",
    fixed: ["3.4.22", "3.5.6"],
  },
  {
    id: "etcd #15220",
    effect: "progressAhead",
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
    what: "a lease shows the names of keys to users who may not read them",
    kind: "security",
    fixed: ["3.4.26", "3.5.9"],
  },
  {
    id: "progress withheld",
    effect: "progressWithheld",
    what: "a quiet watch may never get progress: linearizable reads from a cache then go to etcd",
    kind: "reading",
    fixed: ["3.4.31", "3.5.13"],
  },
  {
    id: "etcd #17612",
    what: "a watch can lose events after a compaction",
    kind: "reading",
    fixed: ["3.4.31", "3.5.13"],
  },
  {
    id: "revision falls back",
    what: "after a crash in a compaction the revision can go back",
    kind: "reading",
    fixed: ["3.4.32", "3.5.14"],
  },
  {
    id: "deletion not watched",
    effect: "compactedStart",
    what: "a watch from the compacted revision can miss the deletion made there",
    kind: "reading",
    fixed: ["3.4.36", "3.5.18"],
  },
  {
    id: "etcd #20221",
    what: "a watch from a revision that its member has not reached yet can get older events and progress; keelson drops them",
    kind: "reading",
    fixed: ["3.4.38", "3.5.22", "3.6.2"],
  },
  {
    id: "lease kept alive in vain",
    what: "an expired lease can be kept alive",
    kind: "reading",
    fixed: ["3.4.38", "3.5.23", "3.6.5"],
  },
  {
    id: "etcd #19557",
    what: "the promotion of a learner is not stored for 3.6: after an upgrade members can be learners again, and 3.6 does not start",
    kind: "operation",
    since: "3.5.1",
    fixed: ["3.5.24"],
  },
  {
    id: "etcd #20967",
    what: "members removed long ago can come back with an upgrade to 3.6: upgrade to 3.5.26 first",
    kind: "operation",
    since: "3.5.0",
    fixed: ["3.5.26"],
  },
  {
    id: "etcd #20387",
    what: "a member does not start on a log in which a learner is promoted",
    kind: "operation",
    since: "3.6.0",
    fixed: ["3.6.4"],
  },
  {
    id: "etcd #20874",
    what: "with users and roles, a learner can be promoted only through the leader",
    kind: "operation",
    fixed: ["3.5.28", "3.6.6"],
  },
  {
    id: "etcd #21378",
    what: "a linearizable read can be stale when the leader changes",
    kind: "reading",
    fixed: ["3.4.42", "3.5.28", "3.6.9"],
  },
  {
    id: "etcd #20418",
    what: "a linearizable read can be stale after a process was paused",
    kind: "reading",
    fixed: ["3.4.42", "3.5.28", "3.6.9"],
  },
  {
    id: "CVE-2026-33343",
    what: "a nested transaction bypasses the user's permissions",
    kind: "security",
    fixed: ["3.4.42", "3.5.28", "3.6.9"],
  },
  {
    id: "CVE-2026-33413",
    what: "members and alarms can be listed without authentication",
    kind: "security",
    fixed: ["3.4.42", "3.5.28", "3.6.9"],
  },
  {
    id: "etcd #21667",
    what: "no member can be added while one is down, quorum or not",
    kind: "operation",
    fixed: ["3.5.30", "3.6.11"],
  },
  {
    id: "CVE-2026-44283",
    what: "puts in a transaction can read values and attach leases without permission",
    kind: "security",
    fixed: ["3.4.44", "3.5.30", "3.6.11"],
  },
  {
    id: "etcd #21736",
    what: "member update turns a learner into a voting member",
    kind: "operation",
    fixed: ["3.5.31", "3.6.12"],
  },
  {
    id: "GHSA-3wh4-j44w-pg92",
    what: "a revoked client certificate can be accepted",
    kind: "security",
    fixed: ["3.5.32", "3.6.13"],
  },
  {
    id: "GHSA-xg4h-6gfc-h4m8",
    what: "a user who may read one key can watch others",
    kind: "security",
    fixed: ["3.5.33", "3.6.14", "3.7.1"],
  },
  {
    id: "GHSA-6vch-q96h-7gc3",
    what: "unfinished TLS handshakes can stall the server",
    kind: "security",
    fixed: ["3.5.33", "3.6.14", "3.7.1"],
  },
];

/** Whether etcd `version` has `fault`. */
export function hasFault(version: string, { since, fixed }: Fault): boolean {
  return !hasFix(version, fixed) && (since === undefined || compareVersions(version, since) >= 0);
}

/** Whether etcd `version` has the fault that the client identifies by `effect`. */
export function suffers(version: string, effect: Effect): boolean {
  return hasFault(version, faultOf(effect));
}

/** Upgrade targets of the fault, oldest line first: `3.4.31, 3.5.13`. */
export function fixesOf(effect: Effect): string {
  return faultOf(effect).fixed.join(", ");
}

/** Whether linearizable reads may rely on the progress notices of an etcd of `version`. */
export function progressIsTrusted(version: string): boolean {
  return !suffers(version, "progressAhead") && !suffers(version, "progressWithheld");
}

function faultOf(effect: Effect): Fault {
  const fault = faults.find((each) => each.effect === effect);
  invariant(fault !== undefined, `the table has no fault with the effect "${effect}"`);
  return fault;
}
