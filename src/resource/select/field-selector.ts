/**
 * Field selectors: which values the declared fields of a kind must have. All terms must hold.
 *
 *   text     spec.nodeName=n1,metadata.name!=x     operators =, ==, !=; `\,` `\=` `\\` stand for themselves
 *   object   { "spec.nodeName": "n1" }              equality only
 *
 * metadata.name and metadata.namespace are always selectable, others only when the kind declares them. A field
 * without a value counts as "": `spec.nodeName=` selects the pods without a node.
 */
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";
import type { Head } from "../model/head.ts";
import type { Kind } from "../model/kind.ts";
import { limits } from "../model/limits.ts";
import { canonicalTerms } from "./canonical-terms.ts";

export interface FieldRequirement {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

/** What a field selector reads. */
export type FieldSource = Pick<Head, "fields"> & {
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
};

/** A checked selector. Immutable. */
export class FieldRequirements {
  /** Without duplicates, in canonical order. */
  readonly terms: readonly FieldRequirement[];
  /** Canonical text: equal selectors have equal text, and it parses to the same selector. */
  readonly text: string;

  constructor(terms: readonly FieldRequirement[]) {
    ({ terms: this.terms, text: this.text } = canonicalTerms(terms, formatTerm));
  }

  get isEmpty(): boolean {
    return this.terms.length === 0;
  }

  matches(head: FieldSource): boolean {
    return this.terms.every(
      ({ field, operator, value }) => (fieldOf(head, field) === value) === (operator === "="),
    );
  }

  /** The only value that `field` can have; undefined when the selector allows several. */
  valueOf(field: string): string | undefined {
    return this.terms.find((term) => term.field === field && term.operator === "=")?.value;
  }
}

/** Selects everything. */
export const noFieldRequirements: FieldRequirements = new FieldRequirements([]);

/** The value of a selectable field; "" when it has none. */
export function fieldOf(head: FieldSource, field: string): string {
  if (field === "metadata.name") return head.metadata.name;
  if (field === "metadata.namespace") return head.metadata.namespace ?? "";
  return Object.hasOwn(head.fields, field) ? (head.fields[field] ?? "") : "";
}

/**
 * Checks and parses a selector; undefined selects everything.
 * @throws INVALID_ARGUMENT "fieldSelector": malformed, or a field that `kind` does not declare
 */
export function parseFieldSelector(
  selector: string | Readonly<Record<string, string>> | undefined,
  kind: Pick<Kind, "fields" | "kind">,
): FieldRequirements {
  if (selector === undefined) return noFieldRequirements;
  const terms = typeof selector === "string" ? termsOfText(selector) : termsOfObject(selector);
  if (terms.length > limits.selectorTermsMax) {
    throw refuse(`${terms.length} terms`, `at most ${limits.selectorTermsMax}`);
  }
  for (const { field } of terms) {
    if (field !== "metadata.name" && field !== "metadata.namespace" && !kind.fields.includes(field)) {
      const known = ["metadata.name", "metadata.namespace", ...kind.fields].join(", ");
      throw refuse(`field ${quote(field)}`, `one that ${kind.kind} declares: ${known}`);
    }
  }
  return terms.length === 0 ? noFieldRequirements : new FieldRequirements(terms);
}

function formatTerm({ field, operator, value }: FieldRequirement): string {
  return `${field}${operator}${value.replace(/[\\,=]/g, "\\$&")}`;
}

function refuse(found: string, wanted: string): Error {
  return invalidArgument("fieldSelector", `Cannot use field selector: found ${found}, expected ${wanted}`);
}

function termsOfObject(selector: unknown): readonly FieldRequirement[] {
  if (typeof selector !== "object" || selector === null || Array.isArray(selector)) {
    throw refuse(quote(selector), "text or an object");
  }
  return Object.entries(selector).map(([field, value]) => {
    if (typeof value !== "string") throw refuse(`${quote(value)} for ${quote(field)}`, "text");
    checkLength(value);
    return { field, operator: "=", value };
  });
}

function termsOfText(text: string): readonly FieldRequirement[] {
  checkLength(text);
  const terms: FieldRequirement[] = [];
  for (const part of splitUnescaped(text)) {
    if (part.trim() === "") continue;
    const match = /^\s*([^=!\\\s]+)\s*(==|!=|=)(.*)$/s.exec(part);
    if (match === null) throw refuse(quote(part), "field=value, field==value or field!=value");
    const [, field = "", operator, value = ""] = match;
    terms.push({ field, operator: operator === "!=" ? "!=" : "=", value: unescaped(value) });
    if (terms.length > limits.selectorTermsMax) break;
  }
  return terms;
}

function checkLength(text: string): void {
  if (text.length > limits.selectorCharactersMax) {
    throw refuse(`${text.length} characters`, `at most ${limits.selectorCharactersMax}`);
  }
}

/** Splits at commas that no backslash precedes. */
function splitUnescaped(text: string): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === ",") {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function unescaped(value: string): string {
  let plain = "";
  for (let i = 0; i < value.length; i++) {
    const character = value[i] ?? "";
    if (character === "=") throw refuse(`a bare "=" in value ${quote(value)}`, '"\\="');
    if (character !== "\\") {
      plain += character;
      continue;
    }
    const next = value[++i];
    if (next !== "\\" && next !== "," && next !== "=") {
      throw refuse(`${quote(`\\${next ?? ""}`)} in a value`, '"\\\\", "\\," or "\\="');
    }
    plain += next;
  }
  return plain;
}
