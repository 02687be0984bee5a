/**
 * C7: the reported outcome of a write is true.
 *
 *   ok         its value is in the log, once
 *   definite   its value is not in the log, now or later; and the reason given was true at some moment of the call
 *   unknown    says so with OUTCOME_UNKNOWN and the write's id (or was the caller's own abort, or its process died)
 *
 * Also: no call rejects with anything but a StoreError or the signal's reason. It counts the outcomes of the unknown
 * ones.
 */
import { textOf, textOfChange } from "./c1-revision-order.ts";
import { type CheckResult, Findings } from "./findings.ts";
import type { CallRecord } from "./history.ts";
import { endlessRevision, type RunHistory } from "./run-history.ts";

export function checkOutcomes(run: RunHistory): CheckResult {
  const findings = new Findings("C7");
  const deletions = new UnclaimedDeletions(run);
  for (const call of run.calls) {
    findings.checked(call.class);
    if (call.code === "FAULT") {
      findings.violation("untyped failure", `${textOf(call)} rejected with ${call.message}`, call);
      continue;
    }
    if (call.op === "get" || call.op === "list" || call.op === "deleteCollection") continue;
    for (const value of call.earlier ?? []) {
      const [put] = run.truth.putsOf(value);
      if (put === undefined) continue;
      findings.violation(
        "given up but applied",
        `${textOf(call)} tried ${value} before and went on; the log has it at ${put.revision}`,
        call,
        put,
      );
    }
    if (call.class === "ok") checkApplied(run, call, findings);
    else if (call.class === "definite") checkRefused(run, call, deletions, findings);
    else checkUnknown(run, call, findings);
  }
  return findings.result();
}

function checkApplied(run: RunHistory, call: CallRecord, findings: Findings): void {
  if (call.value === undefined) return;
  const puts = run.truth.putsOf(call.value);
  if (puts.length === 1) return;
  findings.violation(
    puts.length === 0 ? "reported applied, is not" : "applied twice",
    `${textOf(call)} is in the log ${puts.length} times${puts.length === 0 ? "" : `, at ${puts.map(({ revision }) => revision).join(", ")}`}`,
    call,
    ...puts,
  );
}

function checkRefused(
  run: RunHistory,
  call: CallRecord,
  deletions: UnclaimedDeletions,
  findings: Findings,
): void {
  const { key, value, guard, op, code } = call;
  const puts = value === undefined ? [] : run.truth.putsOf(value);
  const [put] = puts;
  if (put !== undefined) {
    findings.violation(
      "reported failed, is applied",
      `${textOf(call)} is in the log at ${put.revision}: ${call.message ?? ""}`,
      call,
      put,
    );
    return;
  }
  const from = run.floor(call.callNs);
  const to = run.ceiling(call.returnNs) - 1n;
  const { truth } = run;
  if (op === "delete") {
    const deletion = deletions.within(key, from, to);
    if (deletion !== undefined) {
      findings.violation(
        "reported failed, is applied",
        `${textOf(call)}: the log has ${textOfChange(truth.at(key, deletion))} while it ran, and no other call can have done it`,
        call,
        truth.at(key, deletion),
      );
      return;
    }
  }
  const wasTrue =
    code === "ALREADY_EXISTS"
      ? truth.existsWithin(key, from, to)
      : code === "NOT_FOUND"
        ? truth.absentWithin(key, from, to)
        : (code === "CONFLICT" || code === "PRECONDITION_FAILED") && guard !== undefined
          ? truth.otherWithin(key, guard, from, to)
          : true;
  if (wasTrue) return;
  findings.violation(
    "false reason",
    `${textOf(call)}: the key is ${textOfChange(truth.lastAt(key, from))} from ${from} to ${to === endlessRevision - 1n ? "the end" : to}`,
    call,
    truth.lastAt(key, from),
  );
}

function checkUnknown(run: RunHistory, call: CallRecord, findings: Findings): void {
  if (call.code === "OUTCOME_UNKNOWN" && (call.writeId ?? "") === "") {
    findings.violation("unknown without a name", `${textOf(call)} carries no write id`, call);
  }
  if (call.code === "LOST") {
    const killed = run.faults.some(({ target, endNs }) => target === call.process && endNs >= call.callNs);
    if (!killed)
      findings.violation("never returned", `${textOf(call)}, and its process was not killed`, call);
  }
  if (call.value === undefined) return;
  const puts = run.truth.putsOf(call.value);
  findings.checked(puts.length === 0 ? "unknown, not applied" : "unknown, applied");
  if (puts.length > 1) {
    findings.violation(
      "applied twice",
      `${textOf(call)} is in the log at ${puts.map(({ revision }) => revision).join(", ")}`,
      call,
      ...puts,
    );
  }
}

/** Deletions in the log without an acknowledged call, which no open, collecting or expiring one can have caused. */
class UnclaimedDeletions {
  readonly #byKey = new Map<string, readonly bigint[]>();

  constructor(run: RunHistory) {
    const reported = new Set<string>();
    const open = new Set<string>();
    const collections: string[] = [];
    for (const { op, key, class: outcome, revision, ttl } of run.calls) {
      if (op === "deleteCollection") collections.push(key);
      if (ttl === true || (op === "delete" && outcome === "unknown")) open.add(key);
      if (op === "delete" && outcome === "ok") reported.add(`${key}@${revision}`);
    }
    for (const key of run.truth.keys) {
      if (open.has(key) || collections.some((prefix) => key.startsWith(prefix))) continue;
      const unclaimed = run.truth
        .of(key)
        .flatMap(({ type, revision }) =>
          type === "delete" && !reported.has(`${key}@${revision}`) ? [revision] : [],
        );
      if (unclaimed.length > 0) this.#byKey.set(key, unclaimed);
    }
  }

  within(key: string, from: bigint, to: bigint): bigint | undefined {
    return this.#byKey.get(key)?.find((revision) => revision > from && revision <= to);
  }
}
