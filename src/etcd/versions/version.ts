/** Compares etcd's version numbers: which is newer, and whether one has a fix. version-facts.ts has the facts. */

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
