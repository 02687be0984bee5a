/**
 * The result of a checker: violated rules with the lines that prove it, and how much it checked. A checker without
 * input proves nothing, so the counts are part of the result.
 */
import type { HistoryLine } from "./history.ts";

export type CheckerName = "C1" | "C2" | "C3" | "C4" | "C5" | "C6" | "C7" | "C8" | "C9" | "C10";

export interface Violation {
  readonly checker: CheckerName;
  /** The broken rule in a word or two, e.g. "stale read". */
  readonly rule: string;
  /** The finding and the expectation. */
  readonly what: string;
  /** The lines that show it, the suspect first. */
  readonly lines: readonly HistoryLine[];
}

export interface CheckResult {
  readonly checker: CheckerName;
  /** The first few of each rule. */
  readonly violations: readonly Violation[];
  /** All of them, by rule. */
  readonly counts: Readonly<Record<string, number>>;
  /** How much was checked, e.g. { reads: 4000, writes: 900 }. */
  readonly checked: Readonly<Record<string, number>>;
}

/** Violations of one rule that are kept with their lines; the rest is only counted. */
const keptPerRule = 10;

export class Findings {
  readonly #checker: CheckerName;
  readonly #violations: Violation[] = [];
  readonly #counts = new Map<string, number>();
  readonly #checked = new Map<string, number>();

  constructor(checker: CheckerName) {
    this.#checker = checker;
  }

  violation(rule: string, what: string, ...lines: readonly (HistoryLine | undefined)[]): void {
    const count = (this.#counts.get(rule) ?? 0) + 1;
    this.#counts.set(rule, count);
    if (count > keptPerRule) return;
    const shown = lines.filter((line) => line !== undefined).map(alone);
    this.#violations.push({ checker: this.#checker, rule, what, lines: shown });
  }

  checked(what: string, count = 1): void {
    this.#checked.set(what, (this.#checked.get(what) ?? 0) + count);
  }

  result(): CheckResult {
    return {
      checker: this.#checker,
      violations: this.#violations,
      counts: Object.fromEntries(this.#counts),
      checked: Object.fromEntries(this.#checked),
    };
  }
}

/** A change without the links to its predecessors, which a log adds. */
function alone(line: HistoryLine & { readonly previous?: unknown }): HistoryLine {
  const { previous: _, ...rest } = line;
  return rest;
}
