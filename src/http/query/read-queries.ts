/**
 * The query of a GET, list or watch request as options of a reader, by Kubernetes' tables. Pure; unknown parameters are
 * ignored, the namespace comes from the path.
 *
 *   get     rv ""            linearizable            list   rv ""                 linearizable
 *           rv "0"           any                            rv "0"                any
 *           rv N             notOlderThan N                 rv N                  notOlderThan N; with a limit: exact N
 *                                                           rv N, match M         M N
 *   watch   rv ""            initial events          sendInitialEvents=true       initial events, not older than rv
 *           rv "0"           initial events, any     sendInitialEvents=false      none: after rv, or from now
 *           rv N             events after N
 *
 * Without `bookmarks` an API server sends no BOOKMARKs, because old clients do not know them.
 */
import { invalidArgument } from "../../errors.ts";
import type { ListOptions } from "../../resource/contract/reader.ts";
import type { ReadFreshness } from "../../resource/contract/scope.ts";
import type { WatchOptions } from "../../resource/contract/watch.ts";
import { countOf, flagOf, given, matchOf, textOf, timeoutOf, versionOf } from "./query-values.ts";

/** Options of `get`. @throws INVALID_ARGUMENT */
export function getQuery(query: URLSearchParams): {
  /** Freshness; absent: linearizable. */
  read?: ReadFreshness;
} {
  const read = freshnessOf(versionOf(query), "notOlderThan");
  return read === undefined ? {} : { read };
}

/** Options of `list`. @throws INVALID_ARGUMENT, also for invalid combinations */
export function listQuery(query: URLSearchParams): ListOptions {
  const version = versionOf(query);
  const match = matchOf(query);
  const limit = countOf(query, "limit");
  const continueToken = textOf(query, "continue");
  if (query.has("sendInitialEvents")) {
    throw invalidArgument("sendInitialEvents", "Cannot list with sendInitialEvents: it is for watches");
  }
  if (match !== undefined && continueToken !== undefined) {
    throw refusedMatch("with continue: the token fixes the version");
  }
  if (match !== undefined && version === undefined) throw refusedMatch("without resourceVersion");
  if (match === "Exact" && version === "0") {
    throw refusedMatch('"Exact" with resourceVersion "0": it stands for any version');
  }
  if (continueToken !== undefined && version !== undefined && version !== "0") {
    throw invalidArgument(
      "resourceVersion",
      "Cannot list with resourceVersion and continue: the token fixes the version",
    );
  }
  const fieldSelector = textOf(query, "fieldSelector");
  const pinned = limit !== undefined && !selectsOneName(fieldSelector);
  const consistency = match === "Exact" || (match === undefined && pinned) ? "exact" : "notOlderThan";
  return given<ListOptions>({
    labelSelector: textOf(query, "labelSelector"),
    fieldSelector,
    limit,
    continueToken,
    read: continueToken === undefined ? freshnessOf(version, consistency) : undefined,
    timeoutMs: timeoutOf(query),
  });
}

/** Options of `watch`. @throws INVALID_ARGUMENT, also for invalid combinations */
export function watchQuery(query: URLSearchParams): WatchOptions {
  const version = versionOf(query);
  const match = matchOf(query);
  const sendInitialEvents = flagOf(query, "sendInitialEvents");
  if (sendInitialEvents === undefined && match !== undefined) {
    throw refusedMatch("in a watch without sendInitialEvents");
  }
  if (sendInitialEvents !== undefined && match !== "NotOlderThan") {
    throw invalidArgument(
      "resourceVersionMatch",
      'Cannot watch with sendInitialEvents: expected resourceVersionMatch "NotOlderThan" beside it',
    );
  }
  if (match !== undefined && query.get("continue")) throw refusedMatch("with continue");
  const named = version === "0" ? undefined : version;
  // Without sendInitialEvents, a watch without a version begins with the current state, as in older Kubernetes.
  const wantsState = sendInitialEvents ?? named === undefined;
  return given<WatchOptions>({
    labelSelector: textOf(query, "labelSelector"),
    fieldSelector: textOf(query, "fieldSelector"),
    resourceVersion: named,
    sendInitialEvents: wantsState ? true : undefined,
    read: wantsState && version === "0" ? { consistency: "any" } : undefined,
    bookmarks: flagOf(query, "allowWatchBookmarks") ? true : undefined,
    timeoutMs: timeoutOf(query),
  });
}

function freshnessOf(
  version: string | undefined,
  consistency: "notOlderThan" | "exact",
): ReadFreshness | undefined {
  if (version === undefined) return undefined;
  return version === "0" ? { consistency: "any" } : { consistency, resourceVersion: version };
}

/** Kubernetes treats a list of one object by name as a get: a limit does not make it exact. */
function selectsOneName(fieldSelector: string | undefined): boolean {
  return fieldSelector !== undefined && /(?:^|,)\s*metadata\.name\s*==?[^=]/.test(fieldSelector);
}

function refusedMatch(why: string): Error {
  return invalidArgument("resourceVersionMatch", `Cannot use resourceVersionMatch ${why}`);
}
