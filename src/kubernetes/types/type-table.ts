/**
 * The reader of the table: it splits the text into messages once, and reads a message's fields on first use. The form
 * of the lines is described in scripts/kubernetes/type-facts.mjs.
 */
import { invariant } from "../../errors.ts";
import { tableSources, tableTexts } from "./table/all.ts";
import type { FieldFacts, FieldType, KindFacts, KubernetesTypes, MessageFacts } from "./type-facts.ts";

const scalars: ReadonlySet<string> = new Set([
  "string",
  "bool",
  "int32",
  "int64",
  "uint32",
  "uint64",
  "double",
  "bytes",
  "time",
  "microtime",
  "duration",
  "quantity",
  "intorstring",
  "fields",
  "raw",
  "any",
]);

/** Kinds that meta/v1 registers in every group (AddToGroupVersion) or without one. */
const kindsOfEveryGroup: ReadonlySet<string> = new Set([
  "WatchEvent",
  "ListOptions",
  "GetOptions",
  "DeleteOptions",
  "CreateOptions",
  "UpdateOptions",
  "PatchOptions",
]);
const unversionedKinds: ReadonlySet<string> = new Set([
  "Status",
  "APIVersions",
  "APIGroupList",
  "APIGroup",
  "APIResourceList",
]);

/** A message in the table. */
interface MessageText {
  readonly packageName: string;
  readonly head: readonly string[];
  readonly lines: readonly string[];
}

let table: TypeTable | undefined;

/**
 * Facts of Kubernetes' API types. Every call returns the same object; reading the table takes a few milliseconds, once.
 */
export function kubernetesTypes(): KubernetesTypes {
  table ??= new TypeTable(tableTexts);
  return table;
}

class TypeTable implements KubernetesTypes {
  readonly kinds: readonly KindFacts[];
  readonly sources: readonly string[] = tableSources;
  readonly #texts = new Map<string, MessageText>();
  readonly #facts = new Map<string, MessageFacts>();
  readonly #enums = new Map<string, readonly string[]>();
  readonly #byKind = new Map<string, string>();
  readonly #groupVersions = new Set<string>();

  constructor(texts: readonly string[]) {
    const kinds: KindFacts[] = [];
    for (const text of texts) this.#cut(text, kinds);
    this.kinds = Object.freeze(kinds);
    for (const { group, version, kind, message } of kinds) {
      const apiVersion = group === "" ? version : `${group}/${version}`;
      this.#groupVersions.add(apiVersion);
      this.#byKind.set(`${apiVersion} ${kind}`, message);
    }
  }

  get messages(): readonly string[] {
    return [...this.#texts.keys()];
  }

  ofKind(apiVersion: string, kind: string): MessageFacts | undefined {
    const name = this.#byKind.get(`${apiVersion} ${kind}`);
    if (name !== undefined) return this.message(name);
    const isShared =
      (kindsOfEveryGroup.has(kind) && this.#groupVersions.has(apiVersion)) ||
      (unversionedKinds.has(kind) && apiVersion === "v1");
    return isShared ? this.message(`meta/v1.${kind}`) : undefined;
  }

  message(name: string): MessageFacts | undefined {
    const known = this.#facts.get(name);
    if (known !== undefined) return known;
    const text = this.#texts.get(name);
    if (text === undefined) return undefined;
    const facts = this.#read(name, text);
    this.#facts.set(name, facts);
    return facts;
  }

  #cut(text: string, kinds: KindFacts[]): void {
    let packageName = "";
    let group = "";
    let version = "";
    let lines: string[] = [];
    for (const line of text.split("\n")) {
      if (line.startsWith(" ")) {
        lines.push(line);
        continue;
      }
      const [word, ...rest] = line.split(" ");
      const [first = ""] = rest;
      if (word === "package") {
        packageName = first;
        group = rest[1] === "core" ? "" : (rest[1] ?? "");
        version = rest[2] ?? "";
      } else if (word === "kinds") {
        for (const kind of rest) kinds.push({ group, version, kind, message: `${packageName}.${kind}` });
      } else if (word === "enum") {
        const words = rest.slice(1).map((value) => (value === '""' ? "" : value));
        this.#enums.set(`${packageName}.${first}`, Object.freeze(words));
      } else if (word === "message") {
        lines = [];
        this.#texts.set(`${packageName}.${first}`, { packageName, head: rest.slice(1), lines });
      }
    }
  }

  #read(name: string, { packageName, head, lines }: MessageText): MessageFacts {
    const same = flagValue(head, "same");
    if (same !== undefined) {
      const other = this.message(same);
      invariant(other !== undefined, `the table has ${same}`);
      return Object.freeze({ ...other, name });
    }
    return Object.freeze({
      name,
      fields: Object.freeze(lines.map((line) => this.#readField(packageName, line.slice(1).split(" ")))),
      isKind: head.includes("kind"),
      form: flagValue(head, "form") as MessageFacts["form"],
      clusterScoped: head.includes("cluster"),
      atomic: head.includes("atomic"),
      until: flagValue(head, "until"),
    });
  }

  #readField(packageName: string, words: readonly string[]): FieldFacts {
    const [name = "", number = "", typeWord = "", ...flags] = words;
    let word = typeWord;
    let pointer = false;
    let repeated: FieldFacts["repeated"] = "one";
    if (word.startsWith("*")) {
      pointer = true;
      word = word.slice(1);
    } else if (word.startsWith("[]")) {
      repeated = "list";
      word = word.slice(2);
    } else if (word.startsWith("map:")) {
      repeated = "map";
      word = word.slice(4);
    }
    const [strategies, mergeKey] = (flagValue(flags, "patch") ?? "").split(":");
    const [listType, listKeys] = (flagValue(flags, "list") ?? "").split(":");
    const enumName = flagValue(flags, "enum");
    const omitEmpty = flags.includes("?");
    const omitZero = flags.includes("0");
    return Object.freeze({
      name: name === "&" ? "" : name,
      number: Number(number),
      type: typeOf(word, packageName),
      repeated,
      pointer,
      omitEmpty,
      omitZero,
      required: flags.includes("r") || !(omitEmpty || omitZero || flags.includes("o")),
      patchStrategies: Object.freeze(strategies ? strategies.split(",") : []),
      patchMergeKey: mergeKey,
      listType: listType || undefined,
      listMapKeys: Object.freeze(listKeys ? listKeys.split(",") : []),
      mapType: flagValue(flags, "map"),
      default: flagValue(flags, "default"),
      enum: enumName === undefined ? undefined : this.#enums.get(qualified(enumName, packageName)),
      until: flagValue(flags, "until"),
    });
  }
}

function typeOf(word: string, packageName: string): FieldType {
  if (scalars.has(word)) return { scalar: word } as FieldType;
  return { message: qualified(word, packageName) };
}

function qualified(word: string, packageName: string): string {
  return word.includes("/") ? word : `${packageName}.${word}`;
}

function flagValue(words: readonly string[], name: string): string | undefined {
  const found = words.find((word) => word.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}
