/** What is known to be wrong with an etcd of some version, for those who look a cluster over (`etcdctl-lite doctor`). */
import { compareVersions } from "./version.ts";
import { type Fault, faults, hasFault } from "./version-facts.ts";

/** One fault of version-facts.ts, as a reader of a report sees it. */
export type KnownFault = Pick<Fault, "id" | "what" | "kind" | "fixed">;

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
