/**
 * A world's history against its truth, after the fact.
 *
 *   writes   ok: stored once, at the version told, over the state it was conditional on · failed: never stored
 *            unknown: at most once · nothing is stored or deleted that nobody asked for
 *   refusals each speaks of a state there was between call and answer
 *   reads    each is the state at one revision it may speak of
 *   watches  streams.ts · quota: at every revision
 */
import type { Plan } from "./plan.ts";
import type { Call, Recorder } from "./recorder.ts";
import { faultsOfRecorded } from "./streams.ts";
import { type Change, itemPrefix, type Truth } from "./truth.ts";

export interface WorldFacts {
  readonly truth: Truth;
  readonly recorder: Recorder;
  readonly plan: Plan;
  /** Leases were ended before their time: objects on them may go early. */
  readonly leasesForced: boolean;
}

/** Faults told of one world: the first few say what is wrong. */
const toldMax = 8;
/** A revision no world reaches. */
const never = 2n ** 62n;

export function checkWorld(facts: WorldFacts): readonly string[] {
  const log = facts.truth.log();
  const faults: string[] = [];
  const { calls, streams } = facts.recorder;
  for (const call of calls) faults.push(...faultsOfCall(facts, call));
  faults.push(...strangers(facts), ...faultsOfDeletions(facts), ...faultsOfQuota(facts));
  for (const stream of streams) faults.push(...faultsOfRecorded(facts.truth, log, stream));
  return faults.slice(0, toldMax);
}

function faultsOfCall(facts: WorldFacts, call: Call): readonly string[] {
  const told = (what: string): string =>
    `${call.process} ${call.kind} ${call.key} [${call.from}, ${call.to ?? "-"}] ${textOf(call)}: ${what}`;
  const isRead = call.kind === "get" || call.kind === "list";
  if (call.outcome.type === "failed") {
    const refusal = faultOfRefusal(facts, call, call.outcome.code);
    const stored = call.tokens.filter((token) => facts.truth.putsOf(token).length > 0);
    return [
      ...(refusal === undefined ? [] : [told(refusal)]),
      ...(stored.length === 0 ? [] : [told(`failed, but ${stored.join(", ")} is stored`)]),
    ];
  }
  if (isRead) {
    const fault = call.outcome.type === "ok" ? faultOfRead(facts.truth, call) : undefined;
    return fault === undefined ? [] : [told(fault)];
  }
  const puts = call.tokens.flatMap((token) => facts.truth.putsOf(token));
  if (puts.length > 1) return [told(`stored ${puts.length} times: ${puts.map(textOfChange).join(", ")}`)];
  const fault = call.outcome.type === "ok" ? faultOfWrite(call, puts[0]) : undefined;
  return fault === undefined ? [] : [told(fault)];
}

function faultOfWrite(call: Call, put: Change | undefined): string | undefined {
  if (call.outcome.type !== "ok" || call.kind === "delete" || call.kind === "deleteCollection")
    return undefined;
  const { revision, token } = call.outcome;
  if (put === undefined) return "ok, but nothing of it is stored";
  if (put.revision !== revision || put.token?.text !== token || put.key !== call.key) {
    return `stored as ${textOfChange(put)}`;
  }
  if (put.token?.text !== call.tokens.at(-1)) return `an earlier attempt is stored: ${put.token?.text}`;
  if (call.guard !== undefined && put.before !== call.guard) {
    return `conditional on ${call.guard}, stored over ${put.before}`;
  }
  return undefined;
}

/** Revisions a read may speak of, both inclusive. */
function windowOf(call: Call): readonly [bigint, bigint] {
  const to = call.to ?? never;
  switch (call.read?.freshness) {
    case "any":
      return [0n, to];
    case "notOlderThan":
      return [call.read.revision, to];
    case "exact":
      return [call.read.revision, call.read.revision];
    default:
      return [call.from, to];
  }
}

function faultOfRead(truth: Truth, call: Call): string | undefined {
  if (call.outcome.type !== "ok") return undefined;
  const { revision, token, items } = call.outcome;
  const [from, to] = windowOf(call);
  if (call.kind === "get") {
    const states = truth.statesWithin(call.key, from, to);
    const found = states.some((state) => state?.revision === revision && state.token?.text === token);
    return found ? undefined : `no such state in [${from}, ${to}]: ${states.map(textOfChange).join(", ")}`;
  }
  if (revision < from || revision > to) return `a list at ${revision}, outside [${from}, ${to}]`;
  const wanted = truth
    .stateAt(call.key, revision)
    .filter((state) => state.token !== undefined && (call.wants?.(state.token.text) ?? true))
    .map(textOfChange);
  const shown = (items ?? []).map((item) => `${item.key}@${item.revision}=${item.token}`);
  return shown.join(" ") === wanted.join(" ")
    ? undefined
    : `at ${revision} it shows ${shown.join(" ")}, there was ${wanted.join(" ")}`;
}

/** What a refusal says of the state must have been so at some revision it may speak of. */
function faultOfRefusal({ truth, plan }: WorldFacts, call: Call, code: string): string | undefined {
  const [from, to] = windowOf(call);
  const states = (): readonly (Change | undefined)[] => truth.statesWithin(call.key, from, to);
  const none = (what: string): string => `${what} at no time: ${states().map(textOfChange).join(", ")}`;
  switch (code) {
    case "UNAVAILABLE":
    case "DEADLINE":
    case "NOT_READY":
      return undefined;
    case "NOT_FOUND":
      return states().includes(undefined) ? undefined : none("absent");
    case "ALREADY_EXISTS":
      return states().some((state) => state !== undefined) ? undefined : none("present");
    case "CONFLICT":
    case "PRECONDITION_FAILED": {
      const moved = states().some((state) => state?.revision !== call.guard);
      return moved && call.guard !== undefined ? undefined : none("moved");
    }
    case "EXPIRED":
      return call.kind === "list" || call.read?.freshness === "exact"
        ? undefined
        : "nothing of it can expire";
    case "QUOTA_EXCEEDED": {
      const most = Math.max(...truth.countsWithin(quotaPrefix, from, to));
      const hard = plan.hard ?? Number.POSITIVE_INFINITY;
      return most >= hard ? undefined : `at most ${most} of ${hard} were there`;
    }
    default:
      return "this call cannot fail so";
  }
}

const quotaPrefix = `${itemPrefix}a/`;

/** Values in the log that no call has made. */
function strangers({ truth, recorder }: WorldFacts): readonly string[] {
  const made = new Set(recorder.calls.flatMap(({ tokens }) => tokens));
  return truth.changes
    .filter(({ token }) => token !== undefined && !made.has(token.text))
    .map((change) => `nobody wrote ${textOfChange(change)}`);
}

/** Every deletion has an author, and every acknowledged delete a deletion of its own. */
function faultsOfDeletions({ truth, recorder, leasesForced }: WorldFacts): readonly string[] {
  const faults: string[] = [];
  const claimed = new Set<string>();
  const open: Call[] = [];
  const collections: Call[] = [];
  for (const call of recorder.calls) {
    if (call.kind === "deleteCollection") collections.push(call);
    if (call.kind !== "delete") continue;
    if (call.outcome.type === "unknown") open.push(call);
    if (call.outcome.type !== "ok") continue;
    const { revision, token } = call.outcome;
    const change = truth.of(call.key).find((each) => each.revision === revision);
    const before = change === undefined ? undefined : truth.at(call.key, revision - 1n);
    if (change === undefined || change.token !== undefined || before?.token?.text !== token) {
      faults.push(
        `${call.process} deleted ${call.key} at ${revision} with last state ${token}: there is ${textOfChange(change)}`,
      );
    } else if (call.guard !== undefined && change.before !== call.guard) {
      faults.push(
        `${call.process} deleted ${call.key} at ${revision} conditional on ${call.guard}, it was ${change.before}`,
      );
    }
    const claim = `${call.key}@${revision}`;
    if (claimed.has(claim)) faults.push(`two calls deleted ${claim}`);
    claimed.add(claim);
  }
  for (const change of truth.changes) {
    if (change.token !== undefined || claimed.has(`${change.key}@${change.revision}`)) continue;
    const before = truth.at(change.key, change.revision - 1n);
    const author = open.findIndex(
      ({ key, guard, from }) =>
        key === change.key && from < change.revision && (guard === undefined || guard === change.before),
    );
    if (author >= 0) {
      open.splice(author, 1);
      continue;
    }
    const collected = collections.some(
      ({ key, from, to, outcome }) =>
        change.key.startsWith(key) &&
        from < change.revision &&
        (outcome.type === "unknown" || change.revision <= (to ?? never)) &&
        before?.token?.app === "db",
    );
    if (collected) continue;
    if (before !== undefined && before.lease !== 0n) {
      const writer = recorder.calls.find(({ tokens }) => tokens.includes(before.token?.text ?? ""));
      const dueMs = (writer?.atMs ?? 0) + (writer?.ttlSeconds ?? 0) * 1000;
      if (!leasesForced && change.atMs < dueMs) {
        faults.push(
          `${textOfChange(before)} went at ${change.atMs} ms, its time was not over before ${dueMs} ms`,
        );
      }
      continue;
    }
    faults.push(`nobody deleted ${change.key} at ${change.revision}`);
  }
  return faults;
}

/** No creation goes over the limit, at any revision since it was set. */
function faultsOfQuota({ truth, recorder, plan }: WorldFacts): readonly string[] {
  const { hard } = plan;
  const since = recorder.quotaSince;
  if (hard === undefined || since === undefined) return [];
  const live = new Set<string>();
  const faults: string[] = [];
  for (const change of truth.changes) {
    if (!change.key.startsWith(quotaPrefix)) continue;
    if (change.token === undefined) live.delete(change.key);
    else live.add(change.key);
    if (change.token !== undefined && change.before === 0n && change.revision > since && live.size > hard) {
      faults.push(`${textOfChange(change)} makes ${live.size} objects where ${hard} may be`);
    }
  }
  return faults;
}

function textOfChange(change: Change | undefined): string {
  return change === undefined
    ? "absent"
    : `${change.key}@${change.revision}=${change.token?.text ?? "deleted"}`;
}

function textOf({ outcome, tokens, read }: Call): string {
  const asked = read === undefined ? tokens.join(",") : `${read.freshness} ${read.revision}`;
  if (outcome.type === "ok") return `${asked} ok @${outcome.revision} ${outcome.token ?? ""}`;
  return `${asked} ${outcome.code}${outcome.type === "failed" ? ` (${outcome.message})` : ""}`;
}
