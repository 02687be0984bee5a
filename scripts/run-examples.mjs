#!/usr/bin/env node
/**
 * `npm run check:examples`: compiles the examples and runs each against a real etcd; its exit code is the result.
 *
 *   npm run check:examples                 all
 *   npm run check:examples -- watch        those whose name contains "watch", with their output
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "./setup/find-etcd.mjs";
import { SetupError } from "./setup/report.mjs";
import { run } from "./setup/run.mjs";
import { launch, setUp } from "./setup/set-up.mjs";

/** An example takes a second or two, most of it etcd's start. */
const exampleTimeoutMs = 90_000;

await launch(async () => {
  const [filter = ""] = process.argv.slice(2);
  const etcd = await setUp();
  const folder = join(projectFolder, "examples");
  const names = readdirSync(folder, { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? `${entry.name}/main` : entry.name.replace(/\.ts$/, "")))
    // A folder may hold files for other programs alone: units, alerts, a dashboard.
    .filter((name) => name.includes(filter) && existsSync(join(folder, `${name}.ts`)))
    .sort();
  if (names.length === 0) throw new SetupError(`no example has "${filter}" in its name`);
  /** @type {string[]} */
  const failed = [];
  for (const name of names) {
    const startedMs = Date.now();
    const result = await run(process.execPath, [join(projectFolder, "dist", "examples", `${name}.js`)], {
      cwd: projectFolder,
      env: { ...process.env, KEELSON_ETCD: etcd?.binary },
      timeoutMs: exampleTimeoutMs,
    });
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
    process.stdout.write(`${result.ok ? "ok    " : "FAILED"} examples/${name}.ts (${seconds} s)\n`);
    if (!result.ok || filter !== "")
      process.stdout.write(`${result.output.trimEnd().replace(/^/gm, "    ")}\n`);
    if (!result.ok) failed.push(name);
  }
  process.stdout.write(`${names.length - failed.length} examples ran, ${failed.length} failed\n`);
  if (failed.length > 0) process.exitCode = 1;
});
