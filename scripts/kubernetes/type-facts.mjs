/**
 * The facts of Kubernetes' API types as lines of text, from packages of Go source: what src/kubernetes/types reads.
 *
 *   package core/v1 core v1          the package's name in this table, its API group ("core" is the one without a name), version
 *   kinds Pod PodList …              what is registered there, so has an apiVersion and a kind
 *   enum PodPhase Failed Pending …   the texts of a named type marked +enum
 *   message Pod kind                 a struct; "kind": it embeds TypeMeta; "form=…": JSON of its own; "same=…": has that one's fields
 *    spec 2 PodSpec ? patch=merge:name list=map:name
 *
 * A field is its JSON name ("&": its members stand among those of the struct that holds it), its protobuf number (0: it is
 * in JSON alone), its type, and flags: "?" omitempty, "0" omitzero, "o" optional although neither, "r" marked required.
 */
import { readGoPackage, tagValue } from "./go-source.mjs";

/** @typedef {import("./go-source.mjs").GoPackage} GoPackage */
/** @typedef {import("./go-source.mjs").GoField} GoField */
/** @typedef {import("./go-source.mjs").GoType} GoType */
/**
 * @typedef {object} Located
 * @property {string} path import path
 * @property {string} name the package's name in the table: "core/v1"
 * @property {GoPackage} source
 */

/** Types whose bytes and JSON are code of their own in Go: words of the table, read by hand-written code. */
/** @type {Readonly<Record<string, string>>} */
const ownForms = {
  "k8s.io/apimachinery/pkg/apis/meta/v1.Time": "time",
  "k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime": "microtime",
  "k8s.io/apimachinery/pkg/apis/meta/v1.Duration": "duration",
  "k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1": "fields",
  "k8s.io/apimachinery/pkg/api/resource.Quantity": "quantity",
  "k8s.io/apimachinery/pkg/util/intstr.IntOrString": "intorstring",
  "k8s.io/apimachinery/pkg/runtime.RawExtension": "raw",
};
/** Structs with JSON of their own: they stay messages, with the name of the form. */
/** @type {Readonly<Record<string, string>>} */
const messageForms = {
  JSON: "json",
  JSONSchemaPropsOrBool: "schema-or-bool",
  JSONSchemaPropsOrArray: "schema-or-array",
  JSONSchemaPropsOrStringArray: "schema-or-strings",
};
/** @type {Readonly<Record<string, string>>} */
const scalars = {
  string: "string",
  bool: "bool",
  int: "int64",
  int32: "int32",
  int64: "int64",
  uint32: "uint32",
  uint64: "uint64",
  float64: "double",
  "[]byte": "bytes",
  "interface{}": "any",
};
/** What meta/v1 registers under every group and version (AddToGroupVersion), and without one. */
const metaKinds = [
  "WatchEvent",
  "ListOptions",
  "GetOptions",
  "DeleteOptions",
  "CreateOptions",
  "UpdateOptions",
  "PatchOptions",
  "Status",
  "APIVersions",
  "APIGroupList",
  "APIGroup",
  "APIResourceList",
  "Table",
  "TableOptions",
  "PartialObjectMetadata",
  "PartialObjectMetadataList",
];

/**
 * @param {readonly { path: string, files: readonly { name: string, text: string }[] }[]} packages
 * @returns {Map<string, readonly string[]>} lines by the package's name in the table, for those that have messages
 */
export function typeFacts(packages) {
  /** @type {Map<string, Located>} */
  const located = new Map();
  for (const { path, files } of packages) {
    located.set(path, { path, name: tableName(path), source: readGoPackage(files) });
  }
  /** @type {Map<string, readonly string[]>} */
  const facts = new Map();
  for (const place of located.values()) {
    if (!isTabled(place.path)) continue;
    const lines = packageFacts(place, located);
    if (lines.length > 0) facts.set(place.name, lines);
  }
  return facts;
}

/** @param {string} path */
function isTabled(path) {
  return /\/(?:api|apis)\/.*\/v\d\w*$/.test(path);
}

/** @param {string} path */
function tableName(path) {
  return path.replace(/^.*\/(?:api|apis)\//, "");
}

/**
 * @param {Located} place
 * @param {ReadonlyMap<string, Located>} located
 * @returns {string[]}
 */
function packageFacts(place, located) {
  const { source, name } = place;
  /** @type {string[]} */
  const lines = [];
  for (const [type, { markers }] of source.types) {
    const texts = source.constants.get(type);
    if (texts === undefined || !(markers.includes("enum") || markers.includes("k8s:enum"))) continue;
    lines.push(
      `enum ${type} ${[...texts]
        .sort()
        .map((text) => (text === "" ? '""' : text))
        .join(" ")}`,
    );
  }
  for (const [type, declared] of source.types) {
    if (ownForms[`${place.path}.${type}`] !== undefined || type === "TypeMeta") continue;
    const message = messageFacts(place, type, declared, located);
    if (message !== undefined) lines.push(...message);
  }
  if (lines.length === 0) return [];
  const kinds = name === "meta/v1" ? metaKinds : [...new Set(source.kinds)];
  const known = kinds.filter((kind) =>
    lines.some((line) => line.startsWith(`message ${kind} `) || line === `message ${kind}`),
  );
  return [
    `package ${name} ${source.group === "" ? "core" : source.group} ${source.version}`,
    ...(known.length === 0 ? [] : [`kinds ${known.join(" ")}`]),
    ...lines,
  ];
}

/**
 * @param {Located} place
 * @param {string} type
 * @param {GoType} declared
 * @param {ReadonlyMap<string, Located>} located
 * @returns {string[] | undefined}
 */
function messageFacts(place, type, declared, located) {
  if (declared.fields === undefined) {
    if (declared.underlying === undefined) return undefined;
    // A named list that may be null is a message with a list in it.
    if (declared.markers.includes("protobuf.nullable=true")) {
      return [`message ${type} form=items`, ` items 1 ${typeWord(place, declared.underlying, located)}`];
    }
    const same = structOf(place, declared.underlying, located);
    return same === undefined ? undefined : [`message ${type} same=${same}`];
  }
  let isKind = false;
  /** @type {string[]} */
  const lines = [];
  for (const field of declared.fields) {
    const json = tagValue(field.tag, "json");
    const number = /^\w+,(\d+)/.exec(tagValue(field.tag, "protobuf") ?? "")?.[1];
    if (field.name === undefined && /(?:^|\.)TypeMeta$/.test(field.type) && number === undefined) {
      isKind = true;
      continue;
    }
    if (number === undefined && (json === undefined || json === "-")) continue;
    lines.push(` ${fieldFacts(place, field, json ?? "", number ?? "0", located)}`);
  }
  if (lines.length === 0 && !isKind && declared.fields.length > 0) return undefined;
  const form = messageForms[type];
  const flags = [
    ...(isKind ? ["kind"] : []),
    ...(form === undefined ? [] : [`form=${form}`]),
    ...(declared.markers.includes("genclient:nonNamespaced") ? ["cluster"] : []),
    ...(declared.markers.includes("structType=atomic") || declared.markers.includes("mapType=atomic")
      ? ["atomic"]
      : []),
  ];
  return [["message", type, ...flags].join(" "), ...lines];
}

/**
 * @param {Located} place
 * @param {GoField} field
 * @param {string} json the tag's text
 * @param {string} number
 * @param {ReadonlyMap<string, Located>} located
 */
function fieldFacts(place, field, json, number, located) {
  const [jsonName = "", ...options] = json.split(",");
  const isInline = options.includes("inline") || (field.name === undefined && jsonName === "");
  const goName = field.name ?? field.type.replace(/^.*\./, "");
  const protobufName = /name=(\w+)/.exec(tagValue(field.tag, "protobuf") ?? "")?.[1];
  const shown = isInline ? "&" : jsonName === "" || jsonName === "-" ? (protobufName ?? goName) : jsonName;
  const omits = options.includes("omitempty");
  /** @param {string} name */
  const marker = (name) => field.markers.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1);
  const has = (/** @type {string} */ name) => field.markers.includes(name);
  const flags = [];
  if (omits) flags.push("?");
  if (options.includes("omitzero")) flags.push("0");
  if (has("optional") && !omits && !options.includes("omitzero")) flags.push("o");
  if (has("required") || has("k8s:required")) flags.push("r");
  const strategy = tagValue(field.tag, "patchStrategy");
  const key = tagValue(field.tag, "patchMergeKey");
  if (strategy !== undefined) flags.push(`patch=${strategy}${key === undefined ? "" : `:${key}`}`);
  const listType = marker("listType");
  if (listType !== undefined) {
    const keys = field.markers.flatMap((text) => /^listMapKey=(.*)$/.exec(text)?.[1] ?? []);
    flags.push(`list=${listType}${keys.length === 0 ? "" : `:${keys.join(",")}`}`);
  }
  const mapType = marker("mapType") ?? marker("structType");
  if (mapType !== undefined) flags.push(`map=${mapType}`);
  const value = marker("default");
  if (value !== undefined) flags.push(`default=${value}`);
  const enumName = enumOf(place, field.type, located);
  if (enumName !== undefined) flags.push(`enum=${enumName}`);
  return [shown, number, typeWord(place, field.type, located), ...flags].join(" ");
}

/**
 * @param {Located} place
 * @param {string} type as written there
 * @param {ReadonlyMap<string, Located>} located
 * @returns {{ place: Located, name: string } | { form: string } | undefined} undefined for Go's own types
 */
function declarationOf(place, type, located) {
  const [, alias, name = ""] = /^(?:(\w+)\.)?(\w+)$/.exec(type) ?? [];
  if (alias === undefined) {
    if (scalars[name] !== undefined) return undefined;
    const form = ownForms[`${place.path}.${name}`];
    return form === undefined ? { place, name } : { form };
  }
  const path = place.source.imports.get(alias)?.path ?? "";
  const form = ownForms[`${path}.${name}`];
  if (form !== undefined) return { form };
  const other = located.get(path);
  if (other === undefined) throw new Error(`${place.path}: the package of ${type} (${path}) is not there`);
  return { place: other, name };
}

/**
 * @param {Located} place
 * @param {string} type
 * @param {ReadonlyMap<string, Located>} located
 * @returns {string | undefined} the table's word for the struct that `type` names in another package
 */
function structOf(place, type, located) {
  if (
    !/^\w+\.\w+$/.test(type) ||
    !located.has(place.source.imports.get(type.split(".")[0] ?? "")?.path ?? "")
  )
    return undefined;
  const declaration = declarationOf(place, type, located);
  if (declaration === undefined || "form" in declaration || !isTabled(declaration.place.path))
    return undefined;
  const declared = declaration.place.source.types.get(declaration.name);
  return declared?.fields === undefined ? undefined : `${declaration.place.name}.${declaration.name}`;
}

/**
 * @param {Located} place
 * @param {string} type
 * @param {ReadonlyMap<string, Located>} located
 * @returns {string} the table's word for it
 */
function typeWord(place, type, located) {
  const scalar = scalars[type];
  if (scalar !== undefined) return scalar;
  if (type.startsWith("*")) return `*${typeWord(place, type.slice(1), located)}`;
  if (type.startsWith("[]")) return `[]${typeWord(place, type.slice(2), located)}`;
  const map = /^map\[([\w.]+)\](.*)$/.exec(type);
  if (map?.[2] !== undefined) {
    if (typeWord(place, map[1] ?? "", located) !== "string")
      throw new Error(`${type} has keys that are no text`);
    return `map:${typeWord(place, map[2], located)}`;
  }
  const declaration = declarationOf(place, type, located);
  if (declaration === undefined) throw new Error(`${place.path}: no type ${type}`);
  if ("form" in declaration) return declaration.form;
  const declared = declaration.place.source.types.get(declaration.name);
  if (declared === undefined) throw new Error(`${place.path}: ${type} is not declared`);
  const isMessage =
    declared.fields !== undefined ||
    declared.markers.includes("protobuf.nullable=true") ||
    structOf(declaration.place, declared.underlying ?? "", located) !== undefined;
  if (!isMessage) return typeWord(declaration.place, declared.underlying ?? "", located);
  return declaration.place === place ? declaration.name : `${declaration.place.name}.${declaration.name}`;
}

/**
 * @param {Located} place
 * @param {string} type
 * @param {ReadonlyMap<string, Located>} located
 * @returns {string | undefined}
 */
function enumOf(place, type, located) {
  const bare = type.replace(/^(?:\*|\[\]|map\[[\w.]+\])+/, "");
  if (bare === "byte" || !/^[\w.]+$/.test(bare)) return undefined;
  const declaration = declarationOf(place, bare, located);
  if (declaration === undefined || "form" in declaration) return undefined;
  const { source } = declaration.place;
  const markers = source.types.get(declaration.name)?.markers ?? [];
  if (!markers.includes("enum") && !markers.includes("k8s:enum")) return undefined;
  if (!source.constants.has(declaration.name)) return undefined;
  return declaration.place === place ? declaration.name : `${declaration.place.name}.${declaration.name}`;
}
