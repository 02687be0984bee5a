/**
 * A report of the version matrix, counted by etcd: a test belongs to the version its name carries ("etcd 3.4.23 ..."), the
 * others ran over the etcd that every test takes.
 */

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 */

/** Of tests whose name carries no version. */
export const unnamed = "without a version";

/**
 * @param {import("./reports.mjs").Report | undefined} report
 * @returns {Map<string, Counts>} oldest version first; a file that could not be loaded counts as one failure
 */
export function countsByVersion(report) {
  /** @type {Map<string, Counts>} */
  const counts = new Map();
  const of = (/** @type {string} */ version) => {
    const known = counts.get(version) ?? { passed: 0, failed: 0, skipped: 0 };
    counts.set(version, known);
    return known;
  };
  for (const file of report?.testResults ?? []) {
    if (file.status === "failed" && file.assertionResults.length === 0) of(unnamed).failed++;
    for (const { fullName, status } of file.assertionResults) {
      const version = /\betcd (\d+\.\d+\.\d+)\b/.exec(fullName)?.[1] ?? unnamed;
      if (status === "passed") of(version).passed++;
      else if (status === "failed") of(version).failed++;
      else of(version).skipped++;
    }
  }
  const byNumber = new Intl.Collator("en", { numeric: true });
  return new Map([...counts].sort(([a], [b]) => byNumber.compare(a, b)));
}
