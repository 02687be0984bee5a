/**
 * The legs of the version matrix: the requested etcds, the report of a leg, and the table of all legs.
 *
 * A leg is a run of the integration project in which every test takes one etcd. A test that cannot hold on it is skipped and
 * says why: with `context.skip(reason)`, or with "(skipped: reason)" in its name or in the name of its suite.
 */

/**
 * @typedef {{ version: string, passed: number, failed: number, skipped: number, reasons: ReadonlyMap<string, number>,
 *   faults: readonly string[], flaky: readonly string[], minutes: number }} Leg
 */

/** Of a skipped test that does not say why. */
export const noReason = "no reason given";

/**
 * @param {readonly string[]} args "3.4.23 3.6 test/integration/etcd -t lease": versions first, the rest is for vitest
 * @returns {{ versions: string[], rest: string[] }}
 */
export function parseLegs(args) {
  const isVersion = (/** @type {string} */ arg) => /^\d+\.\d+(\.\d+)?$/.test(arg);
  const end = args.findIndex((arg) => !isVersion(arg));
  const count = end === -1 ? args.length : end;
  return { versions: args.slice(0, count), rest: args.slice(count) };
}

/**
 * @param {string} version
 * @param {import("./reports.mjs").Report | undefined} report
 * @param {{ flaky?: readonly string[], minutes?: number }} [besides]
 * @returns {Leg} a file that fails outside its tests, and a run without a report, count as a failure each
 */
export function readLeg(version, report, { flaky = [], minutes = 0 } = {}) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  /** @type {Map<string, number>} */
  const reasons = new Map();
  /** @type {string[]} */
  const faults = [];
  for (const { name, status, message, assertionResults } of report?.testResults ?? []) {
    if (status === "failed" && assertionResults.every((result) => result.status !== "failed")) {
      faults.push(`${name} fails outside its tests: ${firstLine(message)}`);
    }
    for (const result of assertionResults) {
      if (result.status === "passed") count.passed++;
      else if (result.status === "failed") {
        faults.push(`${result.fullName}: ${firstLine(result.failureMessages?.[0] ?? "")}`);
      } else {
        count.skipped++;
        const reason = reasonOf(result);
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
    }
  }
  for (const message of report?.outside ?? []) faults.push(`outside of all tests: ${firstLine(message)}`);
  if (report === undefined) faults.push("the runner left no report");
  else if (count.passed === 0 && faults.length === 0) faults.push("no test ran");
  return { version, ...count, failed: faults.length, reasons, faults, flaky, minutes };
}

/** @param {import("./reports.mjs").TestResult} result */
function reasonOf({ fullName, note }) {
  if (note !== undefined) return note;
  return /\(skipped: (.+?)\)(?= |$)/.exec(fullName)?.[1] ?? `${noReason}: ${fullName}`;
}

/** @param {string} text */
function firstLine(text) {
  return text.split("\n")[0] ?? "";
}

/**
 * What is printed at the end: a row a leg, and below it why tests were skipped, what failed, what passed on its second run.
 *
 * @param {readonly Leg[]} legs
 * @returns {string}
 */
export function legTable(legs) {
  const rows = [
    ["etcd", "passed", "failed", "skipped", "minutes"],
    ...legs.map((leg) => [leg.version, ...[leg.passed, leg.failed, leg.skipped, leg.minutes].map(String)]),
  ];
  const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  const cells = (/** @type {readonly string[]} */ row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
  const details = legs.flatMap(({ version, reasons, faults, flaky }) => {
    const skips = [...reasons].sort(([, a], [, b]) => b - a);
    const lines = [
      ...faults.map((fault) => `  failed: ${fault}`),
      ...flaky.map((line) => `  passed on its second run: ${line}`),
      ...skips.map(([reason, count]) => `  ${count} skipped: ${reason}`),
    ];
    return lines.length === 0 ? [] : ["", `etcd ${version}`, ...lines];
  });
  return `${[...rows.map(cells), ...details].join("\n")}\n`;
}
