/**
 * The table against the .proto files that Kubernetes generates from the same types: every message and every field number of
 * one is in the other. The .proto files show neither inlining nor pointers, so they check the table and cannot replace it.
 */

/**
 * @param {ReadonlyMap<string, readonly string[]>} facts lines by the package's name in the table
 * @param {ReadonlyMap<string, string>} protos text by import path
 * @returns {string[]} what differs, a line each
 */
export function compareWithProto(facts, protos) {
  /** @type {string[]} */
  const differences = [];
  for (const [path, text] of protos) {
    const lines = facts.get(path.replace(/^.*\/(?:api|apis)\//, ""));
    if (lines === undefined) continue;
    const tabled = numbersOfFacts(lines);
    const written = numbersOfProto(text);
    for (const name of new Set([...tabled.keys(), ...written.keys()])) {
      const ours = [...(tabled.get(name) ?? [])].sort((a, b) => a - b).join(" ");
      const theirs = [...(written.get(name) ?? [])].sort((a, b) => a - b).join(" ");
      if (
        ours !== theirs &&
        !ownForms.has(name) &&
        !lines.some((line) => line.startsWith(`message ${name} same=`))
      ) {
        differences.push(`${path}.${name}: tags have ${ours || "none"}, .proto has ${theirs || "none"}`);
      }
    }
  }
  return differences;
}

/** Types that Kubernetes encodes by hand; no messages of the table. */
const ownForms = new Set(["Time", "MicroTime", "Duration", "FieldsV1", "TypeMeta"]);

/**
 * @param {readonly string[]} lines
 * @returns {Map<string, Set<number>>}
 */
function numbersOfFacts(lines) {
  /** @type {Map<string, Set<number>>} */
  const messages = new Map();
  /** @type {Set<number>} */
  let fields = new Set();
  for (const line of lines) {
    const [word = "", second = ""] = line.trim().split(" ");
    if (line.startsWith(" ")) {
      if (second !== "0") fields.add(Number(second));
    } else if (word === "message") {
      fields = new Set();
      messages.set(second, fields);
    }
  }
  return messages;
}

/**
 * @param {string} text
 * @returns {Map<string, Set<number>>}
 */
function numbersOfProto(text) {
  /** @type {Map<string, Set<number>>} */
  const messages = new Map();
  for (const [, name = "", body = ""] of text.matchAll(/^message (\w+) \{\n([\s\S]*?)^\}/gm)) {
    const numbers = [...body.matchAll(/^ {2}[^/\n]*= (\d+);/gm)].map(([, number]) => Number(number));
    messages.set(name, new Set(numbers));
  }
  return messages;
}
