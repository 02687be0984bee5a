/**
 * A set of fields of an object, as `managedFields` keeps it (FieldsV1): a tree of path elements in which every node may be
 * a member itself.
 *
 *   {"f:spec":{"f:ports":{".":{},"k:{\"name\":\"web\"}":{".":{},"f:port":{}}}}}
 *     spec.ports, spec.ports[name="web"], spec.ports[name="web"].port       spec is no member: it has no "." and has children
 *
 *   f:NAME a field or entry     k:{…} an item by its keys     v:… an item of a set by its value     i:N an item by its index
 *
 * Source: structured-merge-diff fieldpath. Sets are immutable once they are shared.
 */
import { quote } from "../../base/text/quote.ts";
import { type Fields, isFields } from "../patch/patch-error.ts";

export class FieldSet {
  isMember = false;
  readonly children: Map<string, FieldSet> = new Map();

  get isEmpty(): boolean {
    return !this.isMember && this.children.size === 0;
  }

  union(other: FieldSet | undefined): FieldSet {
    const result = new FieldSet();
    result.isMember = this.isMember || (other?.isMember ?? false);
    for (const element of new Set([...this.children.keys(), ...(other?.children.keys() ?? [])])) {
      result.adopt(
        element,
        (this.children.get(element) ?? new FieldSet()).union(other?.children.get(element)),
      );
    }
    return result;
  }

  intersection(other: FieldSet | undefined): FieldSet {
    const result = new FieldSet();
    result.isMember = this.isMember && (other?.isMember ?? false);
    for (const [element, child] of this.children) {
      result.adopt(element, child.intersection(other?.children.get(element)));
    }
    return result;
  }

  /** Without the members of `other`; elements below them stay. */
  difference(other: FieldSet | undefined): FieldSet {
    const result = new FieldSet();
    result.isMember = this.isMember && !(other?.isMember ?? false);
    for (const [element, child] of this.children) {
      result.adopt(element, child.difference(other?.children.get(element)));
    }
    return result;
  }

  /** Adds `child` unless it is empty. */
  adopt(element: string, child: FieldSet): void {
    if (!child.isEmpty) this.children.set(element, child);
  }

  /** Paths of the members, as Kubernetes writes them: `.spec.ports[name="web"].port`. */
  paths(): readonly string[] {
    return [...this.#paths("")];
  }

  *#paths(prefix: string): Generator<string, undefined> {
    if (this.isMember) yield prefix;
    for (const [element, child] of this.children) yield* child.#paths(prefix + stepOf(element));
  }

  /** Encodes as FieldsV1, elements in a fixed order. */
  toFieldsV1(): Fields {
    const fields: Record<string, unknown> = {};
    // A member without children is written as {}: its presence makes it a member.
    if (this.isMember && this.children.size > 0) fields["."] = {};
    for (const [element, child] of [...this.children].sort(([a], [b]) => (a < b ? -1 : 1))) {
      fields[element] = child.toFieldsV1();
    }
    return fields;
  }
}

/** Deepest nesting read: an object has 64 levels, and each is one element. */
const depthMax = 70;

/** Decodes FieldsV1; undefined when it is malformed. The whole object is not a member. */
export function fieldSetOf(fieldsV1: unknown): FieldSet | undefined {
  if (!isFields(fieldsV1)) return undefined;
  try {
    const set = nodeOf(fieldsV1, 0);
    set.isMember = false;
    return set;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** @throws SyntaxError for malformed FieldsV1 */
function nodeOf(fields: Fields, depth: number): FieldSet {
  if (depth > depthMax) throw new SyntaxError("fields are nested too deep");
  const node = new FieldSet();
  const entries = Object.entries(fields);
  node.isMember = entries.length === 0;
  for (const [element, child] of entries) {
    if (!isFields(child)) throw new SyntaxError(`${quote(element)} is no record`);
    if (element === ".") node.isMember = true;
    else node.children.set(canonical(element), nodeOf(child, depth + 1));
  }
  return node;
}

/** The canonical text of an element. @throws SyntaxError */
function canonical(element: string): string {
  const [kind, text] = [element.slice(0, 2), element.slice(2)];
  if (kind === "f:" || kind === "i:") return element;
  if (kind === "v:") return valueElement(JSON.parse(text));
  const keys: unknown = kind === "k:" ? JSON.parse(text) : undefined;
  if (!isFields(keys)) throw new SyntaxError(`${quote(element)} is no path element`);
  return keyElement(Object.entries(keys));
}

export const fieldElement = (name: string): string => `f:${name}`;

export const valueElement = (value: unknown): string => `v:${JSON.stringify(value)}`;

/** Keys sorted by name. */
export function keyElement(keys: readonly (readonly [string, unknown])[]): string {
  return `k:${JSON.stringify(Object.fromEntries([...keys].sort(([a], [b]) => (a < b ? -1 : 1))))}`;
}

/** A path element as a step of a path: `.spec`, `[name="web"]`, `[="a"]`, `[0]`. */
function stepOf(element: string): string {
  const text = element.slice(2);
  switch (element.slice(0, 2)) {
    case "f:":
      return `.${text}`;
    case "v:":
      return `[=${text}]`;
    case "i:":
      return `[${text}]`;
    default: {
      const keys = JSON.parse(text) as Fields;
      const terms = Object.entries(keys).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
      return `[${terms.join(",")}]`;
    }
  }
}
