/**
 * A negative control: a short scenario with one deliberate fault, which a named checker must find. The same scenario
 * without the fault must be clean, or the finding proves nothing.
 *
 * The fault wraps the library from outside (ports, transport, an option); `src` has no code for it.
 */
import type { CheckerName, Violation } from "../checkers/findings.ts";
import type { RunHistory } from "../checkers/run-history.ts";
import type { VerdictOptions } from "../checkers/verdict.ts";

/** The input of the checkers from one run of a scenario. */
export interface Played extends Pick<VerdictOptions, "restores" | "recoveryMaxMs"> {
  readonly history: RunHistory;
}

export interface Control {
  readonly name: `N${number}`;
  /** The deliberate fault. */
  readonly sabotage: string;
  /** Checkers that must all find it. */
  readonly caughtBy: readonly CheckerName[];
  /** Rules that must all be among the broken ones found. */
  readonly rules: readonly string[];
  /** "short": below 5 s on an idle machine, both plays together; those run with the tests. */
  readonly duration: "short" | "long";
  /** An etcd that still has the fault; absent: any does. */
  readonly needs?: { readonly text: string; readonly version: (version: string) => boolean } | undefined;
  play(setting: Setting): Promise<Played>;
}

export interface Setting {
  readonly sabotaged: boolean;
  /** Path of the etcd program; absent: the machine's own. */
  readonly binary?: string | undefined;
}

export interface ControlReport {
  readonly name: string;
  readonly sabotage: string;
  readonly caughtBy: readonly CheckerName[];
  /** "missed": sabotage not seen by every named checker. "unclean": the scenario without sabotage is not clean. */
  readonly outcome: "caught" | "missed" | "unclean" | "failed" | "skipped";
  /** The findings of the checkers, or why it did not run. */
  readonly what: string;
  readonly violations: readonly Violation[];
  readonly ms: number;
}
