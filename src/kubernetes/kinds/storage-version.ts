/**
 * In which version a release of Kubernetes stores a kind.
 *
 * kube-apiserver stores the newest version that the release before it reads, too, so that it can be rolled back; of a kind
 * younger than that, the oldest it has. That is the rule from 1.31 on (its "minimum compatibility version"); before, it was
 * done by hand, with a few held back longer (`held`). Where release and rule differ, both read what either writes.
 */
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";
import type { BuiltinKind, StoredVersion } from "./builtin-kinds.ts";
import { newestMinor, oldestMinor } from "./builtin-rows.ts";

/**
 * The minor of a release: 20 for "1.20", "v1.20.2", "1.20.2-k3s1". A newer one than the table knows counts as its newest.
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

/** The version release 1.`minor` stores; undefined when it does not have the kind. */
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
