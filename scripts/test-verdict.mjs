#!/usr/bin/env node
/**
 * The result of a test run, for CI: `node scripts/test-verdict.mjs EXIT_CODE REPORT [SECOND_REPORT]`.
 *
 * The reports are vitest's JSON reports of `npm test`, EXIT_CODE is its exit code. The script names the tests that
 * passed only on their second run, then prints `N passed, N failed` (and `, N skipped`) as the last line, and ends with
 * 0 only when `npm test` did, a test ran, and none failed: a runner that crashed before or after its tests fails,
 * whatever was counted.
 */
import { merged, readReport } from "./test/reports.mjs";

const [exitCode = "1", path = "", secondPath = ""] = process.argv.slice(2);
const first = readReport(path);
const { report, flaky } = merged(first ?? { testResults: [] }, readReport(secondPath));
const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
const passed = tests.filter(({ status }) => status === "passed").length;
const failed = tests.filter(({ status }) => status === "failed").length;
const skipped = tests.length - passed - failed;

/** @type {string[]} */
const faults = [];
if (first === undefined) faults.push("the runner left no report");
else if (passed + failed === 0) faults.push("no test ran");
for (const { name, status, message, assertionResults } of report.testResults) {
  // A file that fails to load has no test to fail.
  if (status === "failed" && assertionResults.every((test) => test.status !== "failed")) {
    faults.push(`${name} failed outside its tests: ${message.split("\n")[0]}`);
  }
}
if (exitCode !== "0" && failed === 0 && faults.length === 0) faults.push(`the runner ended with ${exitCode}`);

for (const line of flaky) process.stdout.write(`flaky, passed on its second run: ${line}\n`);
for (const fault of faults) process.stdout.write(`error: ${fault}\n`);
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
process.exitCode = exitCode === "0" && failed === 0 && faults.length === 0 ? 0 : 1;
