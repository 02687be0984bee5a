/**
 * Chromium for tests of pages: the system's own, or one from Debian's packages with every library that the system
 * lacks. It is fetched like etcd; nothing is installed on the system.
 *
 *   .cache/chromium/.fetch-<pid>/      private lists, cache, packages; removed at the end
 *   .cache/chromium/root/              the unpacked packages; appears whole, by one rename
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { distributionSources } from "./apt-sources.mjs";
import { fetchPackages, isOnPath, readSystem, systemSources } from "./fetch-packages.mjs";
import { projectFolder } from "./find-etcd.mjs";
import { codeOf, withLock } from "./lock.mjs";
import { SetupError, step } from "./report.mjs";
import { lastWords, run } from "./run.mjs";

const chromiumCache = join(projectFolder, ".cache", "chromium");
const root = join(chromiumCache, "root");
/** The first start of a large program, on a loaded machine. */
const timeoutMs = 60_000;
const programs = ["chromium", "chromium-browser", "google-chrome"];

/**
 * @typedef {object} FoundChromium
 * @property {string} executable
 * @property {Readonly<Record<string, string>>} env what it needs beside the usual environment
 */

/** @returns {FoundChromium | undefined} `KEELSON_CHROMIUM`, one on PATH, or the fetched one */
export function findChromium() {
  const named = process.env["KEELSON_CHROMIUM"] ?? "";
  if (named !== "") return { executable: named, env: {} };
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const name = programs.find((program) => folder !== "" && existsSync(join(folder, program)));
    if (name !== undefined) return { executable: join(folder, name), env: {} };
  }
  const executable = join(root, "usr/lib/chromium/chromium");
  if (!existsSync(executable)) return undefined;
  const machine = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  const folders = [
    `usr/lib/${machine}`,
    `usr/lib/${machine}/pulseaudio`,
    `lib/${machine}`,
    "usr/lib/chromium",
  ];
  const libraries = folders.map((path) => join(root, path));
  return {
    executable,
    env: { LD_LIBRARY_PATH: libraries.join(":"), FONTCONFIG_FILE: join(root, "fonts.conf") },
  };
}

/**
 * @returns {Promise<FoundChromium>}
 * @throws {SetupError} saying why there is none
 */
export async function fetchChromium() {
  const found = findChromium();
  if (found !== undefined) return found;
  mkdirSync(chromiumCache, { recursive: true });
  return withLock(join(chromiumCache, "fetch.lock"), async () => {
    if (findChromium() === undefined) {
      await step("fetching Chromium with apt (nothing is installed on the system)", fetchNow);
    }
    const fetched = findChromium();
    if (fetched === undefined) throw new SetupError("Chromium's package has no program where it is expected");
    const answer = await run(fetched.executable, ["--version"], {
      env: { ...process.env, ...fetched.env },
      timeoutMs,
    });
    if (!answer.ok)
      throw new SetupError(`the fetched Chromium does not run here: ${lastWords(answer.output)}`);
    return fetched;
  });
}

/** @param {(detail: string) => void} live */
async function fetchNow(live) {
  const system = readSystem();
  const reason = (/** @type {string} */ why) => new SetupError(`Chromium cannot be fetched: ${why}`);
  if (system.family !== "debian") throw reason(`this is ${system.name}, it comes from Debian's packages`);
  if (!isOnPath("apt-get") || !isOnPath("dpkg-deb")) throw reason("there is no apt-get here");
  const sources = distributionSources(systemSources(), system.codename);
  if (sources.length === 0) throw reason(`no package source of ${system.name} is configured under /etc/apt`);
  const folder = join(chromiumCache, `.fetch-${process.pid}`);
  try {
    const fetched = await fetchPackages({
      folder,
      sources,
      packages: ["chromium", "fonts-liberation"],
      accepts: () => true,
      live,
      closure: true,
    });
    if (fetched.root === undefined) throw reason(fetched.reason);
    writeFileSync(join(fetched.root, "fonts.conf"), fontsConfiguration());
    rename(fetched.root);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Chromium's own choices are Arial and Monospace; there are no other fonts than these. */
function fontsConfiguration() {
  const families = {
    "Liberation Sans": ["Arial", "Helvetica", "sans", "sans-serif", "system-ui"],
    "Liberation Mono": ["mono", "monospace", "ui-monospace"],
  };
  const aliases = Object.entries(families).flatMap(([family, names]) =>
    names.map(
      (name) =>
        `<alias binding="same"><family>${name}</family><prefer><family>${family}</family></prefer></alias>`,
    ),
  );
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(root, "usr/share/fonts")}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${join(chromiumCache, "font-cache")}</cachedir>
  ${aliases.join("\n  ")}
  <match target="pattern"><edit name="family" mode="append_last"><string>Liberation Sans</string></edit></match>
</fontconfig>
`;
}

/** @param {string} from */
function rename(from) {
  try {
    renameSync(from, root);
  } catch (error) {
    // Another process was faster; both copies are the same.
    if (codeOf(error) !== "ENOTEMPTY" && codeOf(error) !== "EEXIST") throw error;
  }
}
