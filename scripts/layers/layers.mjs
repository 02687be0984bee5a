/**
 * The layer table: which folder may import which. ARCHITECTURE.md's drawing as data.
 *
 *   base < resource < codec <          storage < quota | watch < backup < assembly (src/*.ts)
 *        < etcd             | kubernetes
 *             | testing                             http: over resource alone; metrics: over watch
 *
 * rooms.mjs has the rooms inside the big folders. Outside the library are tools, examples and benches, which may import
 * only its entry points, and tests, which may import everything.
 */
import { dirname, posix } from "node:path";
import { whyRefusedRoom } from "./rooms.mjs";

/**
 * @typedef {object} Finding
 * @property {string} file
 * @property {number} line 0 for the file as a whole
 * @property {string} message
 * @property {"error" | "note"} severity
 */

/** Area to the areas it may import, itself always. */
/** @type {Readonly<Record<string, readonly string[]>>} */
const mayImport = {
  base: [],
  resource: ["base"],
  codec: ["base", "resource"],
  kubernetes: ["base", "resource", "codec"],
  etcd: ["base"],
  storage: ["base", "resource", "codec", "etcd"],
  quota: ["base", "resource", "codec", "etcd", "storage"],
  watch: ["base", "resource", "codec", "etcd", "storage"],
  backup: ["base", "resource", "codec", "etcd", "storage"],
  http: ["base", "resource"],
  metrics: ["base", "resource", "watch"],
  testing: ["base", "etcd", "backup"],
  assembly: ["base", "resource", "codec", "etcd", "storage", "quota", "watch", "backup", "http"],
};
const sourceAreas = new Set(Object.keys(mayImport));
/** Formats that know nothing of the package: what the tool writes in them is written by the code that the library uses. */
const toolsMayImport = ["src/base/protobuf/", "src/base/text/"];
/** Packages with one place each: nothing else knows them. */
/** @type {readonly { name: string, places: readonly string[] }[]} */
const packagePlaces = [
  { name: "etcd3", places: ["src/etcd/transport/etcd3/", "bench/", "test/"] },
  { name: "@grpc/grpc-js", places: ["src/etcd/transport/etcd3/", "bench/", "test/"] },
  { name: "msgpackr", places: ["bench/", "test/"] },
  { name: "@noble/ciphers", places: ["src/kubernetes/encryption/"] },
  { name: "aws4", places: ["src/backup/repository/s3/", "test/"] },
  { name: "croner", places: ["src/backup/schedule/"] },
  {
    name: "yaml",
    places: ["src/kubernetes/encryption/", "tools/", "examples/api-server/", "test/", "bench/", "scripts/"],
  },
  { name: "vitest", places: ["test/", "campaign/", "vitest.config.ts"] },
];

/**
 * @param {string} path inside the project, with "/"
 * @returns {string} "base", "resource", …, "assembly", or the first folder: "tools", "test", …
 */
export function areaOf(path) {
  if (path === "src/errors.ts" || path.startsWith("src/errors/")) return "base";
  const [top = "", second = ""] = path.split("/");
  if (top !== "src") return top;
  return second.endsWith(".ts") ? "assembly" : second;
}

/**
 * Imports that climb, and imports that pass an entry point by.
 *
 * @param {ReadonlyMap<string, import("./read-source.mjs").SourceFacts>} sources by path
 * @returns {Finding[]}
 */
export function checkLayers(sources) {
  /** @type {Finding[]} */
  const findings = [];
  for (const [file, { imports }] of sources) {
    const area = areaOf(file);
    for (const { specifier, line, isReexport } of imports) {
      /** @param {string} message */
      const refuse = (message) => findings.push({ file, line, message, severity: "error" });
      if (isReexport && area !== "test" && !isDoor(file)) {
        refuse(`re-exports "${specifier}": only entry points (index.ts) re-export`);
      }
      if (!specifier.startsWith(".")) {
        const reason = whyRefusedPackage(file, specifier);
        if (reason !== undefined) refuse(reason);
        continue;
      }
      const target = targetOf(file, specifier);
      const reason = whyRefused(file, target);
      if (reason !== undefined) refuse(`imports "${specifier}": ${reason}`);
      else if (sourceAreas.has(area) && !sources.has(target))
        refuse(`imports "${specifier}": there is no such file`);
    }
    if (file.startsWith("src/") && !sourceAreas.has(area)) {
      findings.push({ file, line: 0, message: `src/${area}/ is not in the layer table`, severity: "error" });
    }
  }
  return findings;
}

/**
 * @param {string} file
 * @param {string} target
 * @returns {string | undefined}
 */
function whyRefused(file, target) {
  const from = areaOf(file);
  const to = areaOf(target);
  if (sourceAreas.has(from)) {
    const allowed = mayImport[from] ?? [];
    if (from === to || allowed.includes(to)) return whyRefusedRoom(file, target);
    return `${from} may import ${allowed.join(", ") || "nothing but itself"}, not ${to}`;
  }
  if (from === "tools" || from === "examples" || from === "bench") {
    if (from === "tools" && toolsMayImport.some((folder) => target.startsWith(folder))) return undefined;
    if (sourceAreas.has(to))
      return `${from} imports the package's entry points alone ("keelson", "keelson/etcd", …)`;
    const folders = file.split("/").slice(0, -1);
    if (from === "examples" && folders.length === 1)
      return "an example stands alone: it imports entry points and packages; one of several files has a folder";
    const own = folders.slice(0, from === "bench" ? 1 : 2).join("/");
    if (!target.startsWith(`${own}/`)) return `it leaves ${own}/`;
    return whyRefusedRoom(file, target);
  }
  return undefined;
}

/**
 * @param {string} file
 * @param {string} specifier
 * @returns {string | undefined}
 */
function whyRefusedPackage(file, specifier) {
  if (file.startsWith("src/") && /^keelson(\/|$)/.test(specifier)) {
    return `imports "${specifier}": inside src imports are relative`;
  }
  const rule = packagePlaces.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
  if (rule === undefined || rule.places.some((place) => file.startsWith(place))) return undefined;
  return `imports "${specifier}": its place is ${rule.places.join(", ")}`;
}

/** @param {string} file */
function isDoor(file) {
  return /^src\/(?:[a-z-]+\/)?index\.ts$/.test(file);
}

/**
 * @param {string} file
 * @param {string} specifier relative
 * @returns {string} path inside the project
 */
export function targetOf(file, specifier) {
  return posix.normalize(posix.join(dirname(file), specifier));
}

/**
 * Every cycle of imports, type imports included: one finding per knot of files that reach each other.
 *
 * @param {ReadonlyMap<string, import("./read-source.mjs").SourceFacts>} sources
 * @returns {Finding[]}
 */
export function checkCycles(sources) {
  /** @type {Finding[]} */
  const findings = [];
  /** @type {Map<string, "open" | "done">} */
  const state = new Map();
  /** @type {string[]} */
  const path = [];
  /** @param {string} file */
  const visit = (file) => {
    state.set(file, "open");
    path.push(file);
    for (const { specifier } of sources.get(file)?.imports ?? []) {
      if (!specifier.startsWith(".")) continue;
      const target = targetOf(file, specifier);
      if (!sources.has(target)) continue;
      if (state.get(target) === "open") {
        const cycle = [...path.slice(path.indexOf(target)), target];
        findings.push({
          file: target,
          line: 0,
          message: `import cycle: ${cycle.join(" → ")}`,
          severity: "error",
        });
      } else if (!state.has(target)) visit(target);
    }
    path.pop();
    state.set(file, "done");
  };
  for (const file of sources.keys()) if (!state.has(file)) visit(file);
  return findings;
}
