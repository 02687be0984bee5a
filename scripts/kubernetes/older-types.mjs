/**
 * Joins the facts of older releases (older-types.txt) to those of the newest: a field or type that the newest release
 * lacks is added with the last release that had it; if both have a field number, the newest one is used.
 */

/** @typedef {{ head: string, kinds: string[], enums: string[], messages: Map<string, { head: string, fields: string[] }> }} PackageFacts */

/**
 * @param {string} text lines of facts, "#" begins a comment
 * @returns {Map<string, readonly string[]>} lines by package
 */
export function readFacts(text) {
  /** @type {Map<string, string[]>} */
  const found = new Map();
  /** @type {string[]} */
  let lines = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const name = /^package (\S+)/.exec(line)?.[1];
    if (name !== undefined) {
      lines = [];
      found.set(name, lines);
    }
    lines.push(line);
  }
  return found;
}

/**
 * @param {ReadonlyMap<string, readonly string[]>} newest lines by package
 * @param {ReadonlyMap<string, readonly string[]>} older
 * @returns {Map<string, readonly string[]>} packages in the order of their names
 */
export function joinFacts(newest, older) {
  /** @type {Map<string, readonly string[]>} */
  const joined = new Map();
  for (const name of [...new Set([...newest.keys(), ...older.keys()])].sort()) {
    const facts = parsePackage(newest.get(name) ?? older.get(name) ?? []);
    if (newest.has(name)) addOlder(facts, parsePackage(older.get(name) ?? []));
    joined.set(name, formatPackage(facts));
  }
  return joined;
}

/**
 * @param {readonly string[]} lines
 * @returns {PackageFacts}
 */
function parsePackage(lines) {
  /** @type {PackageFacts} */
  const facts = { head: lines[0] ?? "", kinds: [], enums: [], messages: new Map() };
  /** @type {string[]} */
  let fields = [];
  for (const line of lines.slice(1)) {
    const [word = "", name = ""] = line.trim().split(" ");
    if (line.startsWith(" ")) fields.push(line);
    else if (word === "kinds") facts.kinds = line.split(" ").slice(1);
    else if (word === "enum") facts.enums.push(line);
    else {
      fields = [];
      facts.messages.set(name, { head: line, fields });
    }
  }
  return facts;
}

/**
 * @param {PackageFacts} facts added to
 * @param {PackageFacts} older
 */
function addOlder(facts, older) {
  facts.kinds.push(...older.kinds.filter((kind) => !facts.kinds.includes(kind)));
  for (const [name, message] of older.messages) {
    const known = facts.messages.get(name);
    if (known === undefined) {
      facts.messages.set(name, message);
      continue;
    }
    if (known.head.includes(" same=")) continue;
    const numbers = new Set(known.fields.map(numberOf));
    known.fields.push(...message.fields.filter((field) => !numbers.has(numberOf(field))));
  }
}

/** @param {string} field */
function numberOf(field) {
  return field.trim().split(" ")[1] ?? "";
}

/**
 * @param {PackageFacts} facts
 * @returns {string[]}
 */
function formatPackage({ head, kinds, enums, messages }) {
  return [
    head,
    ...(kinds.length === 0 ? [] : [`kinds ${kinds.join(" ")}`]),
    ...enums,
    ...[...messages.values()].flatMap((message) => [message.head, ...message.fields]),
  ];
}
