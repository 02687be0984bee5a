/**
 * Rules that no linter has: headers, names, sizes, time and randomness only in their places, no open to-dos, no facts
 * of one machine in a file, and a lock file that installs everywhere.
 */
import { areaOf } from "./layers.mjs";

/** @typedef {import("./layers.mjs").Finding} Finding */

/** A file is one idea: past this many lines ask which second idea moved in. */
const linesMax = 350;
const codeFolders = new Set(["src", "tools", "examples", "bench", "scripts", "campaign", "test"]);
const vagueName = /(?:^|[-.])(?:utils?|helpers?|misc|common)(?:[-.]|$)/;
/** In pieces, or this file would find itself. */
const leftover = new RegExp(`\\b(?:${["TO" + "DO", "FIX" + "ME", "X" + "XX"].join("|")})\\b`);
const escapeComment = /@ts-(?:ignore|nocheck)\b/;
const machinePath = /(?<![\w.~-])\/(?:work|root|home|Users)\/[\w.-]+/;
/** Names that package archives and registries go by; an example host (`.example`, `.test`) belongs to nobody. */
const packageHost =
  /\b(?:deb|archive|security|registry|ports|mirrors?|snapshot|packages|pypi|proxy)\.(?!example\b)[a-z0-9-]+\.(?:org|com|net|io|dev)\b/i;

/** An etcd kept in a variable that hooks or several tests share, not one of a single test (`await using`). */
const sharedEtcd =
  /^\s*(?!(?:const|let|await using)\b)[[#\w.][\w., \]]* = [^"'`]*\bstartLocal(?:Etcd|Cluster)\(/;
/** Test files that keep one by hand, each with the reason why test/support/etcd/real-etcd.ts does not serve it. */
/** @type {Readonly<Record<string, string>>} */
const etcdsByHand = {
  "test/conformance/suites.ts": "a suite is handed what opens its etcd, real or in memory",
  "test/integration/backup/histories.test.ts": "one test stops its etcd and starts another on the port",
  "test/integration/etcd/client/discovery.test.ts": "a second etcd only where openssl makes certificates",
  "test/integration/etcd/memory-differential.test.ts":
    "helpers outside the suite use the etcd of each version",
  "test/integration/etcd/transport/certificates-rotated.test.ts": "one for each test, with its certificates",
  "test/integration/etcd/transport/tls.test.ts": "five etcds with certificates of one authority",
  "test/integration/etcdctl-lite/beside-etcdctl/replay-tls.test.ts": "two with certificates, or one for both",
  "test/integration/etcdctl-lite/snapshots/cluster.test.ts": "none where etcd is older than the data",
  "test/integration/kubernetes/cluster.test.ts": "none where etcd is older than the data",
  "test/integration/storage/restores-under-processes.test.ts": "one endpoint, restarted on other data",
};

/**
 * @param {string} file
 * @param {string} text
 * @param {import("./read-source.mjs").SourceFacts | undefined} facts of code; undefined for any other text
 * @returns {Finding[]}
 */
export function checkTidy(file, text, facts) {
  /** @type {Finding[]} */
  const findings = [];
  const lines = text.split("\n");
  /**
   * @param {number} line
   * @param {string} message
   * @param {Finding["severity"]} [severity]
   */
  const add = (line, message, severity = "error") => findings.push({ file, line, message, severity });

  lines.forEach((content, index) => {
    const line = index + 1;
    const path = machinePath.exec(content)?.[0];
    if (path !== undefined) add(line, `"${path}" is a path of one machine`);
    const host = packageHost.exec(content)?.[0];
    if (host !== undefined)
      add(line, `"${host}" is a package host: let the machine's own configuration name it`);
  });
  if (facts === undefined || !codeFolders.has(file.split("/")[0] ?? "")) return findings;

  const name = file.split("/").at(-1) ?? file;
  if (vagueName.test(name.replace(/\.\w+$/, "")))
    add(0, `"${name}" names no idea: name the file by its noun`);
  const needsHeader = !file.startsWith("test/");
  if (needsHeader && !/^(?:#!.*\n)?\/\*\*/.test(text))
    add(1, "no header comment: begin with /** the idea, who uses it, the invariant */");
  if (lines.length - 1 > linesMax) add(0, `${lines.length - 1} lines, over ${linesMax}`, "note");
  lines.forEach((content, index) => {
    const todo = leftover.exec(content)?.[0];
    if (todo !== undefined) add(index + 1, `${todo} left in: do it, or open an issue`);
    if (escapeComment.test(content)) add(index + 1, "type errors are mended, not silenced");
  });
  if (file.startsWith("test/") && !file.startsWith("test/support/") && etcdsByHand[file] === undefined) {
    lines.forEach((content, index) => {
      if (sharedEtcd.test(content))
        add(
          index + 1,
          "an etcd that tests share comes from test/support/etcd/real-etcd.ts, which also stops it",
        );
    });
  }
  const isLibrary = file.startsWith("src/") && !file.startsWith("src/base/");
  for (const { what, text: use, line } of facts.uses) {
    if (what === "any") add(line, "`any` switches the compiler off: say `unknown` and narrow it");
    else if (what === "kept import")
      add(
        line,
        `${use} in a function with \`using\`: the compiler keeps its ".ts"; import it in a function of its own`,
      );
    else if (isLibrary && what === "time")
      add(line, `${use}: time comes from Clock (src/base/time/clock.ts)`);
    else if (isLibrary && what === "chance")
      add(line, `${use}: chance comes from Random (src/base/random.ts)`);
  }
  return findings;
}

/**
 * npm drops optional packages of other platforms from the lock when it cannot see them, and then `npm ci`
 * refuses the lock everywhere.
 *
 * @param {string} text of package-lock.json
 * @returns {Finding[]}
 */
export function checkLock(text) {
  const file = "package-lock.json";
  /** @type {Record<string, { version?: string, resolved?: string, optionalDependencies?: Record<string, string> }>} */
  const packages = JSON.parse(text).packages;
  /** @type {Finding[]} */
  const findings = [];
  for (const [path, { version, resolved, optionalDependencies }] of Object.entries(packages)) {
    if (resolved !== undefined) {
      findings.push({ file, line: 0, message: `${path} names where it came from`, severity: "error" });
    }
    if (path !== "" && version === undefined) {
      findings.push({ file, line: 0, message: `${path} has no version`, severity: "error" });
    }
    for (const name of Object.keys(optionalDependencies ?? {})) {
      if (
        packages[`node_modules/${name}`] === undefined &&
        packages[`${path}/node_modules/${name}`] === undefined
      ) {
        const message = `optional ${name} of ${path} is missing: \`npm ci\` would refuse the lock`;
        findings.push({ file, line: 0, message, severity: "error" });
      }
    }
  }
  return findings;
}

/**
 * @param {string} file
 * @returns {boolean} code whose imports and syntax are looked at
 */
export function isCode(file) {
  return /\.(?:ts|mts|mjs|js)$/.test(file) && (codeFolders.has(areaOf(file)) || file.startsWith("src/"));
}
