/**
 * Fetches etcd through the system's package manager without touching the system.
 *
 * On Debian, Ubuntu and their kin: apt with a private configuration derived from the system's own (see
 * apt-sources.mjs), pointed at a suite that has the wanted etcd; apt checks the signatures, dpkg-deb unpacks
 * into .cache/etcd/<version>. No root, nothing installed. Where the wanted suite cannot be had, the configured
 * one is asked. Elsewhere the error says what to install.
 *
 *   .cache/etcd/.fetch-<pid>/   private lists, cache, packages; removed at the end
 *   .cache/etcd/3.5.16/         appears whole, by one rename
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  distributionSources,
  formatSources,
  parseSources,
  privateConfig,
  withSuite,
} from "./apt-sources.mjs";
import { compareVersions, etcdCache, etcdVersionMin, isVersion, versionOf } from "./find-etcd.mjs";
import { codeOf } from "./lock.mjs";
import { SetupError, say, step } from "./report.mjs";
import { lastWords, run } from "./run.mjs";

/** What a fresh machine gets. */
export const etcdVersionPreferred = "3.5";
/** Which suites carry which etcd, the steadiest first. The configured suites are asked after these. */
/** @type {Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>} */
const suitesByVersion = {
  debian: { 3.4: ["bookworm"], 3.5: ["trixie", "forky", "sid"] },
  ubuntu: { 3.4: ["noble"], 3.5: ["questing", "plucky"] },
};
/** An archive that sends nothing at all for so long is unreachable; apt's own timeout is 8 s. */
const firstByteMs = 15_000;
/** Once bytes came: apt sorts a large index in silence, on a slow machine for a while. */
const idleMs = 40_000;

/**
 * @typedef {object} System
 * @property {string} family "debian", "ubuntu", or whatever /etc/os-release says
 * @property {string} codename
 * @property {string} name for people
 */

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
 * @param {System} system
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
  rmSync(folder, { recursive: true, force: true });
  for (const inside of [
    "sources.list.d",
    "empty",
    "lists/partial",
    "cache/archives/partial",
    "packages",
    "root",
  ]) {
    mkdirSync(join(folder, inside), { recursive: true });
  }
  writeFileSync(join(folder, "status"), "");
  for (const { name, text } of formatSources(sources))
    writeFileSync(join(folder, "sources.list.d", name), text);
  const dump = await run("apt-config", ["dump"]);
  writeFileSync(join(folder, "apt.conf"), privateConfig(dump.stdout, folder));
  const env = { ...process.env, APT_CONFIG: join(folder, "apt.conf"), LC_ALL: "C" };
  /** @type {import("./run.mjs").RunOptions} */
  const apt = {
    cwd: join(folder, "packages"),
    env,
    watchdog: { progress: () => bytesUnder(folder), firstMs: firstByteMs, idleMs },
    onProgress: (bytes) => live(`${(bytes / 1e6).toFixed(1)} MB`),
  };
  const failed = (/** @type {import("./run.mjs").RunResult} */ { output, stalled }) => ({
    version: undefined,
    reason: stalled ? `no answer for ${firstByteMs / 1000} s` : lastWords(output),
    unreachable: stalled || isUnreachable(output),
  });

  // apt-get update exits 0 for an archive it could not reach; what counts is what the index then offers.
  const update = await run("apt-get", ["update"], apt);
  const offers = await run("apt-cache", ["madison", "etcd-server", "etcd-client"], { env });
  const server = newestOffer(offers.stdout, "etcd-server", accepts);
  const client = newestOffer(offers.stdout, "etcd-client", accepts);
  if (server === undefined || client === undefined) {
    const offered = [...offers.stdout.matchAll(/^\s*etcd-server \| *(\S+)/gm)].map((match) => match[1]);
    if (offered.length === 0) return failed(update);
    return { version: undefined, reason: `it has etcd ${offered.join(", ")}`, unreachable: false };
  }
  const download = await run("apt-get", ["download", `etcd-server=${server}`, `etcd-client=${client}`], apt);
  if (!download.ok) return failed(download);

  for (const name of readdirSync(join(folder, "packages"))) {
    const unpack = await run("dpkg-deb", ["-x", join(folder, "packages", name), join(folder, "root")]);
    if (!unpack.ok) return failed(unpack);
  }
  const version = versionOf(join(folder, "root", "usr", "bin", "etcd"));
  if (version === undefined) {
    return { version: undefined, reason: "the fetched etcd does not run here", unreachable: false };
  }
  moveInto(join(folder, "root"), join(etcdCache, version));
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
 * @param {string} madison lines of `package | version | source`
 * @param {string} name
 * @param {(version: string) => boolean} accepts upstream versions
 * @returns {string | undefined} the package's full version, e.g. "3.5.16-4"
 */
function newestOffer(madison, name, accepts) {
  const offers = madison
    .split("\n")
    .map((line) => line.split("|").map((part) => part.trim()))
    .filter(([offered]) => offered === name)
    .flatMap(([, full]) => (full === undefined ? [] : [{ full, upstream: upstreamVersion(full) }]))
    .filter(({ upstream }) => accepts(upstream))
    .sort((a, b) => compareVersions(b.upstream, a.upstream));
  return offers[0]?.full;
}

/**
 * @param {string} full epoch:upstream+more-revision
 * @returns {string}
 */
function upstreamVersion(full) {
  return /^(?:\d+:)?(\d+(?:\.\d+)*)/.exec(full)?.[1] ?? "0";
}

/**
 * True when the archive itself did not answer: no other suite of it needs to be tried. An archive that is
 * there says that it lacks the suite, or that its signature cannot be checked with the keys at hand.
 *
 * @param {string} output of apt
 */
function isUnreachable(output) {
  return !/\b40[34]\b|not found|does not have a Release file|NO_PUBKEY|signature|signed|not valid|expired/i.test(
    output,
  );
}

/** @returns {import("./apt-sources.mjs").AptSource[]} */
function systemSources() {
  const folder = "/etc/apt/sources.list.d";
  const parts = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return ["/etc/apt/sources.list", ...parts].flatMap((path) => {
    const extension = path.endsWith(".list") ? "list" : path.endsWith(".sources") ? "sources" : undefined;
    if (extension === undefined || !existsSync(path)) return [];
    return parseSources(readFileSync(path, "utf8"), extension);
  });
}

/** @returns {System} */
function readSystem() {
  if (process.platform !== "linux") return { family: process.platform, codename: "", name: process.platform };
  /** @type {Map<string, string>} */
  const fields = new Map();
  try {
    for (const line of readFileSync("/etc/os-release", "utf8").split("\n")) {
      const [, name, value] = /^([A-Z_]+)=["']?(.*?)["']?$/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) fields.set(name, value);
    }
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
  const likes = [fields.get("ID") ?? "", ...(fields.get("ID_LIKE") ?? "").split(" ")];
  const family = likes.find((id) => id in suitesByVersion) ?? likes[0] ?? "linux";
  const codename = fields.get(family === "ubuntu" ? "UBUNTU_CODENAME" : "VERSION_CODENAME");
  return {
    family,
    codename: codename ?? fields.get("VERSION_CODENAME") ?? "",
    name: fields.get("PRETTY_NAME") ?? "this Linux",
  };
}

/** @param {string} program */
function isOnPath(program) {
  return (process.env["PATH"] ?? "")
    .split(":")
    .some((folder) => folder !== "" && existsSync(join(folder, program)));
}

/**
 * @param {string} folder
 * @returns {number} bytes of all files in it; files that go meanwhile count as 0
 */
function bytesUnder(folder) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    bytes += statSync(join(folder, entry), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

/**
 * @param {System} system
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
