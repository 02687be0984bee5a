#!/usr/bin/env node
/**
 * `npm run test:matrix [-- VERSION ... VITEST_ARGUMENT ...]`: the integration tests on every etcd, a leg for each, and a table.
 *
 *   npm run test:matrix                                    every leg
 *   npm run test:matrix -- 3.4.23                          one leg; 3.5 is the newest 3.5 there is
 *   npm run test:matrix -- 3.4.23 3.6 test/integration/etcd -t lease    what stands after the versions is vitest's
 *
 * Legs, oldest first: 3.4, 3.5.16 and 3.5.30, fetched where they are missing; besides, what KEELSON_ETCD and
 * KEELSON_ETCD_BINARIES (several, ":" between) name. No package has 3.6: without one of these its leg is left out.
 *
 * In a leg every test takes the leg's etcd; tests of two versions together (a snapshot of the one restored for the
 * other) find the others in KEELSON_ETCD_BINARIES. When at most three files fail in a full leg, they run once more
 * alone, as in `npm test`, and tests that pass then are named. The exit code is 0 when no leg has a failure.
 */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { findEtcd, isVersion, projectFolder, versionOf } from "./setup/find-etcd.mjs";
import { SetupError, say } from "./setup/report.mjs";
import { launch, setUp } from "./setup/set-up.mjs";
import { legTable, parseLegs, readLeg } from "./test/matrix-legs.mjs";
import { filesToRunAgain, merged, readReport } from "./test/reports.mjs";
import { vitestMain } from "./test/vitest-main.mjs";

/** @typedef {{ version: string, binary: string }} Program */

const fetched = ["3.4", "3.5.16", "3.5.30"];
const reporter = join(projectFolder, "scripts", "test", "skip-reporter.mjs");
let interrupted = false;
// Ctrl-C goes to vitest, too; its end is waited for, no leg is begun after it.
process.on("SIGINT", () => {
  interrupted = true;
});

await launch(async () => {
  const { versions, rest } = parseLegs(process.argv.slice(2));
  await setUp({ etcd: true });
  const given = givenPrograms();
  const programs = versions.length > 0 ? await programsOf(versions, given) : await everyProgram(given);
  const all = programs.map(({ binary }) => binary).concat(given.map(({ binary }) => binary));
  /** @type {import("./test/matrix-legs.mjs").Leg[]} */
  const legs = [];
  for (const program of programs) {
    if (interrupted) break;
    legs.push(await runLeg(program, [...new Set(all)], rest));
  }
  process.stdout.write(`\n${legTable(legs)}`);
  if (versions.length === 0 && !programs.some(({ version }) => isVersion(version, "3.6"))) {
    process.stdout.write("\netcd 3.6 left out: no package has it, and KEELSON_ETCD names none\n");
  }
  process.exitCode = legs.length === programs.length && legs.every(({ failed }) => failed === 0) ? 0 : 1;
});

/**
 * What a person named.
 * @returns {Program[]}
 */
function givenPrograms() {
  const named = [
    process.env["KEELSON_ETCD"] ?? "",
    ...(process.env["KEELSON_ETCD_BINARIES"] ?? "").split(":"),
  ];
  return named
    .filter((binary) => binary !== "")
    .map((binary) => {
      const version = versionOf(binary);
      if (version === undefined) throw new SetupError(`"${binary}" is no etcd that runs here`);
      return { binary, version };
    });
}

/**
 * @param {readonly Program[]} given
 * @returns {Promise<Program[]>} one a version, oldest first
 */
async function everyProgram(given) {
  const found = [...given, ...(await programsOf(fetched, given))];
  const byVersion = new Map(found.map((program) => [program.version, program]));
  const byNumber = new Intl.Collator("en", { numeric: true });
  return [...byVersion.values()].sort((a, b) => byNumber.compare(a.version, b.version));
}

/**
 * @param {readonly string[]} versions
 * @param {readonly Program[]} given
 * @returns {Promise<Program[]>}
 */
async function programsOf(versions, given) {
  /** @type {Program[]} */
  const programs = [];
  for (const version of versions) {
    const own = given.find((program) => isVersion(program.version, version)) ?? findEtcd({ version });
    const found = own ?? (await setUp({ version, build: false }));
    if (found !== undefined) programs.push(found);
  }
  return programs;
}

/**
 * @param {Program} program
 * @param {readonly string[]} all the programs of all legs
 * @param {readonly string[]} args
 */
async function runLeg({ version, binary }, all, args) {
  say(`etcd ${version}: ${binary}`);
  const begun = performance.now();
  const env = { ...process.env, KEELSON_ETCD: binary, KEELSON_ETCD_BINARIES: all.join(":") };
  const [path, pathAgain] = ["", "-2"].map((end) =>
    join(projectFolder, ".cache", `test-matrix-${version}${end}.json`),
  );
  const first = await vitest(args, path ?? "", env);
  const files = args.length === 0 && !interrupted ? filesToRunAgain(first) : [];
  const second =
    files.length === 0 ? undefined : await vitest([...files, "--no-file-parallelism"], pathAgain ?? "", env);
  const minutes = Math.round((performance.now() - begun) / 6_000) / 10;
  if (first === undefined) return readLeg(version, undefined, { minutes });
  const { report, flaky } = merged(first, second);
  return readLeg(version, { ...report, outside: first.outside ?? [] }, { flaky, minutes });
}

/**
 * @param {readonly string[]} args
 * @param {string} report where to write it
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<import("./test/reports.mjs").Report | undefined>}
 */
async function vitest(args, report, env) {
  rmSync(report, { force: true });
  const main = vitestMain();
  const reporters = ["--reporter=default", `--reporter=${reporter}`];
  const child = spawn(process.execPath, [main, "run", "--project", "integration", ...args, ...reporters], {
    cwd: projectFolder,
    stdio: "inherit",
    env: { ...env, KEELSON_TEST_REPORT: report },
  });
  await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  return readReport(report);
}
