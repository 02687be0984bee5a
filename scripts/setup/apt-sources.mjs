/**
 * Reads this machine's configured package sources and changes them to another suite of the same archive.
 *
 * Both of apt's formats: one-line (`deb [signed-by=…] URI suite component…`) and deb822 stanzas. Everything except the
 * suite is kept: the archive's address, the keyring that signs it, options. Pure text; fetch-etcd.mjs reads and writes
 * the files.
 */

/**
 * @typedef {object} AptSource one entry of a sources file
 * @property {"line" | "stanza"} format
 * @property {string} text as it stands in the file, comments left out
 * @property {readonly string[]} suites
 */

/**
 * The enabled binary (`deb`) entries of a sources file.
 *
 * @param {string} text
 * @param {"list" | "sources"} extension of the file: one-line or deb822
 * @returns {AptSource[]}
 */
export function parseSources(text, extension) {
  return extension === "list" ? parseLines(text) : parseStanzas(text);
}

/**
 * @param {string} text
 * @returns {AptSource[]}
 */
function parseLines(text) {
  /** @type {AptSource[]} */
  const found = [];
  for (const raw of text.split("\n")) {
    const line = raw.replace(/#.*/, "").trim();
    const suite = /^deb\s+(?:\[[^\]]*\]\s+)?\S+\s+(\S+)/.exec(line)?.[1];
    // A suite that ends in "/" is a path of a flat archive: it has no other suites.
    if (suite !== undefined && !suite.endsWith("/"))
      found.push({ format: "line", text: line, suites: [suite] });
  }
  return found;
}

/**
 * @param {string} text
 * @returns {AptSource[]}
 */
function parseStanzas(text) {
  /** @type {AptSource[]} */
  const found = [];
  const plain = text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n");
  for (const stanza of plain.split(/\n[ \t]*\n/)) {
    const types = fieldOf(stanza, "Types");
    const suites = fieldOf(stanza, "Suites").filter((suite) => !suite.endsWith("/"));
    const isOff = /^(no|false|without|off|disable)$/i.test(fieldOf(stanza, "Enabled")[0] ?? "yes");
    if (types.includes("deb") && suites.length > 0 && !isOff) {
      found.push({ format: "stanza", text: stanza.trim(), suites });
    }
  }
  return found;
}

/**
 * @param {string} stanza
 * @param {string} name
 * @returns {string[]} the words of a field, continuation lines included
 */
function fieldOf(stanza, name) {
  const value = new RegExp(`^${name}:(.*(?:\\n[ \\t].*)*)`, "im").exec(stanza)?.[1] ?? "";
  return value.split(/\s+/).filter((word) => word !== "");
}

/**
 * The entries of the distribution itself (third parties left out): those that carry its codename, or one of
 * the names that move from release to release.
 *
 * @param {readonly AptSource[]} sources
 * @param {string} codename e.g. "bookworm"
 * @returns {AptSource[]}
 */
export function distributionSources(sources, codename) {
  const names = new Set([codename, "stable", "oldstable", "oldoldstable", "testing", "unstable"]);
  return sources.filter(({ suites }) => suites.some((suite) => names.has(suite)));
}

/**
 * The same entry for one other suite.
 *
 * @param {AptSource} source
 * @param {string} suite
 * @returns {AptSource}
 */
export function withSuite(source, suite) {
  const text =
    source.format === "line"
      ? source.text.replace(/^(deb\s+(?:\[[^\]]*\]\s+)?\S+\s+)\S+/, `$1${suite}`)
      : source.text
          .replace(/^Suites:.*(?:\n[ \t].*)*/im, `Suites: ${suite}`)
          // Source packages are not wanted, and twice the download.
          .replace(/^Types:.*(?:\n[ \t].*)*/im, "Types: deb");
  return { format: source.format, text, suites: [suite] };
}

/**
 * The sources as files for a private `sources.list.d`: at most one of each format.
 *
 * @param {readonly AptSource[]} sources
 * @returns {{ name: string, text: string }[]}
 */
export function formatSources(sources) {
  const lines = sources.filter(({ format }) => format === "line");
  const stanzas = sources.filter(({ format }) => format === "stanza");
  const files = [];
  if (lines.length > 0)
    files.push({ name: "keelson.list", text: `${lines.map((s) => s.text).join("\n")}\n` });
  if (stanzas.length > 0) {
    files.push({ name: "keelson.sources", text: `${stanzas.map((s) => s.text).join("\n\n")}\n` });
  }
  return files;
}

/**
 * apt's settings for a private run, from `apt-config dump` of the system: how to reach the archive (proxies,
 * timeouts, authentication) and for which processor is kept; hooks, pins and every directory is our own.
 *
 * @param {string} dump
 * @param {string} folder absolute; holds sources.list.d, empty, lists, cache and status
 * @returns {string}
 */
export function privateConfig(dump, folder) {
  const kept = dump.split("\n").filter((line) => /^(Acquire|APT::Architecture)/.test(line));
  return `${[
    ...kept,
    'Dir::Etc::main "/dev/null";',
    `Dir::Etc::parts "${folder}/empty";`,
    'Dir::Etc::sourcelist "/dev/null";',
    `Dir::Etc::sourceparts "${folder}/sources.list.d";`,
    'Dir::Etc::preferences "/dev/null";',
    `Dir::Etc::preferencesparts "${folder}/empty";`,
    `Dir::State::lists "${folder}/lists";`,
    `Dir::State::status "${folder}/status";`,
    `Dir::Cache "${folder}/cache";`,
    // The project's folder is the user's own; apt's download user may have no way into it.
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
    'Acquire::GzipIndexes "true";',
    'Acquire::Retries "0";',
    // An unreachable archive is reported within seconds.
    'Acquire::http::Timeout "8";',
    'Acquire::https::Timeout "8";',
    'Acquire::ftp::Timeout "8";',
  ].join("\n")}\n`;
}
