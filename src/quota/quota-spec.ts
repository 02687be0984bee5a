/**
 * The quotas of one namespace as one record: rules by name, and the mod revision that stands for all of them.
 *
 * Every charged write compares that revision, so a rule set, changed or removed takes effect for every process with
 * the very next write. A rule begins `counting`: writes are charged to its ledger but not refused, until what was
 * there before has been counted into it.
 */
import { invariant } from "../errors.ts";
import type { Head } from "../resource/head.ts";
import { type LabelRequirements, parseLabelSelector } from "../resource/label-selector.ts";
import { parseQuantity } from "../resource/quantity.ts";
import { type Amounts, amountsOf, formatAmounts } from "./amounts.ts";

export interface QuotaRule {
  readonly name: string;
  /** Unlike other amounts it may hold zeros: a limit of zero is a limit. */
  readonly hard: Amounts;
  /** Canonical text; "" selects everything. */
  readonly labelSelector: string;
  /** Names the ledger: a rule that must count anew gets a new one. */
  readonly generation: string;
  readonly state: "counting" | "active";
  readonly selection: LabelRequirements;
}

export interface NamespaceSpec {
  readonly namespace: string;
  readonly rules: readonly QuotaRule[];
  /** Mod revision of the record; 0n: there is none. */
  readonly revision: bigint;
}

/** What one object costs: the names of `hard` that it has. Zero for an object the selector passes over. */
export function usageOf(
  rule: QuotaRule,
  resource: string,
  object: { readonly head: Head; readonly storedBytes: number },
): Amounts {
  if (!rule.selection.matches(object.head.metadata.labels)) return new Map();
  const usage: [string, bigint][] = [];
  for (const name of rule.hard.keys()) {
    if (name === "bytes") usage.push([name, parseQuantity(object.storedBytes)]);
    else if (name === `count/${resource}`) usage.push([name, parseQuantity(1)]);
    else {
      const amount = object.head.amounts[name];
      if (amount !== undefined) usage.push([name, parseQuantity(amount, name)]);
    }
  }
  return amountsOf(usage);
}

interface RuleText {
  readonly name: string;
  readonly hard: Record<string, string>;
  readonly labelSelector: string;
  readonly generation: string;
  readonly state: "counting" | "active";
}

/** `writeId` makes every version of the record unique, so that a lost answer can be settled by reading it back. */
export function encodeSpec(rules: readonly QuotaRule[], writeId: string): string {
  const text: RuleText[] = rules.map(({ name, hard, labelSelector, generation, state }) => ({
    name,
    hard: formatAmounts(hard),
    labelSelector,
    generation,
    state,
  }));
  return JSON.stringify({ format: 1, writeId, rules: text });
}

export function decodeSpec(
  namespace: string,
  value: Uint8Array | undefined,
  revision: bigint,
): NamespaceSpec {
  if (value === undefined) return { namespace, rules: [], revision: 0n };
  const parsed = JSON.parse(new TextDecoder().decode(value)) as { format: number; rules: RuleText[] };
  invariant(parsed.format === 1, "a quota record has a format this version knows");
  const rules = parsed.rules.map((rule) => ({
    ...rule,
    hard: new Map(
      Object.entries(rule.hard).map(([name, limit]) => [name, parseQuantity(limit, name)] as const),
    ),
    selection: parseLabelSelector(rule.labelSelector === "" ? undefined : rule.labelSelector),
  }));
  return { namespace, rules, revision };
}
