/**
 * The version in which a release of Kubernetes stores a kind.
 *
 * kube-apiserver stores the newest version that the previous release can also read, so that it can be rolled back; for
 * a newer kind, its oldest version. This is the rule since 1.31 (its "minimum compatibility version"); earlier releases
 * chose versions by hand and held a few back longer (`held`). Where release and rule differ, each reads what the other
 * writes.
 */
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";
import type { BuiltinKind, StoredVersion } from "./builtin-kinds.ts";
import { newestMinor, oldestMinor } from "./builtin-rows.ts";

/**
 * The minor of a release: 20 for "1.20", "v1.20.2", "1.20.2-k3s1". A newer release than the table has counts as its
 * newest.
 * @throws INVALID_ARGUMENT "version"
 */
export function releaseMinor(version: string | undefined): number {
  if (version === undefined) return newestMinor;
  const [, minor] = /^v?1\.([0-9]{1,3})(?:[.+-].*)?$/s.exec(String(version)) ?? [];
  if (minor === undefined || Number(minor) < oldestMinor) {
    throw invalidArgument(
      "version",
      `Cannot use ${quote(version)} as version of Kubernetes: expected 1.${oldestMinor} or newer, such as "1.33"`,
    );
  }
  return Math.min(Number(minor), newestMinor);
}

/** The version that release 1.`minor` stores; undefined if it does not have the kind. */
export function storageVersion(kind: BuiltinKind, minor: number): StoredVersion | undefined {
  if (kind.removed !== undefined && minor >= kind.removed) return undefined;
  const held = kind.held.find((version) => minor <= version.minor && isServed(kind, version, minor));
  return (
    held ??
    kind.versions.find((version) => version.minor < minor) ??
    kind.versions.findLast((version) => version.minor <= minor)
  );
}

function isServed(kind: BuiltinKind, held: StoredVersion, minor: number): boolean {
  return kind.versions.some(
    ({ apiVersion, minor: since }) => apiVersion === held.apiVersion && since <= minor,
  );
}
