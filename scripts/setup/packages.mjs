/**
 * Keeps node_modules in line with package-lock.json: runs `npm ci` when it is missing or differs.
 *
 * npm leaves a copy of the lock of what it installed in node_modules/.package-lock.json; the two are compared
 * package by package. Optional packages of other platforms are in the first and never in the second.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "./lock.mjs";
import { SetupError, step } from "./report.mjs";
import { lastWords, run } from "./run.mjs";

/** `npm ci` with a cold cache takes under a minute; past this it hangs. */
const installTimeoutMs = 10 * 60_000;

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {boolean} [devOptional]
 */

/**
 * Why node_modules does not match the lock; undefined when it does.
 *
 * @param {string} project
 * @returns {string | undefined}
 */
export function whyStale(project) {
  const wanted = lockedPackages(join(project, "package-lock.json"));
  const present = lockedPackages(join(project, "node_modules", ".package-lock.json"));
  if (wanted === undefined) return undefined;
  if (present === undefined) return "node_modules is missing";
  for (const [path, { version, integrity, optional, devOptional }] of wanted) {
    const found = present.get(path);
    if (found === undefined) {
      if (optional === true || devOptional === true) continue;
      return `${path} is missing`;
    }
    if (found.version !== version || (found.integrity ?? integrity) !== (integrity ?? found.integrity)) {
      return `${path} is ${found.version}, the lock says ${version}`;
    }
  }
  for (const path of present.keys()) {
    if (!wanted.has(path)) return `${path} is not in the lock`;
  }
  return undefined;
}

/**
 * @param {string} path
 * @returns {Map<string, LockedPackage> | undefined}
 */
function lockedPackages(path) {
  try {
    const { packages } = JSON.parse(readFileSync(path, "utf8"));
    const entries = Object.entries(/** @type {Record<string, LockedPackage>} */ (packages));
    return new Map(entries.filter(([name]) => name !== ""));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Installs the packages when they are missing or stale.
 *
 * @param {string} project
 */
export async function ensurePackages(project) {
  const reason = whyStale(project);
  if (reason === undefined) return;
  await step(`installing packages (${reason})`, async () => {
    // Dev dependencies too, whatever NODE_ENV says: the build needs the compiler. Few and short retries: a
    // registry that cannot be reached is reported within seconds.
    const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
    const patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-timeout=20000"];
    const npm = process.env["npm_execpath"];
    const byNode = npm !== undefined && /\.c?js$/.test(npm) && existsSync(npm);
    const result = byNode
      ? await run(process.execPath, [npm, ...args, ...patience], {
          cwd: project,
          timeoutMs: installTimeoutMs,
        })
      : await run("npm", [...args, ...patience], { cwd: project, timeoutMs: installTimeoutMs });
    if (!result.ok) {
      throw new SetupError(
        `the npm packages are missing and could not be installed: ${lastWords(result.output)}\n` +
          "  What to do: make npm's registry reachable from this machine (`npm ping` must work), then run again.",
      );
    }
  });
}
