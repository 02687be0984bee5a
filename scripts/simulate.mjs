#!/usr/bin/env node
/**
 * `npm run simulate -- --seeds N [--seed S]`: test/simulation/main.ts compiled and run.
 *
 * The compiled tree is a package of its own with this one's entry points, so that sources and simulation share one copy of
 * every module.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectFolder } from "./setup/find-etcd.mjs";
import { run } from "./setup/run.mjs";

const folder = join(projectFolder, ".cache", "simulation");
const compileTimeoutMs = 5 * 60_000;

const { ok, output } = await run("npx", ["tsc", "-p", "tsconfig.simulation.json"], {
  cwd: projectFolder,
  timeoutMs: compileTimeoutMs,
});
if (!ok) {
  process.stderr.write(output);
  process.exit(1);
}
const { name, exports } = JSON.parse(await readFile(join(projectFolder, "package.json"), "utf8"));
/** @type {Record<string, string>} */
const entryPoints = {};
for (const [path, target] of Object.entries(exports)) {
  if (typeof target === "object") entryPoints[path] = target.default.replace("./dist/", "./");
}
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "package.json"), JSON.stringify({ name, type: "module", exports: entryPoints }));
await import(pathToFileURL(join(folder, "test", "simulation", "main.js")).href);
