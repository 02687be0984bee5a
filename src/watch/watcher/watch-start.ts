/**
 * The version a watcher of a cache begins at.
 *
 *   from a version         that version, once the cache has reached it
 *   from now               after everything this process wrote before the call, before everything it writes later
 *   with initial events    the version of the state they show, as fresh as was asked for
 */
import type { CallScope } from "../../base/call.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import { subjectOf } from "../../resource/objects/read-errors.ts";
import type { ParsedWatchOptions } from "../../resource/options/read-options.ts";
import type { CachedKind } from "../fan-out/cached-kind.ts";
import type { Feed } from "../feed/feed.ts";
import type { FreshReads } from "../freshness/fresh-reads.ts";

export interface WatchStartParts {
  readonly feed: Feed;
  readonly fresh: FreshReads;
  readonly kind: CachedKind;
  /** A version not before anything this process wrote before the call. */
  readonly seen: bigint;
  readonly options: ParsedWatchOptions;
}

/** @throws NOT_READY while the kind is not filled, or when the cache lags behind the version asked for; FUTURE_VERSION */
export function startOf(parts: WatchStartParts, scope: CallScope): Promise<bigint> {
  return parts.options.initial === undefined ? startRevision(parts, scope) : initialRevision(parts, scope);
}

async function startRevision(parts: WatchStartParts, scope: CallScope): Promise<bigint> {
  const { feed, fresh, kind, options, seen } = parts;
  const { fromRevision } = options;
  if (fromRevision === undefined) {
    if (seen > feed.applied) return seen;
    return feed.applied;
  }
  if (
    fromRevision > feed.applied &&
    !(await fresh.notOlderThan(
      fromRevision,
      scope,
      subjectOf(kind.definition, { namespace: options.selection.namespace }),
    ))
  ) {
    throw feed.notReady(`watch ${kind.definition.resource} from version ${fromRevision}`);
  }
  return fromRevision;
}

async function initialRevision(parts: WatchStartParts, scope: CallScope): Promise<bigint> {
  const { feed, fresh, kind, options, seen } = parts;
  const { initial, initialMinRevision: min } = options;
  let fits = true;
  if (initial?.consistency === "linearizable") fits = await fresh.linearizable(scope);
  else if (initial !== undefined && "revision" in initial) {
    fits = await fresh.notOlderThan(
      initial.revision,
      scope,
      subjectOf(kind.definition, { namespace: options.selection.namespace }),
    );
  } else if (seen > feed.applied)
    fits = await fresh.notOlderThan(
      seen,
      scope,
      subjectOf(kind.definition, { namespace: options.selection.namespace }),
    );
  if (fits && min !== undefined)
    fits = await fresh.notOlderThan(
      min,
      scope,
      subjectOf(kind.definition, { namespace: options.selection.namespace }),
    );
  if (!feed.covers(kind)) throw feed.notReady(`watch ${kind.definition.resource}`);
  if (fits) return feed.applied;
  // The cache lags, or cannot know whether it does: the state comes from etcd, later changes from the cache.
  return untilAborted(fresh.current(), scope.signal);
}
