#!/usr/bin/env node
/**
 * `npm run test:matrix [-- VITEST_ARGUMENT ...]`: the integration tests on every etcd, and a table of what failed on which.
 *
 *   fetched   3.4, 3.5 (Debian's packages), 3.5.30
 *   besides   KEELSON_ETCD, for a version no package has (3.6), and PATH; several more: KEELSON_ETCD_BINARIES, with ":" between
 *
 * Suites that name an etcd run over every one; the rest over one: KEELSON_ETCD where it is set. The exit code is vitest's.
 */
import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { projectFolder } from "./setup/find-etcd.mjs";
import { say } from "./setup/report.mjs";
import { launch, setUp } from "./setup/set-up.mjs";
import { countsByVersion } from "./test/matrix-counts.mjs";
import { readReport } from "./test/reports.mjs";

const fetched = ["3.4", "3.5", "3.5.30"];
const report = join(projectFolder, ".cache", "test-matrix.json");

await launch(async () => {
  await setUp({ etcd: true });
  for (const version of fetched) await setUp({ version, build: false });
  if ((process.env["KEELSON_ETCD"] ?? "") === "") {
    say("KEELSON_ETCD names no etcd: line 3.6 is left out, since no package has it");
  }
  await rm(report, { force: true });
  process.exitCode = await vitest(process.argv.slice(2));
  for (const [version, counts] of countsByVersion(readReport(report))) {
    const { passed, failed, skipped } = counts;
    process.stdout.write(`${version.padEnd(12)} ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  }
});

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code
 */
function vitest(args) {
  const main = join(createRequire(import.meta.url).resolve("vitest/package.json"), "..", "vitest.mjs");
  const outputs = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const child = spawn(process.execPath, [main, "run", "--project", "integration", ...args, ...outputs], {
    cwd: projectFolder,
    stdio: "inherit",
    env: { ...process.env, KEELSON_ETCD_MATRIX: "1" },
  });
  // Ctrl-C goes to both; its end is waited for.
  process.on("SIGINT", () => {});
  return new Promise((resolve) => {
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
