/**
 * Everything a fresh checkout needs before it can run: npm packages, an etcd, the compiled sources.
 *
 * Called by the command (setup.mjs) and by every launcher; if nothing is missing it takes a fraction of a second and
 * prints one line. Packages and etcd are fetched side by side, under one lock per checkout.
 */
import { join } from "node:path";
import { ensureBuild } from "./build.mjs";
import { fetchEtcd } from "./fetch-etcd.mjs";
import { etcdCache, findEtcd, isVersion, projectFolder, shownPath, versionOf } from "./find-etcd.mjs";
import { withLock } from "./lock.mjs";
import { ensurePackages } from "./packages.mjs";
import { SetupError, say } from "./report.mjs";

/**
 * @typedef {object} SetUpOptions
 * @property {boolean} [etcd] default true; false when the caller brings a cluster
 * @property {string} [version] an etcd of this version must be there ("3.4", "3.5", "3.5.30")
 * @property {boolean} [build] default true
 */

/**
 * @param {SetUpOptions} [options]
 * @returns {Promise<import("./find-etcd.mjs").FoundEtcd | undefined>} undefined only with etcd: false
 * @throws {SetupError} saying what is missing and how to get it
 */
export async function setUp(options = {}) {
  return withLock(join(projectFolder, ".cache", "setup.lock"), async () => {
    const [packages, etcd] = await Promise.allSettled([
      ensurePackages(projectFolder),
      options.etcd === false ? undefined : ensureEtcd(options.version),
    ]);
    const failures = [packages, etcd].flatMap((result) =>
      result.status === "rejected" ? [result.reason] : [],
    );
    const unexpected = failures.find((failure) => !(failure instanceof SetupError));
    if (unexpected !== undefined) throw unexpected;
    if (failures.length > 0) throw new SetupError(failures.map((failure) => failure.message).join("\n"));
    if (options.build !== false) await ensureBuild(projectFolder);
    return etcd.status === "fulfilled" ? etcd.value : undefined;
  });
}

/**
 * @param {string} [version]
 * @returns {Promise<import("./find-etcd.mjs").FoundEtcd>}
 */
async function ensureEtcd(version) {
  const found = findEtcd(version === undefined ? {} : { version });
  if (found !== undefined) {
    say(`etcd ${found.version} found: ${shownPath(found.binary)} (${found.source})`);
    return found;
  }
  const fetched = await fetchEtcd(version);
  const binary = join(etcdCache, fetched, "usr", "bin", "etcd");
  if (versionOf(binary) !== fetched || (version !== undefined && !isVersion(fetched, version))) {
    throw new SetupError(`${shownPath(binary)} is damaged: remove ${shownPath(etcdCache)} and run again`);
  }
  say(`etcd ${fetched} fetched: ${shownPath(binary)}`);
  return { binary, version: fetched, source: "cache" };
}

/**
 * Runs `main`; a SetupError is printed as it is and ends the process with 1.
 *
 * @param {() => Promise<void>} main
 */
export async function launch(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
