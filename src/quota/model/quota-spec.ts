/**
 * The quotas of one namespace as one record: its rules, and the mod revision that identifies all of them.
 *
 * Every charged write compares that revision, so a rule that is set, changed or removed takes effect in every process
 * with the next write. A rule begins `counting`: writes are charged to its ledger but not refused until existing
 * objects have been counted into it. A rule that replaces an active one exists beside it until then, under the same
 * name: the present limits stay in force even if the setter ends early.
 */
import { invariant } from "../../errors.ts";
import type { RecordedHead } from "../../resource/model/head.ts";
import { parseQuantity } from "../../resource/model/quantity.ts";
import { type LabelRequirements, parseLabelSelector } from "../../resource/select/label-selector.ts";
import { type Amounts, amountsOf, formatAmounts, nothing } from "./amounts.ts";

const oneObject = parseQuantity(1);

export interface QuotaRule {
  readonly name: string;
  /** Unlike other amounts it may contain zeros: a limit of zero is a limit. */
  readonly hard: Amounts;
  /** Canonical text; "" selects everything. */
  readonly labelSelector: string;
  /** Names the ledger: a rule that must be counted again gets a new generation. */
  readonly generation: string;
  readonly state: "counting" | "active";
  /** The process that set it and should count it; once that process is dead, any other one counts. */
  readonly setBy: string;
  /** Objects that the count could not read, and has counted partly. */
  readonly unread: number;
  readonly selection: LabelRequirements;
}

export interface NamespaceSpec {
  readonly namespace: string;
  readonly rules: readonly QuotaRule[];
  /** Mod revision of the record; 0n: there is none. */
  readonly revision: bigint;
}

/** The rule of a name that limits now; undefined while its first count is under way. */
export function activeRule({ rules }: NamespaceSpec, name: string): QuotaRule | undefined {
  return rules.find((rule) => rule.name === name && rule.state === "active");
}

/** The rule of a name that was set last: the counting one, where there is one. */
export function latestRule({ rules }: NamespaceSpec, name: string): QuotaRule | undefined {
  return rules.findLast((rule) => rule.name === name);
}

/** Whether objects of `resource` can count for a rule, judging by its names. */
export function concerns(rule: QuotaRule, resource: string): boolean {
  for (const name of rule.hard.keys()) {
    if (!name.startsWith(countPrefix) || name === countPrefix + resource) return true;
  }
  return false;
}

/** Whether an object's cost is known from its key and size alone, without opening it. */
export function isToldByKey(rule: QuotaRule): boolean {
  return rule.selection.isEmpty && [...rule.hard.keys()].every((name) => !isMeasured(name));
}

/** Whether a rule counts what kinds measure. */
export function countsMeasures(rule: QuotaRule): boolean {
  return [...rule.hard.keys()].some(isMeasured);
}

const countPrefix = "count/";
const isMeasured = (name: string): boolean => name !== "bytes" && !name.startsWith(countPrefix);

/**
 * The cost of one object: the names of `hard` that it has. Zero for an object that the selector excludes.
 * @param object `recorded` is undefined for an unreadable object: amounts known from key and size are counted all the
 * same, where no selector needs the content
 */
export function usageOf(
  rule: QuotaRule,
  resource: string,
  object: { readonly recorded: RecordedHead | undefined; readonly storedBytes: number },
): Amounts {
  const { recorded } = object;
  if (!rule.selection.isEmpty && !(recorded && rule.selection.matches(recorded.metadata.labels)))
    return nothing;
  const usage: [string, bigint][] = [];
  for (const name of rule.hard.keys()) {
    if (name === "bytes") usage.push([name, parseQuantity(object.storedBytes)]);
    else if (name === countPrefix + resource) usage.push([name, oneObject]);
    else if (isMeasured(name)) {
      const amounts = recorded?.amounts;
      const amount = amounts !== undefined && Object.hasOwn(amounts, name) ? amounts[name] : undefined;
      if (amount !== undefined) usage.push([name, parseQuantity(amount, name)]);
    }
  }
  return amountsOf(usage);
}

/** The names of a rule that `usageOf` cannot compute for an object, because the object or its kind is unreadable. */
export function untoldNames(
  rule: QuotaRule,
  resource: string,
  recorded: RecordedHead | undefined,
): readonly string[] {
  if (recorded === undefined && !rule.selection.isEmpty) {
    return [...rule.hard.keys()].filter(
      (name) => isMeasured(name) || name === "bytes" || name === countPrefix + resource,
    );
  }
  return recorded?.amounts === undefined ? [...rule.hard.keys()].filter(isMeasured) : [];
}

interface RuleText {
  readonly name: string;
  readonly hard: Record<string, string>;
  readonly labelSelector: string;
  readonly generation: string;
  readonly state: "counting" | "active";
  readonly setBy?: string;
  readonly unread?: number;
}

/** `writeId` makes every version of the record unique, so that a read settles a write with a lost response. */
export function encodeSpec(rules: readonly QuotaRule[], writeId: string): string {
  const text: RuleText[] = rules.map(({ name, hard, labelSelector, generation, state, setBy, unread }) => ({
    name,
    hard: formatAmounts(hard),
    labelSelector,
    generation,
    state,
    ...(state === "counting" ? { setBy } : {}),
    ...(unread > 0 ? { unread } : {}),
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
    setBy: rule.setBy ?? "",
    unread: rule.unread ?? 0,
    hard: new Map(
      Object.entries(rule.hard).map(([name, limit]) => [name, parseQuantity(limit, name)] as const),
    ),
    selection: parseLabelSelector(rule.labelSelector === "" ? undefined : rule.labelSelector),
  }));
  return { namespace, rules, revision };
}
