/**
 * What one list or watch selects of a kind: a part of the key order, and conditions on attributes.
 * It decides by key and attributes alone; nothing is decoded.
 */
import type { KeySpace } from "../../resource/model/keys.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";
import type { Selection } from "../../resource/select/selection.ts";
import type { Attributes } from "../state/attributes.ts";
import type { KindState } from "../state/kind-state.ts";
import type { IndexPick } from "../state/postings.ts";
import type { KeySpan, Version } from "../state/version.ts";

/** One attribute and the values it may have: `watch-groups.ts` lists the filter under these. */
export interface Handle {
  /** "l:app" or "f:spec.nodeName"; `attributeOf` reads it. */
  readonly attribute: string;
  readonly values: readonly string[];
}

/** With more values than this a filter is not listed by them. */
const handleValuesMax = 16;

export class WatchFilter {
  readonly selection: Selection;
  readonly kind: KindDefinition;
  readonly span: KeySpan;
  /** The one key that can match. */
  readonly key: string | undefined;
  /** Where the namespace, or else the name, begins in a key. */
  readonly #start: number;
  /** A value that cannot be read never matches, instead of always. */
  readonly skipsUnreadable: boolean;

  constructor(keys: KeySpace, kind: KindDefinition, selection: Selection, skipsUnreadable = false) {
    this.selection = selection;
    this.skipsUnreadable = skipsUnreadable;
    this.kind = kind;
    this.#start = keys.range(kind).prefix.length;
    const range = keys.range(kind, selection.namespace);
    this.span = { from: range.key, end: range.rangeEnd };
    const { name, namespace } = selection;
    this.key =
      name === undefined || (kind.scope === "Namespaced" && namespace === undefined)
        ? undefined
        : keys.object(kind, namespace === undefined ? { name } : { namespace, name });
  }

  /** False when `covers` alone decides. */
  get needsAttributes(): boolean {
    const { labels, fields, name } = this.selection;
    if (this.skipsUnreadable) return true;
    return !labels.isEmpty || !fields.isEmpty || (name !== undefined && this.key === undefined);
  }

  /** The rest of the span after the key `after`. */
  spanAfter(after: string | undefined): KeySpan {
    return after === undefined || after < this.span.from
      ? this.span
      : { from: `${after}\0`, end: this.span.end };
  }

  covers(key: string): boolean {
    return this.key === undefined ? key >= this.span.from && key < this.span.end : key === this.key;
  }

  /** Whether the value cannot be read and lies in the range, so that the watcher is informed of it. */
  reports(version: Version): boolean {
    if (!this.skipsUnreadable || version.slab !== undefined || !this.covers(version.entry.key)) return false;
    const { name } = this.selection;
    return name === undefined || this.#hasName(version.entry.key, name);
  }

  /** For a key inside the span: true when name and attributes match. A corrupt value matches, since nothing rules it out. */
  matches(version: Version): boolean {
    const { selection } = this;
    if (this.skipsUnreadable && version.slab === undefined) return false;
    if (selection.isWholeRange) return true;
    if (selection.name !== undefined && !this.#hasName(version.entry.key, selection.name)) return false;
    if (version.slab === undefined) return true;
    const { attributes } = version;
    if (!selection.labels.isEmpty && !selection.labels.matches(attributes.labels)) return false;
    for (const { field, operator, value } of selection.fields.terms) {
      if ((this.#fieldOf(version, field) === value) !== (operator === "=")) return false;
    }
    return true;
  }

  /** The attribute of the most selective equality condition; undefined when there is none. */
  handle(): Handle | undefined {
    for (const { field, operator, value } of this.selection.fields.terms) {
      if (operator === "=" && !field.startsWith("metadata."))
        return { attribute: `f:${field}`, values: [value] };
    }
    for (const { key, operator, values } of this.selection.labels.terms) {
      if (operator === "in" && values.size <= handleValuesMax) {
        return { attribute: `l:${key}`, values: [...values] };
      }
    }
    return undefined;
  }

  /**
   * The index with the fewest entries to look at; undefined: walk the span.
   * @param indexes of the state: the kind may have been replaced since the filter was made
   */
  pick(state: KindState, indexes: readonly string[]): IndexPick | undefined {
    let best: IndexPick | undefined;
    let bestSize = Number.POSITIVE_INFINITY;
    indexes.forEach((name, index) => {
      const values = this.#valuesOf(name);
      if (values === undefined) return;
      const pick = { index, values };
      const size = state.postingSize(pick);
      if (size < bestSize) [best, bestSize] = [pick, size];
    });
    return best;
  }

  #valuesOf(index: string): readonly string[] | undefined {
    const name = index.slice(index.indexOf(":") + 1);
    if (index.startsWith("label:")) {
      const values = this.selection.labels.valuesOf(name);
      return values === undefined ? undefined : [...values];
    }
    const value = this.selection.fields.valueOf(name);
    // An absent field counts as "" in selectors, and indexes do not list absence.
    return value === undefined || value === "" ? undefined : [value];
  }

  #fieldOf(version: Version, field: string): string {
    const { key } = version.entry;
    if (field === "metadata.name") return key.slice(this.#nameAt(key));
    if (field === "metadata.namespace") {
      return this.kind.scope === "Cluster" ? "" : key.slice(this.#start, this.#nameAt(key) - 1);
    }
    return version.attributes.fields[field] ?? "";
  }

  #hasName(key: string, name: string): boolean {
    return key.length - this.#nameAt(key) === name.length && key.endsWith(name);
  }

  #nameAt(key: string): number {
    return this.kind.scope === "Cluster" ? this.#start : key.indexOf("/", this.#start) + 1;
  }
}

/** The value an object has for the attribute of a `Handle`; undefined when there is no such label. */
export function attributeOf({ labels, fields }: Attributes, attribute: string): string | undefined {
  const name = attribute.slice(2);
  return attribute.startsWith("l:") ? labels[name] : (fields[name] ?? "");
}
