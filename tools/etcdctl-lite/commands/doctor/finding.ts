/** What the doctor finds: how bad, where, what, and what to do about it. */

/**
 * `error`: data or the service is at stake, now or within days. `warning`: something to do before it becomes one.
 * `note`: what could not be looked at, and why.
 */
export type Level = "error" | "warning" | "note";

export interface Finding {
  readonly level: Level;
  /** The check that found it, e.g. `version`. */
  readonly check: string;
  /** An endpoint, a file, a key; "cluster" for what is of all members. */
  readonly where: string;
  readonly what: string;
  readonly advice: string;
}

const order: readonly Level[] = ["error", "warning", "note"];

/** The worst first, else as found. */
export const worstFirst = (findings: readonly Finding[]): readonly Finding[] =>
  order.flatMap((level) => findings.filter((finding) => finding.level === level));
