/**
 * What the cache knows of an object without its body: labels, declared fields, and the values of its kind's
 * indexes. Selectors, indexes and dispatch look at nothing else.
 *
 * Equal attributes of different objects share one object in memory, within the bound of a table.
 */
import type { Head } from "../../resource/model/head.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";

export interface Attributes {
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
  /** In the order of the kind's `indexes`; undefined where the object has no such value. */
  readonly indexed: readonly (string | undefined)[];
}

const nothing: Readonly<Record<string, string>> = Object.freeze({});

/** The attributes of a value that cannot be read: only the empty selector matches them. */
export const noAttributes: Attributes = Object.freeze({
  labels: nothing,
  fields: nothing,
  indexed: Object.freeze([]),
});

/** Distinct sets and texts remembered. A full table is emptied: it only saves memory. */
const rememberedMax = 8_192;

/** Reads one index, "label:app" or "field:spec.nodeName", of an object. */
type IndexReader = (head: Pick<Head, "metadata" | "fields">) => string | undefined;

export class AttributesOf {
  readonly #indexes: readonly IndexReader[];
  readonly #known = new Map<string, Attributes>();
  readonly #texts = new Map<string, string>();

  constructor(kind: Pick<KindDefinition, "indexes">) {
    this.#indexes = kind.indexes.map((index) => {
      const colon = index.indexOf(":");
      const name = index.slice(colon + 1);
      return index.startsWith("label:")
        ? (head) => head.metadata.labels?.[name]
        : (head) => head.fields[name];
    });
  }

  of(head: Pick<Head, "metadata" | "fields">): Attributes {
    const labels = head.metadata.labels ?? nothing;
    const identity = textOf(labels) + textOf(head.fields);
    const known = this.#known.get(identity);
    if (known !== undefined) return known;
    const attributes: Attributes = {
      labels: this.#remember(labels),
      fields: this.#remember(head.fields),
      indexed: this.#indexes.map((read) => read(head)),
    };
    if (this.#known.size >= rememberedMax) this.#known.clear();
    this.#known.set(identity, attributes);
    return attributes;
  }

  /** A copy that keeps nothing of its source in memory, with texts shared among objects. */
  #remember(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    let copy: Record<string, string> | undefined;
    for (const name in values) {
      const value = values[name];
      if (value === undefined) continue;
      copy ??= {};
      copy[name] = this.#text(value);
    }
    return copy ?? nothing;
  }

  #text(value: string): string {
    const known = this.#texts.get(value);
    if (known !== undefined) return known;
    if (this.#texts.size >= rememberedMax) this.#texts.clear();
    this.#texts.set(value, value);
    return value;
  }
}

/** Injective for any set of names and values: each part carries its length. */
function textOf(values: Readonly<Record<string, string>>): string {
  let text = "";
  for (const name in values) {
    const value = values[name] ?? "";
    text += `${name.length}.${value.length}:${name}${value}`;
  }
  return `${text};`;
}
