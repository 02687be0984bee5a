/**
 * C1: compares every answer with etcd's log, by revision: lost write, lost update, phantom, double apply, stale read, a
 * read of a state that never existed. O(n log n), so it checks most of a run; C2 checks the same without revisions.
 *
 *   a write "ok" at r          the log has its value at r, on the state its guard names, above the floor of its call
 *   a list at r                is the log at r; linearizable: r is not below the floor; exact: r is what was asked for
 *   a get                      shows a state that was current at some revision between floor and ceiling
 *   a change in the log        has one author, a call that began before it
 *
 * floor and ceiling: `run-history.ts`.
 */

import { type CheckResult, Findings } from "./findings.ts";
import type { CallRecord } from "./history.ts";
import { endlessRevision, type RunHistory } from "./run-history.ts";
import { type Change, differenceOf, isWanted, SelectionReplay, statesAt } from "./truth-log.ts";

/** @param options.tracked keys whose changes all have their author in the history; default all in the log */
export function checkRevisionOrder(
  run: RunHistory,
  options: { readonly tracked?: ((key: string) => boolean) | undefined } = {},
): CheckResult {
  const findings = new Findings("C1");
  const lists: CallRecord[] = [];
  const reported = new Map<string, CallRecord>();
  for (const call of run.calls) {
    if (call.op === "list") {
      if (call.class === "ok") lists.push(call);
    } else if (call.op === "get") checkGet(run, call, findings);
    else if (call.class === "ok" && call.op !== "deleteCollection") checkWrite(run, call, reported, findings);
  }
  checkLists(run, lists, findings);
  checkAuthors(run, options.tracked ?? (() => true), findings);
  return findings.result();
}

function checkWrite(
  run: RunHistory,
  call: CallRecord,
  reported: Map<string, CallRecord>,
  findings: Findings,
): void {
  const { key, revision, value, guard, op } = call;
  findings.checked("writes");
  if (revision === undefined) {
    findings.violation("answer without version", `${textOf(call)} returned no version`, call);
    return;
  }
  const change = run.truth.at(key, revision);
  const deletion = op === "delete";
  if (
    change === undefined ||
    (change.type === "delete") !== deletion ||
    (!deletion && change.value !== value)
  ) {
    const elsewhere = value === undefined ? undefined : run.truth.putsOf(value)[0];
    findings.violation(
      elsewhere === undefined ? "lost write" : "wrong version",
      `${textOf(call)} returned ${revision}; the log has ${textOfChange(change)} there` +
        (elsewhere === undefined ? "" : ` and the value at ${elsewhere.revision}`),
      call,
      change,
      elsewhere,
    );
    return;
  }
  const claim = `${key}@${revision}`;
  const other = reported.get(claim);
  if (other !== undefined) {
    findings.violation(
      "reported twice",
      `${claim} was given to ${textOf(other)} and to ${textOf(call)}`,
      other,
      call,
    );
  }
  reported.set(claim, call);
  const before = change.previous?.type === "put" ? change.previous.revision : 0n;
  if (op === "create" ? before !== 0n : guard !== undefined && guard !== before) {
    findings.violation(
      op === "create" ? "create over an object" : "lost update",
      `${textOf(call)} was applied at ${revision} on version ${before}, conditional on ${guard ?? 0n}`,
      call,
      change.previous,
    );
  }
  const floor = run.floor(call.callNs);
  if (revision <= floor) {
    findings.violation(
      "time travel",
      `${textOf(call)} was applied at ${revision}, but ${floor} had been reported before it began`,
      call,
    );
  }
}

function checkGet(run: RunHistory, call: CallRecord, findings: Findings): void {
  const { found, key, read } = call;
  const missing = call.class === "definite" && call.code === "NOT_FOUND";
  if (found === undefined && !missing) return;
  findings.checked("reads");
  const freshness = read?.freshness ?? "linearizable";
  const asked = read?.revision ?? 0n;
  if (found !== undefined) {
    const change = run.truth.at(key, found.revision);
    if (change?.type !== "put" || change.value !== found.value) {
      findings.violation(
        "phantom read",
        `${textOf(call)} shows ${found.value}@${found.revision}; the log has ${textOfChange(change)} there`,
        call,
        change,
      );
      return;
    }
  }
  if (freshness === "any") return;
  const from = freshness === "linearizable" ? run.floor(call.callNs) : asked;
  const to = freshness === "exact" ? asked : run.ceiling(call.returnNs) - 1n;
  const holds =
    found === undefined
      ? run.truth.absentWithin(key, from, to < from ? from : to)
      : found.revision <= to &&
        (run.truth.nextAfter(key, found.revision)?.revision ?? endlessRevision) > from;
  if (holds) return;
  const shown = found === undefined ? "nothing" : `${found.value}@${found.revision}`;
  findings.violation(
    freshness === "exact" ? "wrong version" : "stale read",
    `${textOf(call)} (${freshness}) shows ${shown}, not current at any revision from ${from} to ${to === endlessRevision - 1n ? "the end" : to}; at ${from} it is ${textOfChange(run.truth.lastAt(key, from))}`,
    call,
    run.truth.lastAt(key, from),
  );
}

function checkLists(run: RunHistory, lists: CallRecord[], findings: Findings): void {
  const at = (call: CallRecord): bigint => call.revision ?? 0n;
  lists.sort((a, b) => (at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : 0));
  const replay = new SelectionReplay(run.truth, lists.map(filterOf));
  for (const call of lists) {
    findings.checked("lists");
    const revision = at(call);
    const { freshness = "linearizable", revision: asked = 0n } = call.read ?? {};
    const floor = freshness === "linearizable" ? run.floor(call.callNs) : freshness === "any" ? 0n : asked;
    const wrong = freshness === "exact" ? revision !== asked : revision < floor;
    if (wrong) {
      findings.violation(
        freshness === "exact" ? "wrong version" : "stale read",
        `${textOf(call)} (${freshness}) is of ${revision}, ${freshness === "exact" ? "asked for" : "at least"} ${freshness === "exact" ? asked : floor}`,
        call,
      );
    }
    if (revision >= run.ceiling(call.returnNs)) {
      findings.violation(
        "time travel",
        `${textOf(call)} is of ${revision}, which came after it had returned`,
        call,
      );
    }
    const truth = replay.at(filterOf(call), revision);
    if (call.count === truth.count && (call.digest ?? truth.digest) === truth.digest) continue;
    const difference =
      call.items === undefined
        ? ""
        : `: ${differenceOf(
            call.items,
            statesAt(run.truth, (change) => isWanted(filterOf(call), change), revision),
          )}`;
    findings.violation(
      "list is not the log",
      `${textOf(call)} at ${revision} has ${call.count} items, digest ${call.digest}; in truth ${truth.count}, ${truth.digest}${difference}`,
      call,
      ...[...run.truth.between(revision - 3n, revision)],
    );
  }
}

/** Every change has one author, a call that began before it. */
function checkAuthors(run: RunHistory, tracked: (key: string) => boolean, findings: Findings): void {
  const byValue = new Map<string, CallRecord>();
  const deleters = new Deleters(run);
  for (const call of run.calls) {
    for (const value of [call.value, ...(call.earlier ?? [])])
      if (value !== undefined) byValue.set(value, call);
  }
  const stored = new Map<string, Change>();
  for (const change of run.truth.changes) {
    if (!tracked(change.key)) continue;
    findings.checked("changes");
    if (change.type === "delete") {
      if (!deleters.claim(change)) {
        findings.violation(
          "phantom deletion",
          `${change.key} is deleted at ${change.revision} by no call`,
          change,
          ...deleters.nearby(change.key),
        );
      }
      continue;
    }
    const { value = "" } = change;
    const author = byValue.get(value);
    if (author === undefined || author.key !== change.key) {
      findings.violation("phantom write", `${textOfChange(change)} is written by no call`, change, author);
      continue;
    }
    const first = stored.get(value);
    if (first !== undefined) {
      findings.violation(
        "applied twice",
        `${textOf(author)} is in the log at ${first.revision} and at ${change.revision}`,
        author,
        first,
        change,
      );
    }
    stored.set(value, change);
    // Acknowledged deletions are checked above.
    if (author.class !== "ok" && change.revision <= run.floor(author.callNs)) {
      findings.violation(
        "time travel",
        `${textOf(author)} is in the log at ${change.revision}, before it began`,
        author,
      );
    }
  }
}

/**
 * Possible causes of deletions: acknowledged ones at their revision, open ones once each, collections and TTLs without
 * limit.
 */
class Deleters {
  readonly #reported = new Set<string>();
  readonly #open = new Map<string, CallRecord[]>();
  readonly #collections: CallRecord[] = [];
  readonly #mortal = new Set<string>();
  readonly #failed = new Map<string, CallRecord[]>();
  readonly #run: RunHistory;

  constructor(run: RunHistory) {
    this.#run = run;
    for (const call of run.calls) {
      if (call.ttl === true) this.#mortal.add(call.key);
      if (call.op === "deleteCollection") this.#collections.push(call);
      if (call.op !== "delete") continue;
      if (call.class === "ok") this.#reported.add(`${call.key}@${call.revision}`);
      else push(call.class === "unknown" ? this.#open : this.#failed, call);
    }
  }

  claim({ key, revision }: Change): boolean {
    if (this.#reported.has(`${key}@${revision}`) || this.#mortal.has(key)) return true;
    const open = this.#open.get(key) ?? [];
    const at = open.findIndex((call) => this.#run.floor(call.callNs) < revision);
    if (at >= 0) {
      open.splice(at, 1);
      return true;
    }
    return this.#collections.some(
      (call) => key.startsWith(call.key) && this.#run.floor(call.callNs) < revision,
    );
  }

  /** Deletions of the key that claim to have failed. */
  nearby(key: string): readonly CallRecord[] {
    return (this.#failed.get(key) ?? []).slice(-3);
  }
}

function push(map: Map<string, CallRecord[]>, call: CallRecord): void {
  const list = map.get(call.key);
  if (list === undefined) map.set(call.key, [call]);
  else list.push(call);
}

const filterOf = (call: CallRecord): { readonly prefix: string } => ({ ...call.filter, prefix: call.key });

/** A call in a few words. */
export function textOf({ client, op, key, value, code, id }: CallRecord): string {
  return `${op} ${key}${value === undefined ? "" : `=${value}`} by ${client} (${id}, ${code})`;
}

export function textOfChange(change: Change | undefined): string {
  if (change === undefined) return "nothing";
  const { type, key, value, revision } = change;
  return type === "put" ? `${key}=${value}@${revision}` : `the deletion of ${key}@${revision}`;
}
