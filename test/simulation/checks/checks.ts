/**
 * Checks a world's history against its truth, afterwards. Each era is checked against its own truth.
 *
 *   writes   ok: stored once, at the version told, over the state it was conditional on, in the era in which it was begun
 *            failed: never stored · unknown: at most once · nothing is stored or deleted that nobody asked for
 *   refusals each speaks of a state there was between call and answer
 *   reads    each is the state at one revision it may speak of: of an era that is over only while the cache it comes from
 *            could not know
 *   watches  streams.ts · quota: at every revision
 */

import type { Plan } from "../plan.ts";
import { deletionFaults } from "./deletion-checks.ts";
import type { Eras } from "./eras.ts";
import type { Call } from "./recorder.ts";
import { faultsOfRecorded } from "./streams.ts";
import { type Change, itemPrefix, type Truth, textOfChange } from "./truth.ts";
import type { WorldFacts } from "./world-facts.ts";

/** Maximum reported faults of one world: the first few show what is wrong. */
const toldMax = 8;
/** A revision that no world reaches. */
const never = 2n ** 62n;

export function checkWorld(facts: WorldFacts): readonly string[] {
  const { eras, recorder } = facts;
  const logs = eras.all.map((truth) => truth.log());
  const faults: string[] = [];
  for (const call of recorder.calls) faults.push(...faultsOfCall(facts, call));
  faults.push(...strangers(facts), ...deletionFaults(facts));
  for (const truth of eras.all) faults.push(...faultsOfQuota(truth, facts.plan));
  for (const stream of recorder.streams) faults.push(...faultsOfRecorded(eras, logs, stream));
  return faults.slice(0, toldMax);
}

function faultsOfCall(facts: WorldFacts, call: Call): readonly string[] {
  const { eras } = facts;
  const told = (what: string): string =>
    `${call.process} ${call.kind} ${call.key} [${call.era}:${call.from}, ${call.toEra ?? ""}:${call.to ?? "-"}] ${textOf(call)}: ${what}`;
  const isRead = call.kind === "get" || call.kind === "list";
  if (call.outcome.type === "failed") {
    const refusal = faultOfRefusal(facts, call, call.outcome.code);
    const stored = call.tokens.filter((token) =>
      eras.ownPutsOf(token).some(({ truth }) => !eras.isTakenBack(call, truth)),
    );
    return [
      ...(refusal === undefined ? [] : [told(refusal)]),
      ...(stored.length === 0 ? [] : [told(`failed, but ${stored.join(", ")} is stored`)]),
    ];
  }
  if (isRead) {
    const fault = call.outcome.type === "ok" ? faultOfRead(eras, call) : undefined;
    return fault === undefined ? [] : [told(fault)];
  }
  const puts = call.tokens.flatMap((token) => eras.ownPutsOf(token));
  const text = puts.map(({ truth, change }) => `${truth.era}:${textOfChange(change)}`).join(", ");
  // A silent restore may undo a write that is then repeated, in the era that has it once.
  const isTwice = eras.all.some((truth) => call.tokens.flatMap((token) => truth.putsOf(token)).length > 1);
  if (isTwice) return [told(`stored more than once: ${text}`)];
  if (!puts.every(({ truth }) => eras.open(call).includes(truth))) {
    return [told(`begun before a restore and applied after it, as ${text}`)];
  }
  const fault = call.outcome.type === "ok" ? faultOfWrite(call, puts.at(-1)?.change) : undefined;
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

/** Revisions of one era that a response may reflect, both inclusive. */
interface Window {
  readonly truth: Truth;
  readonly from: bigint;
  readonly to: bigint;
}

/** The states that a response may reflect. */
function windowsOf(eras: Eras, call: Call): readonly Window[] {
  return erasOf(eras, call)
    .map((truth): Window => {
      const { era } = truth;
      const to = era === call.toEra ? (call.to ?? never) : (truth.over ?? never);
      switch (call.read?.freshness) {
        case "any":
          return { truth, from: 0n, to };
        case "notOlderThan":
          return { truth, from: call.read.revision, to };
        case "exact":
          return { truth, from: call.read.revision, to: call.read.revision };
        default:
          return { truth, from: era === call.era ? call.from : truth.start, to };
      }
    })
    .filter(({ from, to }) => from <= to);
}

/**
 * A write is answered in its era; a read may restart in a later one, and a cache that cannot know may answer from an
 * earlier one.
 */
function erasOf(eras: Eras, call: Call): readonly Truth[] {
  if (call.read === undefined) return eras.open(call);
  const stale = call.via === "cache" && call.read.freshness !== "linearizable";
  const last = call.toEra ?? eras.present.era;
  const found = eras.between(stale ? Math.min(call.noticed, call.era) : call.era, last);
  const { first } = call.part ?? {};
  if (first === undefined) return found;
  // A token continues in its own era.
  const own = erasOf(eras, first);
  return found.filter((truth) => own.includes(truth));
}

function faultOfRead(eras: Eras, call: Call): string | undefined {
  if (call.outcome.type !== "ok") return undefined;
  const { revision, token, items } = call.outcome;
  const windows = windowsOf(eras, call);
  const spoken = windows.map(({ truth, from, to }) => `${truth.era}:[${from}, ${to}]`).join(" ");
  if (call.kind === "get") {
    const states = windows.flatMap(({ truth, from, to }) => truth.statesWithin(call.key, from, to));
    const found = states.some((state) => state?.revision === revision && state.token?.text === token);
    return found ? undefined : `no such state in ${spoken}: ${states.map(textOfChange).join(", ")}`;
  }
  const fitting = windows.filter(({ from, to }) => revision >= from && revision <= to);
  if (fitting.length === 0) return `a list at ${revision}, outside ${spoken}`;
  const { after = "", upTo } = call.part ?? {};
  const shown = (items ?? []).map((item) => `${item.key}@${item.revision}=${item.token}`).join(" ");
  const wanted = fitting.map(({ truth }) =>
    truth
      .stateAt(call.key, revision)
      .filter((state) => state.token !== undefined && (call.wants?.(state.token.text) ?? true))
      .filter(({ key }) => key > after && (upTo === undefined || key <= upTo))
      .map(textOfChange)
      .join(" "),
  );
  return wanted.includes(shown)
    ? undefined
    : `at ${revision} it shows ${shown}, there was ${wanted.join(" or ")} (${spoken})`;
}

/** The state that a refusal reports must have existed at a revision that it may reflect. */
function faultOfRefusal({ eras, plan }: WorldFacts, call: Call, code: string): string | undefined {
  const windows = windowsOf(eras, call);
  const states = (): readonly (Change | undefined)[] =>
    windows.flatMap(({ truth, from, to }) => truth.statesWithin(call.key, from, to));
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
      // The object of an era that is over may have had the version of the one that is there now, under another uid.
      const given = call.guardToken;
      const moved = states().some(
        (state) => state?.revision !== call.guard || (given !== undefined && state?.token?.text !== given),
      );
      return moved && call.guard !== undefined ? undefined : none("moved");
    }
    case "EXPIRED":
      return call.kind === "list" || call.read?.freshness === "exact"
        ? undefined
        : "nothing of it can expire";
    case "FUTURE_VERSION": {
      // A version of an earlier era.
      const { freshness, revision = 0n } = call.read ?? {};
      const asks = freshness === "exact" || freshness === "notOlderThan";
      const least = eras
        .between(call.era, call.toEra ?? call.era)
        .map(({ era, start }) => (era === call.era ? call.from : start));
      return asks && least.some((from) => revision > from) ? undefined : "it asks for nothing ahead";
    }
    case "QUOTA_EXCEEDED": {
      const most = Math.max(
        ...windows.flatMap(({ truth, from, to }) => truth.countsWithin(quotaPrefix, from, to)),
      );
      const hard = plan.hard ?? Number.POSITIVE_INFINITY;
      return most >= hard ? undefined : `at most ${most} of ${hard} were there`;
    }
    default:
      return "this call cannot fail so";
  }
}

const quotaPrefix = `${itemPrefix}a/`;

/** Values in the log that no call has written. */
function strangers({ eras, recorder }: WorldFacts): readonly string[] {
  const made = new Set(recorder.calls.flatMap(({ tokens }) => tokens));
  return eras.all.flatMap((truth) =>
    truth.changes
      .filter((change) => truth.isOwn(change) && change.token !== undefined && !made.has(change.token.text))
      .map((change) => `nobody wrote ${textOfChange(change)}`),
  );
}

/** No create exceeds the limit, at any revision since it was set. */
function faultsOfQuota(truth: Truth, { hard }: Plan): readonly string[] {
  const { quotaSince: since } = truth;
  if (hard === undefined || since === undefined) return [];
  const live = new Set<string>();
  const faults: string[] = [];
  for (const change of truth.changes) {
    if (!change.key.startsWith(quotaPrefix)) continue;
    if (change.token === undefined) live.delete(change.key);
    else live.add(change.key);
    const creates = change.token !== undefined && change.before === 0n && change.revision > since;
    if (creates && truth.isOwn(change) && live.size > hard) {
      faults.push(`${textOfChange(change)} makes ${live.size} objects where ${hard} may be`);
    }
  }
  return faults;
}

function textOf({ outcome, tokens, read }: Call): string {
  const asked = read === undefined ? tokens.join(",") : `${read.freshness} ${read.revision}`;
  if (outcome.type === "ok") return `${asked} ok @${outcome.revision} ${outcome.token ?? ""}`;
  return `${asked} ${outcome.code}${outcome.type === "failed" ? ` (${outcome.message})` : ""}`;
}
