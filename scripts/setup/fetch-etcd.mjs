/**
 * Fetches etcd through the system's package manager without touching the system.
 *
 * On Debian, Ubuntu and their kin: apt with a private configuration (fetch-packages.mjs), pointed at a suite that has
 * the wanted etcd, unpacked into .cache/etcd/<version>. If that suite is unavailable, the configured one is tried. On
 * other systems the error names the packages to install.
 *
 *   .cache/etcd/.fetch-<pid>/   private lists, cache, packages; removed at the end
 *   .cache/etcd/3.5.16/         appears whole, by one rename
 */
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { distributionSources, withSuite } from "./apt-sources.mjs";
import { fetchPackages, isOnPath, readSystem, systemSources } from "./fetch-packages.mjs";
import { compareVersions, etcdCache, etcdVersionMin, isVersion, versionOf } from "./find-etcd.mjs";
import { codeOf } from "./lock.mjs";
import { SetupError, say, step } from "./report.mjs";

/** What a fresh machine gets. */
export const etcdVersionPreferred = "3.5";
/** Which suites carry which etcd, the steadiest first. The configured suites are asked after these. */
/** @type {Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>} */
const suitesByVersion = {
  debian: { 3.4: ["bookworm"], 3.5: ["trixie", "forky", "sid"] },
  ubuntu: { 3.4: ["noble"], 3.5: ["questing", "plucky"] },
};
/**
 * Fetches an etcd of `version` ("3.5", "3.5.30") into the cache; without one, the preferred or else any that
 * keelson supports.
 *
 * @param {string} [version]
 * @returns {Promise<string>} the version now in the cache
 * @throws {SetupError} saying what is missing and how to get it
 */
export async function fetchEtcd(version) {
  const system = readSystem();
  const wanted = version ?? etcdVersionPreferred;
  if (!isOnPath("apt-get") || !isOnPath("dpkg-deb")) {
    throw new SetupError(howToInstall(system, wanted, ["there is no apt-get here to fetch it with"]));
  }
  return step(`fetching etcd ${wanted} with apt (nothing is installed on the system)`, async (live) => {
    const folder = join(etcdCache, `.fetch-${process.pid}`);
    /** @type {string[]} */
    const failures = [];
    const configured = distributionSources(systemSources(), system.codename);
    if (configured.length === 0) {
      failures.push(`no package source of ${system.name} is configured under /etc/apt`);
      throw new SetupError(howToInstall(system, wanted, failures));
    }
    const suites = suitesFor(system, wanted);
    /** @type {{ label: string, sources: import("./apt-sources.mjs").AptSource[], accepts: (v: string) => boolean }[]} */
    const attempts = suites.map((suite) => ({
      label: `suite ${suite}`,
      sources: configured.slice(0, 1).map((source) => withSuite(source, suite)),
      accepts: (found) => isVersion(found, wanted),
    }));
    attempts.push({
      label: "the configured suites",
      sources: configured,
      accepts: (found) =>
        version === undefined ? compareVersions(found, etcdVersionMin) >= 0 : isVersion(found, version),
    });
    try {
      for (const { label, sources, accepts } of attempts) {
        const outcome = await fetchFrom(folder, sources, accepts, live);
        if (outcome.version !== undefined) return outcome.version;
        failures.push(`${label}: ${outcome.reason}`);
        if (outcome.unreachable) break;
        say(`no etcd ${wanted} from ${label}: ${outcome.reason}`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    throw new SetupError(howToInstall(system, wanted, failures));
  });
}

/**
 * @param {import("./fetch-packages.mjs").System} system
 * @param {string} wanted
 * @returns {string[]} suites to try, the machine's own first when it is among them
 */
function suitesFor({ family, codename }, wanted) {
  const minor = wanted.split(".").slice(0, 2).join(".");
  const suites = suitesByVersion[family]?.[minor] ?? [];
  return suites.includes(codename) ? [codename, ...suites.filter((s) => s !== codename)] : [...suites];
}

/**
 * One attempt: read the index of `sources`, download, unpack, move into place.
 *
 * @param {string} folder
 * @param {readonly import("./apt-sources.mjs").AptSource[]} sources
 * @param {(version: string) => boolean} accepts
 * @param {(detail: string) => void} live
 * @returns {Promise<{ version: string } | { version: undefined, reason: string, unreachable: boolean }>}
 */
async function fetchFrom(folder, sources, accepts, live) {
  const fetched = await fetchPackages({
    folder,
    sources,
    packages: ["etcd-server", "etcd-client"],
    accepts,
    live,
  });
  if (fetched.root === undefined) return { version: undefined, ...fetched };
  const version = versionOf(join(fetched.root, "usr", "bin", "etcd"));
  if (version === undefined) {
    return { version: undefined, reason: "the fetched etcd does not run here", unreachable: false };
  }
  moveInto(fetched.root, join(etcdCache, version));
  return { version };
}

/**
 * @param {string} from
 * @param {string} to kept when another setup was faster
 */
function moveInto(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (codeOf(error) !== "ENOTEMPTY" && codeOf(error) !== "EEXIST") throw error;
  }
}

/**
 * @param {import("./fetch-packages.mjs").System} system
 * @param {string} wanted
 * @param {readonly string[]} failures
 * @returns {string}
 */
function howToInstall({ family, name }, wanted, failures) {
  /** @type {Readonly<Record<string, string>>} */
  const commands = {
    debian: "apt-get install etcd-server etcd-client   (as root)",
    ubuntu: "apt-get install etcd-server etcd-client   (as root)",
    darwin: "brew install etcd",
    fedora: "dnf install etcd   (as root)",
    arch: "pacman -S etcd   (as root)",
    alpine: "apk add etcd etcd-ctl   (as root; community or testing repository)",
  };
  const command = commands[family] ?? `your package manager's etcd (server, etcdctl, etcdutl), for ${name}`;
  return [
    `etcd ${wanted} is missing and could not be fetched.`,
    "  Looked for: KEELSON_ETCD, etcd on PATH, a copy under .cache/etcd.",
    ...failures.map((failure) => `  Tried: ${failure}`),
    "  What to do, one of:",
    ...(isOnPath("apt-get")
      ? ["    - make this machine's package sources reachable (`apt-get update` must work), then run again"]
      : []),
    `    - ${command}`,
    `    - put an etcd ${etcdVersionMin} or newer on PATH, or set KEELSON_ETCD=/path/to/etcd`,
    "    - npm start -- --endpoints http://HOST:2379, to use a cluster there is",
  ].join("\n");
}
