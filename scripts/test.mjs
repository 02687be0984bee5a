#!/usr/bin/env node
/**
 * `npm test [-- VITEST_ARGUMENT ...]`: sets up what is missing, then runs every test, or those that the arguments
 * select.
 *
 * When a few files that work with real processes fail in a run of everything, they are run once more by themselves
 * (scripts/test/reports.mjs says which, and why). The reports stay in .cache/test-report.json and
 * .cache/test-report-2.json, for scripts/test-verdict.mjs.
 */
import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { cachedKubectls, fetchKubectl } from "./kubernetes/fetch-kubectl.mjs";
import { isOnPath } from "./setup/fetch-packages.mjs";
import { projectFolder } from "./setup/find-etcd.mjs";
import { SetupError, say } from "./setup/report.mjs";
import { launch, setUp } from "./setup/set-up.mjs";
import { filesToRunAgain, readReport } from "./test/reports.mjs";
import { vitestMain } from "./test/vitest-main.mjs";

const reports = ["test-report.json", "test-report-2.json"].map((name) => join(projectFolder, ".cache", name));
const [firstReport = "", secondReport = ""] = reports;

await launch(async () => {
  await setUp({ etcd: true });
  await haveKubectl();
  for (const path of reports) await rm(path, { force: true });
  const wanted = process.argv.slice(2);
  process.exitCode = await vitest(wanted, firstReport);
  if (process.exitCode === 0 || wanted.length > 0) return;
  const files = filesToRunAgain(readReport(firstReport));
  if (files.length === 0) return;
  process.stdout.write(`\nOnce more, with nothing beside them: ${files.join(", ")}\n`);
  process.exitCode = await vitest([...files, "--no-file-parallelism"], secondReport);
});

/** A kubectl, where this machine has none and one can be had: the tests that need it say so when they are skipped. */
async function haveKubectl() {
  if (process.env["KEELSON_KUBECTL"] !== undefined || cachedKubectls().length > 0 || isOnPath("kubectl"))
    return;
  try {
    await fetchKubectl();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`without kubectl: ${error.message}`);
  }
}

/**
 * @param {string[]} args
 * @param {string} report where to write it
 * @returns {Promise<number>} the exit code; signals go to both processes, and vitest's end is waited for
 */
function vitest(args, report) {
  const main = vitestMain();
  const outputs = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const child = spawn(process.execPath, [main, "run", ...args, ...outputs], {
    cwd: projectFolder,
    stdio: "inherit",
  });
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  const pass = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, pass);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      for (const signal of signals) process.off(signal, pass);
      resolve(code ?? 1);
    });
  });
}
