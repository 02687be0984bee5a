/**
 * Where an etcd is: `KEELSON_ETCD`, then PATH, then the copies that setup has fetched under .cache/etcd.
 *
 * A found etcd has run and reported its version. The launchers (start, test, examples, benches) pass it on as
 * KEELSON_ETCD, so that all their children look in one place.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, dirname, join, relative } from "node:path";
import { codeOf } from "./lock.mjs";
import { SetupError } from "./report.mjs";

/** The oldest etcd keelson is tested against. */
export const etcdVersionMin = "3.4";
/** A program asked for its version answers at once; on a loaded machine give it time. */
const versionTimeoutMs = 20_000;

/**
 * @typedef {object} FoundEtcd
 * @property {string} binary absolute path of the server
 * @property {string} version e.g. "3.5.16"
 * @property {"KEELSON_ETCD" | "PATH" | "cache"} source
 */

/** The project's folder, two above this file. */
export const projectFolder = dirname(dirname(import.meta.dirname));
/** Where setup keeps fetched copies: `<version>/usr/bin/{etcd,etcdctl,etcdutl}`. */
export const etcdCache = join(projectFolder, ".cache", "etcd");

/**
 * The first etcd there is; undefined when there is none.
 *
 * @param {{ version?: string }} [options] version: "3.5" or "3.5.30"; only an etcd of it will do
 * @returns {FoundEtcd | undefined}
 */
export function findEtcd({ version } = {}) {
  for (const { binary, source } of candidates()) {
    const found = versionOf(binary);
    if (found === undefined) {
      if (source === "KEELSON_ETCD" && version === undefined) {
        throw new SetupError(`KEELSON_ETCD is "${binary}": no etcd that runs there`);
      }
      continue;
    }
    if (version === undefined ? compareVersions(found, etcdVersionMin) >= 0 : isVersion(found, version)) {
      return { binary, version: found, source };
    }
  }
  return undefined;
}

/** @returns {Generator<{ binary: string, source: FoundEtcd["source"] }>} */
function* candidates() {
  const named = process.env["KEELSON_ETCD"];
  if (named !== undefined && named !== "") yield { binary: named, source: "KEELSON_ETCD" };
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const binary = join(folder, "etcd");
    if (folder !== "" && existsSync(binary)) yield { binary, source: "PATH" };
  }
  for (const version of cachedVersions()) {
    yield { binary: join(etcdCache, version, "usr", "bin", "etcd"), source: "cache" };
  }
}

/** @returns {string[]} versions fetched so far, newest first */
export function cachedVersions() {
  try {
    return readdirSync(etcdCache)
      .filter((name) => /^\d+\.\d+\.\d+$/.test(name))
      .sort((a, b) => compareVersions(b, a));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/**
 * @param {string} binary
 * @returns {string | undefined} undefined when it does not run, or is not an etcd
 */
export function versionOf(binary) {
  try {
    const text = execFileSync(binary, ["--version"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: versionTimeoutMs,
    });
    return /etcd Version: (\d+\.\d+\.\d+)/.exec(text)?.[1];
  } catch {
    // Not there, not ours to run, or another platform's: no etcd, whatever the reason.
    return undefined;
  }
}

/**
 * True when `version` is `wanted` or begins with its numbers: 3.5.16 is 3.5.
 *
 * @param {string} version
 * @param {string} wanted
 */
export function isVersion(version, wanted) {
  return version === wanted || version.startsWith(`${wanted}.`);
}

/**
 * Below 0 when `a` is the older one. Missing numbers count as 0.
 *
 * @param {string} a
 * @param {string} b
 * @returns {number}
 */
export function compareVersions(a, b) {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * A path as a person at the project's folder types it.
 *
 * @param {string} path
 */
export function shownPath(path) {
  const inside = relative(projectFolder, path);
  return inside.startsWith("..") ? path : inside;
}
