/**
 * Runs all checkers over one run and computes the verdict. A run without violations is clean only if all required
 * checkers had input: a count of zero where something was expected makes it void.
 */
import { checkRevisionOrder } from "./c1-revision-order.ts";
import { checkLinearizability, type LinearizabilityOptions } from "./c2-linearizability.ts";
import { checkWatches } from "./c3-watches.ts";
import { checkCaches } from "./c4-caches.ts";
import { checkQuotas } from "./c5-quotas.ts";
import { checkRestores, type RestoreFacts } from "./c6-backups.ts";
import { checkOutcomes } from "./c7-outcomes.ts";
import { checkLiveness } from "./c8-liveness.ts";
import { checkServers } from "./c9-servers.ts";
import { checkResources, type ResourceCaps } from "./c10-resources.ts";
import type { CheckerName, CheckResult, Violation } from "./findings.ts";
import { formatLine } from "./history.ts";
import type { RunHistory } from "./run-history.ts";

export interface VerdictOptions {
  /** Which checkers run; default all. `void` names those that had no input. */
  readonly only?: readonly CheckerName[] | undefined;
  readonly linearizability?: LinearizabilityOptions | undefined;
  readonly restores?: readonly RestoreFacts[] | undefined;
  readonly caps?: ResourceCaps | undefined;
  /** Server log lines that a fault explains. */
  readonly forgiven?: ((text: string) => boolean) | undefined;
  /** Keys whose changes all have their author in the history; default all in the log. */
  readonly tracked?: ((key: string) => boolean) | undefined;
  readonly recoveryMaxMs?: number | undefined;
}

export interface Verdict {
  /** No checker has a finding; meaningless if `void` names checkers. */
  readonly clean: boolean;
  /** Violations of all rules and checkers. */
  readonly count: number;
  readonly violations: readonly Violation[];
  /** Checkers that ran without input. */
  readonly void: readonly CheckerName[];
  readonly results: readonly CheckResult[];
}

const names: readonly CheckerName[] = ["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10"];

export function verdictOf(run: RunHistory, options: VerdictOptions = {}): Verdict {
  const results = (options.only ?? names).map((name) => check(name, run, options));
  const violations = results.flatMap((result) => result.violations);
  const count = results.reduce(
    (sum, { counts }) => sum + Object.values(counts).reduce((a, b) => a + b, 0),
    0,
  );
  const isVoid = ({ checked }: CheckResult): boolean =>
    Object.values(checked).every((looked) => looked === 0);
  return {
    clean: count === 0,
    count,
    violations,
    void: results.filter(isVoid).map(({ checker }) => checker),
    results,
  };
}

function check(name: CheckerName, run: RunHistory, options: VerdictOptions): CheckResult {
  switch (name) {
    case "C1":
      return checkRevisionOrder(run, { tracked: options.tracked });
    case "C2":
      return checkLinearizability(run, options.linearizability);
    case "C3":
      return checkWatches(run);
    case "C4":
      return checkCaches(run);
    case "C5":
      return checkQuotas(run);
    case "C6":
      return checkRestores(options.restores ?? []);
    case "C7":
      return checkOutcomes(run);
    case "C8":
      return checkLiveness(run, { boundMs: options.recoveryMaxMs });
    case "C9":
      return checkServers(run, { forgiven: options.forgiven });
    case "C10":
      return checkResources(run, options.caps ?? {});
  }
}

/** Characters shown of a line: a batch of a thousand events is cut. */
const shownMax = 400;

/** A violation as a report shows it: the rule, what was found, and the lines that show it. */
export function formatViolation({ checker, rule, what, lines }: Violation): string {
  const shown = lines.map((line) => `    ${formatLine(line).slice(0, shownMax)}`);
  return [`${checker} ${rule}: ${what}`, ...shown].join("\n");
}
