/**
 * C5: a quota is correct at every revision: the ledger's usage is the sum over live objects, and never above the limit;
 * once traffic has stopped nothing is reserved for an object that does not exist.
 *
 * Valid because object and ledger change in one transaction, so each revision is a whole state (test/support/quota-log.ts
 * makes the samples from etcd's log).
 */

import { type CheckResult, Findings } from "./findings.ts";
import type { QuotaSample } from "./history.ts";
import type { RunHistory } from "./run-history.ts";

export function checkQuotas(run: RunHistory): CheckResult {
  const findings = new Findings("C5");
  for (const sample of run.quotas) {
    findings.checked("revisions");
    const { live, used, hard, reserved = 0, quiet } = sample;
    if (used !== live) {
      findings.violation(
        "used is not live",
        `${textOf(sample)}: the ledger has ${used}, alive is ${live}`,
        sample,
      );
    }
    if (used > hard || live > hard) {
      findings.violation(
        "over the limit",
        `${textOf(sample)}: ${used} used, ${live} alive, the limit is ${hard}`,
        sample,
      );
    }
    if (used < 0 || reserved < 0)
      findings.violation("below zero", `${textOf(sample)}: ${used} used, ${reserved} reserved`, sample);
    if (quiet === true && reserved !== 0) {
      findings.violation(
        "reserved for nothing",
        `${textOf(sample)}: ${reserved} reserved with nothing under way`,
        sample,
      );
    }
  }
  return findings.result();
}

const textOf = ({ quota, amount, revision }: QuotaSample): string => `${quota} ${amount} at ${revision}`;
