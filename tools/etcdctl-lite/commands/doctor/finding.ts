/** A finding of the doctor: severity, place, fault and advice. */

/**
 * `error`: data or the service is at stake, now or within days. `warning`: act before it becomes an error. `note`: a
 * check that could not run, and why.
 */
export type Level = "error" | "warning" | "note";

export interface Finding {
  readonly level: Level;
  /** The check that found it, e.g. `version`. */
  readonly check: string;
  /** An endpoint, a file, a key; "cluster" for findings of all members. */
  readonly where: string;
  readonly what: string;
  readonly advice: string;
}

const order: readonly Level[] = ["error", "warning", "note"];

/** The worst first, otherwise in the order found. */
export const worstFirst = (findings: readonly Finding[]): readonly Finding[] =>
  order.flatMap((level) => findings.filter((finding) => finding.level === level));
