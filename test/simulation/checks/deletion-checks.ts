/**
 * Checks that every deletion of a world has a cause, and every acknowledged delete its own deletion. Part of
 * `checks.ts`.
 */
import type { Eras } from "./eras.ts";
import type { Call } from "./recorder.ts";
import { type Change, type Truth, textOfChange } from "./truth.ts";
import type { WorldFacts } from "./world-facts.ts";

/** A revision that no world reaches. */
const never = 2n ** 62n;

export function deletionFaults(facts: WorldFacts): readonly string[] {
  const { eras, recorder } = facts;
  const deletes = recorder.calls.filter(({ kind }) => kind === "delete");
  const claimed = new Set<string>();
  const faults: string[] = [];
  for (const call of deletes) {
    if (call.outcome.type !== "ok") continue;
    const { revision, token } = call.outcome;
    const [found] = eras.open(call).flatMap((truth) =>
      truth
        .of(call.key)
        .filter((change) => change.revision === revision && truth.isOwn(change))
        .map((change) => ({ truth, change, before: truth.at(call.key, revision - 1n) })),
    );
    const deleted = `${call.process} deleted ${call.key} at ${call.era}:${revision}`;
    if (found === undefined || found.change.token !== undefined || found.before?.token?.text !== token) {
      faults.push(`${deleted} with last state ${token}: there is ${textOfChange(found?.change)}`);
    } else if (call.guard !== undefined && found.change.before !== call.guard) {
      faults.push(`${deleted} conditional on ${call.guard}, it was ${found.change.before}`);
    }
    const claim = `${found?.truth.era}:${call.key}@${revision}`;
    if (claimed.has(claim)) faults.push(`two calls deleted ${claim}`);
    claimed.add(claim);
  }
  const open = [...deletes];
  for (const truth of eras.all) {
    for (const change of truth.changes) {
      if (!truth.isOwn(change) || change.token !== undefined) continue;
      if (claimed.has(`${truth.era}:${change.key}@${change.revision}`)) continue;
      const fault = faultOfUnclaimed(facts, truth, change, open);
      if (fault !== undefined) faults.push(fault);
    }
  }
  return faults;
}

/** No call reported it: the cause is a delete with an unknown outcome, a collection or a lease. */
function faultOfUnclaimed(
  { eras, recorder, leasesForced }: WorldFacts,
  truth: Truth,
  change: Change,
  open: Call[],
): string | undefined {
  const before = truth.at(change.key, change.revision - 1n);
  const author = open.findIndex(
    (call) =>
      call.key === change.key &&
      isBegun(eras, call, truth, change) &&
      (call.outcome.type === "unknown" || eras.isTakenBack(call, truth)) &&
      (call.guard === undefined || call.guard === change.before),
  );
  if (author >= 0) {
    open.splice(author, 1);
    return undefined;
  }
  const collected = recorder.calls.some(
    (call) =>
      call.kind === "deleteCollection" &&
      change.key.startsWith(call.key) &&
      isBegun(eras, call, truth, change) &&
      (call.outcome.type === "unknown" ||
        call.toEra !== truth.era ||
        change.revision <= (call.to ?? never)) &&
      before?.token?.app === "db",
  );
  if (collected) return undefined;
  if (before === undefined || before.lease === 0n)
    return `nobody deleted ${change.key} at ${truth.era}:${change.revision}`;
  const writer = recorder.calls.find(({ tokens }) => tokens.includes(before.token?.text ?? ""));
  const dueMs = (writer?.atMs ?? 0) + (writer?.ttlSeconds ?? 0) * 1000;
  if (leasesForced || change.atMs >= dueMs) return undefined;
  return `${textOfChange(before)} went at ${change.atMs} ms, its time was not over before ${dueMs} ms`;
}

/** Whether the call may have made the change. */
function isBegun(eras: Eras, call: Call, truth: Truth, change: Change): boolean {
  return eras.open(call).includes(truth) && (call.era !== truth.era || call.from < change.revision);
}
