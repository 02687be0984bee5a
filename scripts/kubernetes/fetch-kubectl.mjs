/**
 * kubectl from Debian's packages, for the tests that run it against the example API server. It is fetched like etcd;
 * nothing is installed on the system.
 *
 *   .cache/kubectl/.fetch-<pid>/            private lists, cache, packages; removed at the end
 *   .cache/kubectl/1.36.4/usr/bin/kubectl   appears whole, by one rename
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { distributionSources, withSuite } from "../setup/apt-sources.mjs";
import { fetchPackages, isOnPath, readSystem, systemSources } from "../setup/fetch-packages.mjs";
import { isVersion, projectFolder } from "../setup/find-etcd.mjs";
import { codeOf, withLock } from "../setup/lock.mjs";
import { SetupError, step } from "../setup/report.mjs";

export const kubectlCache = join(projectFolder, ".cache", "kubectl");

/** Which suite and package of Debian has which kubectl; the first is what tests take by default. */
/** @type {readonly { version: string, suite: string, package: string }[]} */
const sources = [
  { version: "1.36", suite: "sid", package: "kubectl" },
  { version: "1.32", suite: "trixie", package: "kubectl" },
  { version: "1.20", suite: "bookworm", package: "kubernetes-client" },
];

/** @returns {string[]} versions in the cache */
export function cachedKubectls() {
  if (!existsSync(kubectlCache)) return [];
  return readdirSync(kubectlCache).filter((name) =>
    existsSync(join(kubectlCache, name, "usr", "bin", "kubectl")),
  );
}

/**
 * A kubectl of `version` ("1.36"), from the cache or the archive.
 *
 * @param {string} [version] default: the newest
 * @returns {Promise<string>} the version now in the cache, e.g. "1.36.4"
 * @throws {SetupError} saying why it cannot be had
 */
export async function fetchKubectl(version = "1.36") {
  mkdirSync(kubectlCache, { recursive: true });
  return withLock(join(kubectlCache, "fetch.lock"), async () => {
    const cached = cachedKubectls().find((name) => isVersion(name, version));
    if (cached !== undefined) return cached;
    return step(`fetching kubectl ${version} with apt (nothing is installed on the system)`, (live) =>
      fetchNow(version, live),
    );
  });
}

/**
 * @param {string} version
 * @param {(detail: string) => void} live
 * @returns {Promise<string>}
 */
async function fetchNow(version, live) {
  const system = readSystem();
  const reason = (/** @type {string} */ why) =>
    new SetupError(`kubectl ${version} cannot be fetched: ${why}`);
  const known = sources.find((source) => isVersion(version, source.version));
  if (known === undefined) throw reason(`known are ${sources.map((source) => source.version).join(", ")}`);
  if (system.family !== "debian") throw reason(`this is ${system.name}, it comes from Debian's packages`);
  if (!isOnPath("apt-get") || !isOnPath("dpkg-deb")) throw reason("there is no apt-get here");
  const [configured] = distributionSources(systemSources(), system.codename);
  if (configured === undefined)
    throw reason(`no package source of ${system.name} is configured under /etc/apt`);
  const folder = join(kubectlCache, `.fetch-${process.pid}`);
  try {
    const fetched = await fetchPackages({
      folder,
      sources: [withSuite(configured, known.suite)],
      packages: [known.package],
      accepts: () => true,
      live,
    });
    if (fetched.root === undefined) throw reason(fetched.reason);
    const [full = ""] = fetched.versions.values();
    const found = /(?:really)?(\d+\.\d+\.\d+)[^\d.]?(?!.*really)/.exec(full)?.[1] ?? full;
    move(fetched.root, join(kubectlCache, found));
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} from
 * @param {string} to
 */
function move(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    // Another process was faster; both copies are the same.
    if (codeOf(error) !== "ENOTEMPTY" && codeOf(error) !== "EEXIST") throw error;
  }
}
