/**
 * Reads Go's declarations of API types: structs with their tags and comment markers, named types, constants, and which
 * types are registered as kinds. It supports the part of Go that such files use, and reports anything else.
 */

/**
 * @typedef {object} GoField
 * @property {string | undefined} name undefined for an embedded type
 * @property {string} type as written: "*metav1.Time", "[]Container", "map[string]string"
 * @property {string} tag between the back quotes
 * @property {readonly string[]} markers comment lines that begin with "+", without it
 *
 * @typedef {object} GoType
 * @property {readonly string[]} markers
 * @property {readonly GoField[] | undefined} fields of a struct
 * @property {string | undefined} underlying of any other named type
 *
 * @typedef {object} GoPackage
 * @property {Map<string, GoType>} types
 * @property {Map<string, { path: string }>} imports by the name the files use
 * @property {Map<string, string[]>} constants texts of a named string type, by the type's name
 * @property {string} group "" is core
 * @property {string} version
 * @property {readonly string[]} kinds in the order they are registered
 */

/**
 * @param {readonly { name: string, text: string }[]} files of one package
 * @returns {GoPackage}
 */
export function readGoPackage(files) {
  /** @type {GoPackage} */
  const found = {
    types: new Map(),
    imports: new Map(),
    constants: new Map(),
    group: "",
    version: "",
    kinds: [],
  };
  for (const { name, text } of files) {
    readImports(text, found.imports);
    readTypes(name, text, found.types);
    readConstants(text, found.constants);
    const group = /^const GroupName = "([^"]*)"/m.exec(text)?.[1];
    if (group !== undefined) found.group = group;
    const version = /^var SchemeGroupVersion = .*Version: "([^"]+)"/m.exec(text)?.[1];
    if (version !== undefined) found.version = version;
    found.kinds = [...found.kinds, ...registeredKinds(text)];
  }
  return found;
}

/**
 * @param {string} text
 * @param {Map<string, { path: string }>} imports
 */
function readImports(text, imports) {
  const block = /^import \(\n([\s\S]*?)^\)/m.exec(text)?.[1] ?? /^import (.*)$/m.exec(text)?.[1] ?? "";
  for (const [, alias, path] of block.matchAll(/(?:([\w.]+)\s+)?"([^"]+)"/g)) {
    if (path === undefined) continue;
    imports.set(alias ?? path.slice(path.lastIndexOf("/") + 1), { path });
  }
}

/**
 * @param {string} file
 * @param {string} text
 * @param {Map<string, GoType>} types
 */
function readTypes(file, text, types) {
  const lines = text.split("\n");
  /** @type {string[]} */
  let markers = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const marker = /^\/\/ ?\+(.*)$/.exec(line)?.[1];
    if (marker !== undefined) markers.push(marker.trim());
    if (line.startsWith("//")) continue;
    const struct = /^type (\w+) struct ?\{(\s*\})?/.exec(line);
    if (struct?.[1] !== undefined) {
      const end = struct[2] === undefined ? lines.indexOf("}", at) : at;
      if (end < 0) throw new Error(`${file}: ${struct[1]} has no end`);
      types.set(struct[1], {
        markers,
        fields: readFields(`${file}: ${struct[1]}`, lines.slice(at + 1, end)),
        underlying: undefined,
      });
      at = end;
    } else {
      const named = /^type (\w+) =? ?([\w.[\]*]+)\s*(?:\/\/.*)?$/.exec(line);
      if (named?.[1] !== undefined && named[2] !== undefined && named[2] !== "interface") {
        types.set(named[1], { markers, fields: undefined, underlying: named[2] });
      }
    }
    // Markers of a type may stand in a comment of their own above its description: a blank line does not end them.
    if (line.trim() !== "") markers = [];
  }
}

/**
 * @param {string} where
 * @param {readonly string[]} lines
 * @returns {GoField[]}
 */
function readFields(where, lines) {
  /** @type {GoField[]} */
  const fields = [];
  /** @type {string[]} */
  let markers = [];
  let inComment = false;
  for (const raw of lines) {
    const line = raw.trim();
    if (inComment || line.startsWith("/*")) {
      inComment = !line.includes("*/");
      continue;
    }
    const marker = /^\/\/ ?\+(.*)$/.exec(line)?.[1];
    if (marker !== undefined) markers.push(marker.trim());
    if (line === "" || line.startsWith("//")) continue;
    const field = /^(?:(\w+)\s+)?([\w.[\]*]+(?:\{\})?)(?:\s+`([^`]*)`)?\s*(?:\/\/.*)?$/.exec(line);
    if (field?.[2] === undefined) {
      // A function or a channel: nothing that is sent. What has a tag must be understood.
      if (!line.includes("`")) continue;
      throw new Error(`${where}: cannot read "${line}"`);
    }
    fields.push({ name: field[1], type: field[2], tag: field[3] ?? "", markers });
    markers = [];
  }
  return fields;
}

/**
 * @param {string} text
 * @param {Map<string, string[]>} constants
 */
function readConstants(text, constants) {
  for (const [, type, value] of text.matchAll(/^(?:\t|const )\w+\s+(\w+)\s*= "([^"]*)"/gm)) {
    if (type === undefined || value === undefined) continue;
    const known = constants.get(type) ?? [];
    if (!known.includes(value)) known.push(value);
    constants.set(type, known);
  }
}

/**
 * @param {string} text
 * @returns {string[]}
 */
function registeredKinds(text) {
  /** @type {string[]} */
  const kinds = [];
  for (const [, list] of text.matchAll(/scheme\.AddKnownTypes\(\s*SchemeGroupVersion,([\s\S]*?)\n\t\)/g)) {
    for (const [, kind] of (list ?? "").matchAll(/&(\w+)\{\}/g)) if (kind !== undefined) kinds.push(kind);
  }
  return kinds;
}

/**
 * One key of a struct tag.
 *
 * @param {string} tag
 * @param {string} key
 * @returns {string | undefined}
 */
export function tagValue(tag, key) {
  return new RegExp(`(?:^|\\s)${key}:"([^"]*)"`).exec(tag)?.[1];
}
