#!/usr/bin/env node
/**
 * `npm run check:layers`: layers, entry points, cycles and tidiness of every file under version control or about to be, and the
 * place of every unit test.
 *
 * Errors end with 1; notes (a long file) are printed and pass. The rules are in scripts/layers/.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { checkCycles, checkLayers } from "./layers/layers.mjs";
import { checkMirror } from "./layers/mirror.mjs";
import { readSource } from "./layers/read-source.mjs";
import { checkLock, checkTidy, isCode } from "./layers/tidy.mjs";

const project = join(import.meta.dirname, "..");
/** Binary and generated files, and the one text that is not ours. */
const skipped = /^(?:LICENSE|package-lock\.json)$|\/fixtures\/|\.(?:png|svg|db|snap|bin|gz)$/;

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
  cwd: project,
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
})
  .split("\0")
  .filter((file) => file !== "" && statSync(join(project, file), { throwIfNoEntry: false })?.isFile());

/** @type {Map<string, import("./layers/read-source.mjs").SourceFacts>} */
const sources = new Map();
/** @type {import("./layers/layers.mjs").Finding[]} */
const findings = [];
for (const file of new Set(files)) {
  if (skipped.test(file)) continue;
  const text = readFileSync(join(project, file), "utf8");
  const facts = isCode(file) ? readSource(file, text) : undefined;
  if (facts !== undefined) sources.set(file, facts);
  findings.push(...checkTidy(file, text, facts));
}
findings.push(...checkLayers(sources), ...checkCycles(sources), ...checkMirror(files));
findings.push(...checkLock(readFileSync(join(project, "package-lock.json"), "utf8")));

const errors = findings.filter(({ severity }) => severity === "error");
for (const { file, line, message, severity } of findings) {
  process.stdout.write(
    `${line > 0 ? `${file}:${line}` : file}: ${severity === "note" ? "note: " : ""}${message}\n`,
  );
}
process.stdout.write(
  `layers: ${sources.size} source files, ${errors.length} errors, ${findings.length - errors.length} notes\n`,
);
process.exitCode = errors.length === 0 ? 0 : 1;
