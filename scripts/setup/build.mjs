/**
 * Keeps dist/ up to date: compiles when any of its inputs has changed.
 *
 * A stamp beside the output records path, size and time of every input. When it matches there is nothing to do; when a
 * source is gone, dist is rebuilt from scratch so that no output outlives its source.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "./lock.mjs";
import { SetupError, step } from "./report.mjs";
import { run } from "./run.mjs";

const sourceFolders = ["src", "tools", "examples", "bench", "campaign", "test/support", "scripts/tool"];
const sourceFiles = ["package.json", "package-lock.json", "tsconfig.base.json", "tsconfig.build.json"];
/** A full compile takes seconds, on a loaded machine perhaps a minute. */
const compileTimeoutMs = 5 * 60_000;

/**
 * Compiles when dist is missing or older than its sources.
 *
 * @param {string} project
 */
export async function ensureBuild(project) {
  const stampPath = join(project, "dist", ".stamp.json");
  const files = inputs(project);
  const digest = digestOf(project, files);
  const before = readStamp(stampPath);
  if (before?.digest === digest) return;
  const isGone = before?.files.some((file) => !files.includes(file)) ?? true;
  await step("compiling", async () => {
    if (isGone) rmSync(join(project, "dist"), { recursive: true, force: true });
    const compiler = join(project, "node_modules", "typescript", "bin", "tsc");
    const result = await run(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
      cwd: project,
      timeoutMs: compileTimeoutMs,
    });
    if (!result.ok) throw new SetupError(`the sources do not compile:\n${result.output.trimEnd()}`);
    // Loaded now: the packages may have come a moment ago.
    const { splitTool } = await import("../tool/split-tool.mjs");
    await splitTool(project);
    mkdirSync(join(project, "dist"), { recursive: true });
    writeFileSync(stampPath, JSON.stringify({ digest, files }));
  });
}

/**
 * @param {string} project
 * @returns {string[]} paths inside the project, sorted
 */
function inputs(project) {
  const found = [...sourceFiles];
  for (const folder of sourceFolders) {
    for (const entry of entriesUnder(join(project, folder))) {
      if (/\.(?:ts|mjs|js|html|css|svg)$/.test(entry)) found.push(`${folder}/${entry}`);
    }
  }
  return found.sort();
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function entriesUnder(folder) {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/**
 * @param {string} project
 * @param {readonly string[]} files
 * @returns {string}
 */
function digestOf(project, files) {
  const hash = createHash("sha256");
  for (const file of files) {
    const { size, mtimeMs } = statSync(join(project, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

/**
 * @param {string} path
 * @returns {{ digest: string, files: string[] } | undefined}
 */
function readStamp(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (codeOf(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
