/**
 * Reads vitest's JSON reports: of a run, and of the second run of some of its files.
 *
 * Tests with other processes (etcd, the tool) depend on the load of the machine. Such a file that failed in the full
 * run is run once more alone; tests that pass then count as passed and are named as flaky, with their first failure.
 * Not excused: tests of this process alone, the fault campaign and the simulation (what they find once is a finding),
 * and a run with many failing files.
 */
import { readFileSync } from "node:fs";
import { relative, sep } from "node:path";
import { projectFolder } from "../setup/find-etcd.mjs";

/**
 * @typedef {{ fullName: string, status: string, failureMessages?: string[], note?: string }} TestResult
 * @typedef {{ name: string, status: string, message: string, assertionResults: TestResult[] }} FileResult
 * @typedef {{ testResults: FileResult[], outside?: string[] }} Report
 */

/** More failing files than this are no accident of the machine. */
const mostFiles = 3;
/** A failure here stands, whatever a second run says. */
const neverExcused = ["unit", "property", "types", "simulation"];

/**
 * @param {string} path
 * @returns {Report | undefined} undefined when there is none, or half of one
 */
export function readReport(path) {
  try {
    const report = JSON.parse(readFileSync(path, "utf8"));
    return Array.isArray(report.testResults) ? report : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The files to run once more, relative to the project; none when the failures stand.
 * @param {Report | undefined} report
 * @returns {string[]}
 */
export function filesToRunAgain(report) {
  const failed = (report?.testResults ?? []).filter(({ status }) => status === "failed");
  const files = failed.map(({ name }) => relative(projectFolder, name).split(sep).join("/"));
  const excusable = files.every(
    (file) =>
      !file.startsWith("campaign/") && !neverExcused.some((folder) => file.startsWith(`test/${folder}/`)),
  );
  return files.length <= mostFiles && excusable ? files : [];
}

/**
 * The first run with the files of the second in their place, and a line for each test that passed only then.
 * @param {Report} first
 * @param {Report | undefined} second
 * @returns {{ report: Report, flaky: string[] }}
 */
export function merged(first, second) {
  const again = new Map((second?.testResults ?? []).map((file) => [file.name, file]));
  /** @type {string[]} */
  const flaky = [];
  const testResults = first.testResults.map((file) => {
    const rerun = again.get(file.name);
    if (file.status !== "failed" || rerun === undefined || rerun.status === "failed") return file;
    const failures = file.assertionResults.filter(({ status }) => status === "failed");
    const causes = failures.map(({ fullName, failureMessages }) => [fullName, failureMessages?.[0]]);
    if (causes.length === 0) causes.push([relative(projectFolder, file.name), file.message]);
    for (const [name, cause = ""] of causes) flaky.push(`${name}: ${cause.split("\n")[0]}`);
    return rerun;
  });
  return { report: { testResults }, flaky };
}
