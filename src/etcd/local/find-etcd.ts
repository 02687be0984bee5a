/**
 * Finds the etcd programs of this machine, for `startLocalEtcd`, the set-up script's message and the version matrix
 * of the tests.
 *
 *   option "binary"  ->  KEELSON_ETCD  ->  PATH  ->  <package>/.cache/etcd/<version>/usr/bin/etcd (newest first)
 *
 * A program named explicitly (the option, KEELSON_ETCD) must work: another one never silently replaces it.
 */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, readdir, realpath } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../base/text/message-of.ts";
import { invalidArgument, StoreError } from "../../errors.ts";
import { compareVersions } from "../versions/version.ts";

export interface EtcdBinary {
  /** Absolute path of `etcd`. */
  readonly path: string;
  /** The version the program reports, e.g. "3.5.16". */
  readonly version: string;
  readonly foundBy: "option" | "KEELSON_ETCD" | "PATH" | "cache";
}

/** A program that is not etcd may not answer `--version` at all. */
const versionTimeoutMs = 10_000;

const howToGet =
  "install etcd with the system's package manager (Debian, Ubuntu: etcd-server; macOS: etcd), or set KEELSON_ETCD to the " +
  'path of an "etcd" program; in a checkout of keelson, "npm run setup" fetches one';

/**
 * The etcd program to run.
 * @throws INVALID_ARGUMENT when `binary` or KEELSON_ETCD names something that is not etcd; UNAVAILABLE, saying
 *   what to install, when there is none
 */
export async function findEtcd(options: { readonly binary?: string | undefined } = {}): Promise<EtcdBinary> {
  if (options.binary !== undefined) return identifyNamed(options.binary, "option");
  const [first] = await findEveryEtcd();
  if (first !== undefined) return first;
  throw new StoreError(
    "UNAVAILABLE",
    `Cannot start etcd: no "etcd" program in KEELSON_ETCD, PATH or the package's cache: ${howToGet}`,
    { retryAfterMs: 60_000, reason: "binary missing" },
  );
}

/**
 * Every etcd program present, in the order in which `findEtcd` would take them, each file once.
 * @throws INVALID_ARGUMENT when KEELSON_ETCD names something that is not etcd
 */
export async function findEveryEtcd(): Promise<readonly EtcdBinary[]> {
  const found: EtcdBinary[] = [];
  const named = process.env["KEELSON_ETCD"];
  if (named !== undefined && named !== "") found.push(await identifyNamed(named, "KEELSON_ETCD"));
  for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
    if (directory !== "") found.push(...(await identifyQuietly(join(directory, "etcd"), "PATH")));
  }
  const cached: EtcdBinary[] = [];
  for (const path of await cachedPrograms()) cached.push(...(await identifyQuietly(path, "cache")));
  found.push(...cached.sort((a, b) => compareVersions(b.version, a.version)));
  return found.filter((binary, index) => found.findIndex((other) => other.path === binary.path) === index);
}

async function identifyNamed(path: string, foundBy: "option" | "KEELSON_ETCD"): Promise<EtcdBinary> {
  const subject = foundBy === "option" ? 'option "binary"' : "KEELSON_ETCD";
  try {
    return await identify(path, foundBy);
  } catch (error) {
    const reason = messageOf(error);
    throw invalidArgument(
      foundBy === "option" ? "binary" : "KEELSON_ETCD",
      `Cannot start etcd: ${subject} is "${path}": ${reason}`,
    );
  }
}

async function identifyQuietly(path: string, foundBy: "PATH" | "cache"): Promise<readonly EtcdBinary[]> {
  try {
    return [await identify(path, foundBy)];
  } catch {
    // Normal: a directory of PATH without etcd, or with another program of that name.
    return [];
  }
}

async function identify(path: string, foundBy: EtcdBinary["foundBy"]): Promise<EtcdBinary> {
  const file = await realpath(path).catch(() => {
    throw new Error("no such file");
  });
  await access(file, constants.X_OK).catch(() => {
    throw new Error("the file cannot be run");
  });
  const text = await new Promise<string>((resolve, reject) => {
    execFile(file, ["--version"], { timeout: versionTimeoutMs }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(new Error(`"--version" failed: ${error.message.trim()}`)),
    );
  });
  const version = /^etcd Version: (\S+)/m.exec(text)?.[1];
  if (version === undefined) {
    throw new Error(`"--version" says "${text.slice(0, 80).trim()}", expected "etcd Version: …"`);
  }
  return { path: file, version, foundBy };
}

async function cachedPrograms(): Promise<readonly string[]> {
  const root = await packageRoot(dirname(fileURLToPath(import.meta.url)));
  if (root === undefined) return [];
  const cache = join(root, ".cache", "etcd");
  const versions = await readdir(cache).catch((): string[] => []);
  return versions.map((version) => join(cache, version, "usr", "bin", "etcd"));
}

/** The nearest parent folder with a package.json: the same for the source and for the build in `dist`. */
async function packageRoot(from: string): Promise<string | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    const there = await access(join(folder, "package.json")).then(
      () => true,
      () => false,
    );
    if (there) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}
