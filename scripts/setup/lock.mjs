/**
 * One setup at a time in one checkout: two `npm start` at once share what the first one fetches.
 *
 * The lock is a file created exclusively, holding its owner's process id. A lock without a live owner is first renamed
 * to a unique name, so that two waiters cannot both take it over.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SetupError, say } from "./report.mjs";

/** How often a waiter looks again, milliseconds. */
const retryMs = 200;
/** A lock of another machine (a shared folder) older than this is taken over: no setup takes so long. */
const foreignAgeMaxMs = 15 * 60_000;
/** A lock file without an owner in it yet is being written; older than this its writer died. */
const unwrittenAgeMaxMs = 5_000;
/** How long to wait for another setup before giving up, milliseconds. */
const waitMaxMs = 15 * 60_000;

/**
 * Runs `work` while holding the lock at `path`.
 *
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  const startedMs = Date.now();
  let announced = false;
  while (!take(path)) {
    if (isAbandoned(path)) {
      moveAside(path);
      continue;
    }
    if (!announced) say("another setup is running here, waiting for it …");
    announced = true;
    if (Date.now() - startedMs > waitMaxMs) {
      throw new SetupError(
        `another setup holds ${path} for more than 15 minutes; remove the file if none runs`,
      );
    }
    await sleep(retryMs);
  }
  const release = () => rmSync(path, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

/**
 * @param {string} path
 * @returns {boolean}
 */
function take(path) {
  try {
    writeFileSync(path, JSON.stringify({ pid: process.pid, host: hostname() }), { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * @param {string} path
 * @returns {boolean}
 */
function isAbandoned(path) {
  try {
    const ageMs = Date.now() - statSync(path).mtimeMs;
    const text = readFileSync(path, "utf8");
    if (text === "") return ageMs > unwrittenAgeMaxMs;
    const { pid, host } = JSON.parse(text);
    return host === hostname() ? !isAlive(Number(pid)) : ageMs > foreignAgeMaxMs;
  } catch (error) {
    if (error instanceof SyntaxError) return true;
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

/**
 * @param {number} pid
 * @returns {boolean}
 */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** @param {string} path */
function moveAside(path) {
  const aside = `${path}.${process.pid}.${Date.now()}`;
  try {
    renameSync(path, aside);
    rmSync(aside, { force: true });
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

/**
 * @param {unknown} error
 * @returns {string | undefined}
 */
export function codeOf(error) {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
