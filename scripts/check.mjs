#!/usr/bin/env node
/**
 * `npm run check`: runs every check, with one line for each and the full output of failed ones.
 *
 *   npm run check           format and lint, types, layers, unit tests, dead code, examples, doc comments, the package
 *   npm run check:quick     the first four: under a minute
 *
 * All of them run, also after a failure; two at a time, as a machine has at least two cores.
 */
import { projectFolder } from "./setup/find-etcd.mjs";
import { run } from "./setup/run.mjs";
import { launch, setUp } from "./setup/set-up.mjs";

/** The longest, the unit tests, take under a minute; on a loaded machine give them time. */
const checkTimeoutMs = 15 * 60_000;
const atOnce = 2;

const checks = [
  { script: "test:unit", quick: true },
  { script: "check:types", quick: true },
  { script: "check:lint", quick: true },
  { script: "check:layers", quick: true },
  { script: "check:dead", quick: false },
  { script: "check:examples", quick: false },
  { script: "check:docs", quick: false },
  { script: "check:package", quick: false },
];

await launch(async () => {
  const quick = process.argv.includes("--quick");
  const startedMs = Date.now();
  await setUp({ etcd: !quick, build: !quick });
  const waiting = checks.filter((check) => check.quick || !quick);
  const total = waiting.length;
  /** @type {string[]} */
  const failed = [];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (!(await check(next.script))) failed.push(next.script);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(0);
  const verdict = failed.length === 0 ? `all ${total} checks passed` : `failed: ${failed.join(", ")}`;
  process.stdout.write(`${verdict}, in ${seconds} s\n`);
  if (failed.length > 0) process.exitCode = 1;
});

/**
 * @param {string} script of package.json
 * @returns {Promise<boolean>}
 */
async function check(script) {
  const startedMs = Date.now();
  const { ok, output, stalled } = await run("npm", ["run", "--silent", script], {
    cwd: projectFolder,
    timeoutMs: checkTimeoutMs,
  });
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(`${ok ? "ok    " : "FAILED"} ${script} (${seconds} s)\n`);
  if (stalled) process.stdout.write(`    no end within ${checkTimeoutMs / 60_000} minutes\n`);
  if (!ok) process.stdout.write(`${output.trimEnd().replace(/^/gm, "    ")}\n`);
  return ok;
}
