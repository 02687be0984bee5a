/**
 * Label selectors: which labels an object must have. All terms must hold.
 *
 *   text     app=web, tier in (a,b), env!=dev, x notin (y), has-it, !has-not      "" selects everything
 *   object   { matchLabels, matchExpressions }                                      as metav1.LabelSelector
 *
 * Parsed once into requirements over Sets: matching costs one lookup per term, whatever the names are ("constructor"
 * and "__proto__" are ordinary keys). Parsing is one pass, bounded in text, terms and values.
 */
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";
import type { LabelSelector } from "../contract/scope.ts";
import { limits } from "../model/limits.ts";
import { labelValueFault, qualifiedNameFault } from "../model/names.ts";
import { canonicalTerms } from "./canonical-terms.ts";

/** One term. `values` is empty for "exists" and "absent"; "notIn" holds for an absent label too. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: "in" | "notIn" | "exists" | "absent";
  readonly values: ReadonlySet<string>;
}

/** A checked selector. Immutable. */
export class LabelRequirements {
  /** Without duplicates, in canonical order. */
  readonly terms: readonly LabelRequirement[];
  /** Canonical text: equal selectors have equal text, and it parses to the same selector. */
  readonly text: string;

  constructor(terms: readonly LabelRequirement[]) {
    ({ terms: this.terms, text: this.text } = canonicalTerms(terms, formatTerm));
  }

  get isEmpty(): boolean {
    return this.terms.length === 0;
  }

  matches(labels: Readonly<Record<string, string>> | undefined): boolean {
    for (const { key, operator, values } of this.terms) {
      const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
      switch (operator) {
        case "in":
          if (value === undefined || !values.has(value)) return false;
          break;
        case "notIn":
          if (value !== undefined && values.has(value)) return false;
          break;
        case "exists":
          if (value === undefined) return false;
          break;
        case "absent":
          if (value !== undefined) return false;
      }
    }
    return true;
  }

  /** The only values that label `key` can have, for index look-ups. Undefined when the selector allows any. */
  valuesOf(key: string): ReadonlySet<string> | undefined {
    return this.terms.find((term) => term.key === key && term.operator === "in")?.values;
  }
}

/** Selects everything. */
export const noLabelRequirements: LabelRequirements = new LabelRequirements([]);

/**
 * Checks and parses a selector; undefined selects everything.
 * @throws INVALID_ARGUMENT "labelSelector"
 */
export function parseLabelSelector(selector: string | LabelSelector | undefined): LabelRequirements {
  if (selector === undefined) return noLabelRequirements;
  const terms = typeof selector === "string" ? termsOfText(selector) : termsOfObject(selector);
  return terms.length === 0 ? noLabelRequirements : new LabelRequirements(terms);
}

function formatTerm({ key, operator, values }: LabelRequirement): string {
  if (operator === "exists") return key;
  if (operator === "absent") return `!${key}`;
  const sorted = [...values].sort();
  if (sorted.length === 1 && sorted[0] !== undefined) {
    return `${key}${operator === "in" ? "=" : "!="}${sorted[0]}`;
  }
  return `${key} ${operator === "in" ? "in" : "notin"} (${sorted.join(",")})`;
}

function refuse(found: string, wanted: string): Error {
  return invalidArgument("labelSelector", `Cannot use label selector: found ${found}, expected ${wanted}`);
}

function term(
  key: unknown,
  operator: LabelRequirement["operator"],
  values: readonly unknown[] = [],
): LabelRequirement {
  const fault = qualifiedNameFault(key);
  if (fault !== undefined || typeof key !== "string")
    throw refuse(`key ${quote(key)}`, `a label key: ${fault}`);
  if (values.length > limits.selectorValuesMax) {
    throw refuse(`${values.length} values`, `at most ${limits.selectorValuesMax}`);
  }
  const checked = new Set<string>();
  for (const value of values) {
    const valueFault = labelValueFault(value);
    if (valueFault !== undefined || typeof value !== "string") {
      throw refuse(`value ${quote(value)}`, `a label value: ${valueFault}`);
    }
    checked.add(value);
  }
  return { key, operator, values: checked };
}

const action = "use label selector";
const selectorNames: NamesOf<LabelSelector> = { matchLabels: "object", matchExpressions: "array" };
const expressionNames = { key: "text", operator: true, values: "array" } as const;

const operatorNames: ReadonlyMap<unknown, LabelRequirement["operator"]> = new Map([
  ["In", "in"],
  ["NotIn", "notIn"],
  ["Exists", "exists"],
  ["DoesNotExist", "absent"],
] as const);

function termsOfObject(selector: unknown): readonly LabelRequirement[] {
  if (typeof selector !== "object" || selector === null || Array.isArray(selector)) {
    throw refuse(quote(selector), "text or an object");
  }
  checkOptions(selector, action, selectorNames, "labelSelector");
  const { matchLabels, matchExpressions } = selector as Readonly<{
    matchLabels?: Readonly<Record<string, unknown>>;
    matchExpressions?: readonly unknown[];
  }>;
  const pairs = Object.entries(matchLabels ?? {});
  const expressions = matchExpressions ?? [];
  checkTermCount(pairs.length + expressions.length);
  return [...pairs.map(([key, value]) => term(key, "in", [value])), ...expressions.map(termOfExpression)];
}

function termOfExpression(expression: unknown): LabelRequirement {
  if (typeof expression !== "object" || expression === null) throw refuse(quote(expression), "an expression");
  checkOptions(expression, action, expressionNames, "labelSelector.matchExpressions[]");
  const {
    key,
    operator: name,
    values = [],
  } = expression as Readonly<{
    key: unknown;
    operator: unknown;
    values?: readonly unknown[];
  }>;
  const operator = operatorNames.get(name);
  if (operator === undefined) {
    throw refuse(`operator ${quote(name)}`, '"In", "NotIn", "Exists" or "DoesNotExist"');
  }
  const takesValues = operator === "in" || operator === "notIn";
  if (takesValues !== values.length > 0) {
    throw refuse(`${values.length} values with ${quote(name)}`, takesValues ? "at least one" : "none");
  }
  return term(key, operator, values);
}

function checkTermCount(count: number): void {
  if (count > limits.selectorTermsMax) throw refuse(`${count} terms`, `at most ${limits.selectorTermsMax}`);
}

// A word is a key, a value or an operator's name; the sticky flag makes one pass without backtracking.
const token = /[ \t\r\n]*(?:(==|=|!=|!|\(|\)|,)|([^\s=!(),]+)|$)/y;

interface Token {
  readonly text: string;
  readonly isWord: boolean;
}

const endOfText: Token = { text: "", isWord: false };

function tokensOf(text: string): readonly Token[] {
  if (text.length > limits.selectorCharactersMax) {
    throw refuse(`${text.length} characters`, `at most ${limits.selectorCharactersMax}`);
  }
  const tokens: Token[] = [];
  token.lastIndex = 0;
  for (;;) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (match === null) throw refuse(quote(text.slice(at, at + 20)), "a label selector");
    const [, symbol, word] = match;
    if (symbol === undefined && word === undefined) return tokens;
    tokens.push({ text: symbol ?? word ?? "", isWord: word !== undefined });
  }
}

function termsOfText(text: string): readonly LabelRequirement[] {
  const tokens = tokensOf(text);
  const terms: LabelRequirement[] = [];
  let next = 0;
  const take = (): Token => tokens[next++] ?? endOfText;
  const peek = (): Token => tokens[next] ?? endOfText;
  const shown = (found: Token): string => (found === endOfText ? "the end" : quote(found.text));

  const values = (): string[] => {
    const open = take();
    if (open.text !== "(" || open.isWord) throw refuse(shown(open), '"("');
    const list: string[] = [];
    for (;;) {
      // An omitted value is the empty value: "(a,)" is "a" and "".
      list.push(peek().isWord ? take().text : "");
      const after = take();
      if (after.text === ")" && !after.isWord) return list;
      if (after.text !== ",") throw refuse(shown(after), '"," or ")"');
    }
  };

  const one = (): LabelRequirement => {
    const first = take();
    if (first.text === "!" && !first.isWord) {
      const key = take();
      if (!key.isWord) throw refuse(shown(key), "a label key");
      return term(key.text, "absent");
    }
    if (!first.isWord) throw refuse(shown(first), "a label key");
    const operator = peek();
    if (operator === endOfText || operator.text === ",") return term(first.text, "exists");
    take();
    switch (operator.text) {
      case "=":
      case "==":
        return term(first.text, "in", [peek().isWord ? take().text : ""]);
      case "!=":
        return term(first.text, "notIn", [peek().isWord ? take().text : ""]);
      case "in":
        return term(first.text, "in", values());
      case "notin":
        return term(first.text, "notIn", values());
      default:
        throw refuse(shown(operator), '"=", "==", "!=", "in", "notin", "," or the end');
    }
  };

  if (tokens.length === 0) return terms;
  for (;;) {
    terms.push(one());
    checkTermCount(terms.length);
    const after = take();
    if (after === endOfText) return terms;
    if (after.text !== "," || after.isWord) throw refuse(shown(after), '"," or the end');
  }
}
