#!/usr/bin/env node
/**
 * The verdict of a test run, for CI: `node scripts/test-verdict.mjs REPORT EXIT_CODE`.
 *
 * REPORT is vitest's JSON report, EXIT_CODE what the runner ended with. Prints `N passed, N failed` (and
 * `, N skipped`) as the last line and ends with 0 only when the runner did, a test ran, and none failed: a
 * runner that crashed before or after its tests fails, whatever was counted.
 */
import { readFileSync } from "node:fs";

const [path = "", exitCode = "1"] = process.argv.slice(2);
const report = readReport();
const passed = report?.numPassedTests ?? 0;
const failed = report?.numFailedTests ?? 0;
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);

/** @type {string[]} */
const faults = [];
if (report === undefined) faults.push("the runner left no report");
else if (passed + failed === 0) faults.push("no test ran");
for (const { name, status, message, assertionResults } of report?.testResults ?? []) {
  // A file that fails to load has no test to fail.
  if (status === "failed" && assertionResults.every((test) => test.status !== "failed")) {
    faults.push(`${name} failed outside its tests: ${message.split("\n")[0]}`);
  }
}
if (exitCode !== "0" && failed === 0 && faults.length === 0) faults.push(`the runner ended with ${exitCode}`);

for (const fault of faults) process.stdout.write(`error: ${fault}\n`);
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
process.exitCode = exitCode === "0" && failed === 0 && faults.length === 0 ? 0 : 1;

/**
 * @typedef {object} Report
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {{ name: string, status: string, message: string, assertionResults: { status: string }[] }[]} testResults
 */

/** @returns {Report | undefined} undefined when there is none, or half of one */
function readReport() {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
