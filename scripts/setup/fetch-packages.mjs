/**
 * Fetches Debian packages through the system's package manager without touching the system: apt with a private
 * configuration derived from the system's own (see apt-sources.mjs), pointed at a suite of the same archive. apt checks the
 * signatures, dpkg-deb unpacks into a folder. No root, nothing installed.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { formatSources, parseSources, privateConfig } from "./apt-sources.mjs";
import { compareVersions } from "./find-etcd.mjs";
import { codeOf } from "./lock.mjs";
import { lastWords, run } from "./run.mjs";

/** An archive that sends nothing at all for so long is unreachable; apt's own timeout is 8 s. */
const firstByteMs = 15_000;
/** Once bytes came: apt sorts a large index in silence, on a slow machine for a while. */
const idleMs = 40_000;

/** Distributions whose suites are known by name. */
const packagedFamilies = new Set(["debian", "ubuntu"]);

/**
 * @typedef {object} System
 * @property {string} family "debian", "ubuntu", or whatever /etc/os-release says
 * @property {string} codename
 * @property {string} name for people
 */

/**
 * One attempt: read the index of `sources`, download the newest of each package that `accepts` takes, unpack.
 *
 * @param {object} options
 * @param {string} options.folder absolute; emptied, then holds apt's private lists and the unpacked packages
 * @param {readonly import("./apt-sources.mjs").AptSource[]} options.sources
 * @param {readonly string[]} options.packages
 * @param {(version: string) => boolean} options.accepts upstream versions
 * @param {(detail: string) => void} options.live
 * @param {boolean} [options.closure] also what they depend on, as far as this system does not have it; default false
 * @returns {Promise<
 *   | { root: string, versions: ReadonlyMap<string, string> }
 *   | { root: undefined, reason: string, unreachable: boolean }
 * >} root: where they are unpacked; versions: in full, by package
 */
export async function fetchPackages({ folder, sources, packages, accepts, live, closure = false }) {
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
    root: undefined,
    reason: stalled ? `no answer for ${firstByteMs / 1000} s` : lastWords(output),
    unreachable: stalled || isUnreachable(output),
  });

  // apt-get update exits 0 for an archive it could not reach; what counts is what the index then offers.
  const update = await run("apt-get", ["update"], apt);
  const offers = await run("apt-cache", ["madison", ...packages], { env });
  /** @type {Map<string, string>} */
  const chosen = new Map();
  for (const name of packages) {
    const offer = newestOffer(offers.stdout, name, accepts);
    if (offer !== undefined) {
      chosen.set(name, offer);
      continue;
    }
    const offered = [...offers.stdout.matchAll(new RegExp(`^\\s*${name} \\| *(\\S+)`, "gm"))].map(
      (match) => match[1],
    );
    if (offered.length === 0) return failed(update);
    return { root: undefined, reason: `it has ${name} ${offered.join(", ")}`, unreachable: false };
  }
  const wanted = [...chosen].map(([name, version]) => `${name}=${version}`);
  const download = closure
    ? await run("apt-get", [...installArguments(folder), ...wanted], apt)
    : await run("apt-get", ["download", ...wanted], apt);
  if (!download.ok) return failed(download);

  const downloads = join(folder, closure ? "cache/archives" : "packages");
  for (const name of readdirSync(downloads).filter((file) => file.endsWith(".deb"))) {
    const unpack = await run("dpkg-deb", ["-x", join(downloads, name), join(folder, "root")]);
    if (!unpack.ok) return failed(unpack);
  }
  return { root: join(folder, "root"), versions: chosen };
}

/**
 * As for an installation beside what this system has, which then is not made.
 *
 * @param {string} folder
 * @returns {string[]}
 */
function installArguments(folder) {
  const status = "/var/lib/dpkg/status";
  if (existsSync(status)) copyFileSync(status, join(folder, "status"));
  const options = ["Debug::NoLocking=true", "APT::Install-Recommends=false"];
  return ["install", "--download-only", "--yes", ...options.flatMap((option) => ["-o", option])];
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
export function systemSources() {
  const folder = "/etc/apt/sources.list.d";
  const parts = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return ["/etc/apt/sources.list", ...parts].flatMap((path) => {
    const extension = path.endsWith(".list") ? "list" : path.endsWith(".sources") ? "sources" : undefined;
    if (extension === undefined || !existsSync(path)) return [];
    return parseSources(readFileSync(path, "utf8"), extension);
  });
}

/** @returns {System} */
export function readSystem() {
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
  const family = likes.find((id) => packagedFamilies.has(id)) ?? likes[0] ?? "linux";
  const codename = fields.get(family === "ubuntu" ? "UBUNTU_CODENAME" : "VERSION_CODENAME");
  return {
    family,
    codename: codename ?? fields.get("VERSION_CODENAME") ?? "",
    name: fields.get("PRETTY_NAME") ?? "this Linux",
  };
}

/** @param {string} program */
export function isOnPath(program) {
  return (process.env["PATH"] ?? "")
    .split(":")
    .some((folder) => folder !== "" && existsSync(join(folder, program)));
}

/**
 * @param {string} folder
 * @returns {number} bytes of all files in it; files removed during it count as 0
 */
function bytesUnder(folder) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    bytes += statSync(join(folder, entry), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}
