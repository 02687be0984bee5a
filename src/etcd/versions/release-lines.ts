/**
 * etcd's minor lines: until when each gets patches, and the first version with each feature. The doctor, the tool's
 * messages and docs/etcd-versions.md read these tables; version-facts.ts has the faults.
 *
 * Source: etcd's change logs up to 3.4.45, 3.5.33, 3.6.14 and 3.7.1, and its support policy (the newest two lines).
 */
import { invariant } from "../../errors.ts";

/** A minor line of etcd and its support. */
export interface ReleaseLine {
  /** "3.4" */
  readonly line: string;
  /** The newest patch when this table was written. */
  readonly newest: string;
  /** RFC 3339 date of the last patch; undefined while there are more to come. */
  readonly endedOn: string | undefined;
  /** Requirements of an upgrade to the next line. */
  readonly upgrade: string;
}

/** Oldest first. */
export const releaseLines: readonly ReleaseLine[] = [
  {
    line: "3.4",
    newest: "3.4.45",
    endedOn: "2026-06-01",
    upgrade: "to 3.5, one member after the other; not directly to 3.6",
  },
  {
    line: "3.5",
    newest: "3.5.33",
    endedOn: undefined,
    upgrade:
      "to 3.5.26 or later first, then to 3.6: from an earlier version, members that were removed or promoted can come back in their old state",
  },
  { line: "3.6", newest: "3.6.14", endedOn: undefined, upgrade: "to 3.7, one member after the other" },
];

export type FeatureName =
  | "probes"
  | "downgrade"
  | "statusOf36"
  | "hashRevision"
  | "snapshotVersion"
  | "offlineTool"
  | "offlineToolAlone"
  | "maxLearners"
  | "rangeStream";

export interface Feature {
  readonly name: FeatureName;
  readonly what: string;
  /** The first version of each line that has the feature, oldest line first; later lines have it too. */
  readonly since: readonly string[];
}

export const features: readonly Feature[] = [
  {
    name: "probes",
    what: "HTTP `/livez` and `/readyz` beside `/health`",
    since: ["3.4.29", "3.5.11", "3.6.0"],
  },
  {
    name: "offlineTool",
    what: "etcdutl: `snapshot status`, `snapshot restore`, `defrag --data-dir`",
    since: ["3.5.0"],
  },
  { name: "downgrade", what: "requests to validate, enable and cancel a downgrade", since: ["3.5.0"] },
  {
    name: "statusOf36",
    what: "storage version, space quota and downgrade state in a member's status",
    since: ["3.6.0"],
  },
  { name: "hashRevision", what: "the last revision that `hashkv` has hashed", since: ["3.6.0"] },
  {
    name: "snapshotVersion",
    what: "a version in snapshots; live keys counted by `snapshot status`",
    since: ["3.6.0"],
  },
  {
    name: "offlineToolAlone",
    what: "`snapshot status`, `snapshot restore` and `defrag --data-dir` in etcdutl only, not in etcdctl",
    since: ["3.6.0"],
  },
  { name: "maxLearners", what: "more than one learner (`--max-learners`)", since: ["3.6.0"] },
  {
    name: "rangeStream",
    what: "RangeStream, a range in parts; keelson reads pages and does not use it",
    since: ["3.7.0"],
  },
];

/** The first version that has the feature. */
export function firstWith(name: FeatureName): string {
  return featureOf(name).since[0] ?? "";
}

/** The line of `version` if it gets no more patches; undefined while it does, and for lines newer than this table. */
export function endedLineOf(version: string): ReleaseLine | undefined {
  const line = lineOf(version);
  return releaseLines.find((each) => each.line === line && each.endedOn !== undefined);
}

/** "3.6" of "3.6.14". */
export const lineOf = (version: string): string => version.split(".").slice(0, 2).join(".");

function featureOf(name: FeatureName): Feature {
  const feature = features.find((each) => each.name === name);
  invariant(feature !== undefined, `the table has no feature "${name}"`);
  return feature;
}
