/**
 * Debian's packages of Kubernetes' Go types (suite sid): the struct tags that the table of types is made from, and the
 * corpus of encoded objects that Kubernetes tests itself with. They are fetched like etcd and never committed.
 *
 *   .cache/kubernetes/.fetch-<pid>/   private lists, cache, packages; removed at the end
 *   .cache/kubernetes/0.36.4-1/       the unpacked packages, by the version of golang-k8s-api-dev; appears whole
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { distributionSources, withSuite } from "../setup/apt-sources.mjs";
import { fetchPackages, isOnPath, readSystem, systemSources } from "../setup/fetch-packages.mjs";
import { projectFolder } from "../setup/find-etcd.mjs";
import { codeOf, withLock } from "../setup/lock.mjs";
import { SetupError, step } from "../setup/report.mjs";

export const typesCache = join(projectFolder, ".cache", "kubernetes");
const packages = [
  "golang-k8s-api-dev",
  "golang-k8s-apimachinery-dev",
  "golang-k8s-apiextensions-apiserver-dev",
];
/** The file in a copy that names what it was unpacked from. */
const versionsFile = "packages.txt";

/**
 * The packages, from the cache or the archive.
 *
 * @param {{ newest?: boolean }} [options] newest: the archive is asked even when there is a copy
 * @returns {Promise<{ root: string, versions: string[] }>} versions: "golang-k8s-api-dev 0.36.4-1", …
 * @throws {SetupError} saying why they cannot be had
 */
export async function fetchTypePackages({ newest = false } = {}) {
  mkdirSync(typesCache, { recursive: true });
  return withLock(join(typesCache, "fetch.lock"), async () => {
    const cached = newest ? undefined : cachedTypes();
    return (
      cached ??
      (await step("fetching Kubernetes' types with apt (nothing is installed on the system)", fetchNow))
    );
  });
}

/** @returns {{ root: string, versions: string[] } | undefined} the newest copy in the cache */
export function cachedTypes() {
  if (!existsSync(typesCache)) return undefined;
  const names = readdirSync(typesCache).filter((name) => existsSync(join(typesCache, name, versionsFile)));
  const last = names.sort().at(-1);
  return last === undefined ? undefined : readCopy(join(typesCache, last));
}

/** @param {string} root */
function readCopy(root) {
  return { root, versions: readFileSync(join(root, versionsFile), "utf8").trim().split("\n") };
}

/**
 * @param {(detail: string) => void} live
 * @returns {Promise<{ root: string, versions: string[] }>}
 */
async function fetchNow(live) {
  const system = readSystem();
  const reason = (/** @type {string} */ why) =>
    new SetupError(
      `Kubernetes' types cannot be fetched: ${why} (they come from Debian's packages ${packages.join(", ")})`,
    );
  if (system.family !== "debian") throw reason(`this is ${system.name}`);
  if (!isOnPath("apt-get") || !isOnPath("dpkg-deb")) throw reason("there is no apt-get here");
  const [source] = distributionSources(systemSources(), system.codename);
  if (source === undefined) throw reason(`no package source of ${system.name} is configured under /etc/apt`);
  const folder = join(typesCache, `.fetch-${process.pid}`);
  try {
    const fetched = await fetchPackages({
      folder,
      sources: [withSuite(source, "sid")],
      packages,
      accepts: () => true,
      live,
    });
    if (fetched.root === undefined) throw reason(fetched.reason);
    const versions = [...fetched.versions].map(([name, version]) => `${name} ${version}`);
    writeFileSync(join(fetched.root, versionsFile), `${versions.join("\n")}\n`);
    const place = join(typesCache, fetched.versions.get(packages[0] ?? "") ?? "unknown");
    moveInto(fetched.root, place);
    return readCopy(place);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} from
 * @param {string} to kept when it is there already
 */
function moveInto(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (codeOf(error) !== "ENOTEMPTY" && codeOf(error) !== "EEXIST") throw error;
  }
}
