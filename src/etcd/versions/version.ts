/** etcd's version numbers, compared, and the fixes that a client must know of. */

/** Progress that overtakes the events it speaks of (etcd #15220). */
export const progressFixed: readonly string[] = ["3.4.25", "3.5.8"];
/** A deletion at the compacted revision that a watch from that revision never sees. */
export const compactedStartFixed: readonly string[] = ["3.4.36", "3.5.18"];

/**
 * What an etcd is taken for that keeps its version from users without rights on everything: 3.5.30 does, 3.5.16 and
 * 3.4.23 tell anybody. It lies above every fix that matters here.
 */
export const reticentVersion = "3.5.30";

/** Below, at or above 0 as version `a` is lower than, equal to or higher than `b`; missing numbers count as 0. */
export function compareVersions(a: string, b: string): number {
  const numbers = (text: string): readonly number[] =>
    (text.split("-")[0] ?? "").split(".").map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether `version` is at least the fix in its minor line; fixes are listed oldest line first, e.g. ["3.4.25", "3.5.8"]. */
export function hasFix(version: string, fixes: readonly string[]): boolean {
  const line = (v: string): string => v.split(".").slice(0, 2).join(".");
  const own = fixes.find((fix) => line(fix) === line(version));
  if (own !== undefined) return compareVersions(version, own) >= 0;
  const newest = fixes.at(-1);
  return newest !== undefined && compareVersions(version, newest) > 0;
}
