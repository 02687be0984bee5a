/**
 * C8: after a heal the system works again within a bound.
 *
 *   recovery   from each fault's end to the answer of the first applied write that began after it; a fault that another one
 *              overlaps is measured from the end of the last of them
 *   at last    after the last heal and the bound no call fails for want of etcd, and final streams have reached the end (C3)
 *   nothing    is left open by a process that closed everything
 */

import { textOf } from "./c1-revision-order.ts";
import { type CheckResult, Findings } from "./findings.ts";
import type { CallRecord, FaultRecord } from "./history.ts";
import type { RunHistory } from "./run-history.ts";

/** The longest allowed recovery (limits: p99 5 s, worst 15 s). */
const recoveryMaxMs = 15_000;

/** Codes of an etcd or a cache that could not be reached. */
const absent: ReadonlySet<string> = new Set([
  "UNAVAILABLE",
  "DEADLINE",
  "NOT_READY",
  "OUTCOME_UNKNOWN",
  "FUTURE_VERSION",
]);

export interface Recovery {
  readonly fault: FaultRecord;
  /** Milliseconds from the heal to the first applied write begun after it; Infinity when there was none. */
  readonly ms: number;
}

export function checkLiveness(
  run: RunHistory,
  options: { readonly boundMs?: number | undefined } = {},
): CheckResult {
  const { boundMs = recoveryMaxMs } = options;
  const findings = new Findings("C8");
  for (const { fault, ms } of recoveriesOf(run)) {
    findings.checked("recoveries");
    if (ms <= boundMs) continue;
    const what = ms === Number.POSITIVE_INFINITY ? "no write was applied again" : `${Math.round(ms)} ms`;
    findings.violation("slow recovery", `${fault.name} on ${fault.target} (${fault.kind}): ${what}`, fault);
  }
  const lastHealNs = Math.max(...run.faults.map(({ endNs }) => endNs), Number.NEGATIVE_INFINITY);
  if (lastHealNs !== Number.NEGATIVE_INFINITY) {
    const fromNs = lastHealNs + boundMs * 1e6;
    for (const call of run.calls) {
      if (call.callNs < fromNs) continue;
      findings.checked("calls after heal");
      if (absent.has(call.code))
        findings.violation("not healed", `${textOf(call)}: ${call.message ?? ""}`, call);
    }
  }
  for (const sample of run.resources) {
    if (sample.final !== true) continue;
    findings.checked("final resources");
    const { process, openStreams = 0, sockets = 0, timers = 0 } = sample;
    if (openStreams + sockets + timers === 0) continue;
    findings.violation(
      "left open",
      `${process}: ${openStreams} streams, ${sockets} sockets, ${timers} timers after everything was closed`,
      sample,
    );
  }
  return findings.result();
}

/** The recovery time after each fault, in the order of the faults. */
export function recoveriesOf(run: RunHistory): readonly Recovery[] {
  const writes = run.calls.filter(
    ({ op, class: outcome }: CallRecord) => outcome === "ok" && op !== "get" && op !== "list",
  );
  // For each write, by beginning, the earliest answer among it and all that began later.
  const earliest = new Float64Array(writes.length + 1).fill(Number.POSITIVE_INFINITY);
  for (let i = writes.length - 1; i >= 0; i--) {
    earliest[i] = Math.min(earliest[i + 1] ?? Number.POSITIVE_INFINITY, writes[i]?.returnNs ?? 0);
  }
  return run.faults.map((fault) => {
    let healNs = fault.endNs;
    for (const other of run.faults) if (other.startNs <= healNs) healNs = Math.max(healNs, other.endNs);
    let at = writes.findIndex(({ callNs }) => callNs >= healNs);
    if (at < 0) at = writes.length;
    return { fault, ms: ((earliest[at] ?? Number.POSITIVE_INFINITY) - healNs) / 1e6 };
  });
}
