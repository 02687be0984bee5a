/**
 * Lists: one state at one version, read in pages, decoded in slices.
 *
 *   range page (by bytes) ─► open ─► selector on the head alone ─► project what matches
 *        ▲ next page already under way                              │ until limit or end
 *        └───────────────────────────────────────────────────────────┘
 *
 * Every page of a list is read at the version of the first one, which the continue token carries. With a limit and a
 * selector the reads grow until the page is full. Memory: two raw pages and the result, never the whole reply.
 */
import { CallScope } from "../../base/call.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { KeyRange } from "../../resource/model/key-range.ts";
import { limits } from "../../resource/model/limits.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { subjectOf } from "../../resource/objects/read-errors.ts";
import type { ParsedListOptions } from "../../resource/options/read-options.ts";
import type { Selection } from "../../resource/select/selection.ts";
import { awaitRevision } from "../context/freshness.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { rangePages } from "../context/range-pages.ts";
import { headOf, openRecord } from "../context/records.ts";
import type { StorageContext } from "../context/storage-context.ts";
import {
  decodeContinueToken,
  encodeContinueToken,
  type TokenPosition,
  type TokenScope,
} from "../seam/continue-token.ts";
import type { StoredRecord } from "../seam/stored.ts";

/** Records decoded between two checks of the turn budget. */
const lookEvery = 8;
/** Compactions are minutes apart: several during one list mean that no list of this size can complete. */
const walkRestartsMax = 3;
/** etcd cancels a compacted watch within about 100 ms; an expired list waits this long for the compacted revision. */
const compactedWaitMs = 1_000;

export interface ListOutcome<V> {
  readonly items: readonly V[];
  readonly resourceVersion: string;
  readonly continueToken?: string | undefined;
  readonly remainingItemCount?: number | undefined;
}

/** A checked list, and its key range. */
export interface ListPlan extends ParsedListOptions {
  readonly range: KeyRange;
  /** The one key that can match; undefined: the range is walked. */
  readonly key: string | undefined;
}

export function planList(handle: KindHandle, options: ParsedListOptions): ListPlan {
  const { selection } = options;
  return {
    ...options,
    range: handle.context.keys.range(handle.definition, selection.namespace),
    key: onlyKey(handle, selection),
  };
}

/** The only key a selection can match; undefined when there may be several. */
export function onlyKey(handle: KindHandle, { namespace, name }: Selection): string | undefined {
  if (name === undefined) return undefined;
  if (handle.definition.scope === "Cluster") return handle.context.keys.object(handle.definition, { name });
  return namespace === undefined
    ? undefined
    : handle.context.keys.object(handle.definition, { namespace, name });
}

/** The history of a walk: all its pages belong to it, or the walk starts over. */
interface WalkEra {
  readonly generation: number;
  /** The scope of the tokens it gives. */
  readonly epoch: string;
}

/** The start of a walk and the version that it is pinned to. */
interface Start {
  /** 0n: latest. */
  readonly revision: bigint;
  /** Full key of the last object given; undefined: from the beginning. */
  readonly after: string | undefined;
}

/**
 * One page of a list, or all of it.
 * @param project converts a record for the caller; may throw CORRUPT_OBJECT
 * @throws EXPIRED with details.continueToken, INVALID_TOKEN, FUTURE_VERSION, CORRUPT_OBJECT
 */
export async function listObjects<V>(
  handle: KindHandle,
  plan: ListPlan,
  project: (record: StoredRecord) => V,
  scope: CallScope,
): Promise<ListOutcome<V>> {
  const { context } = handle;
  const begun = eraOf(context);
  const start = await startOf(handle, plan, scope);
  const pinned = start.revision !== 0n;
  for (let restarts = 0; ; restarts++) {
    const era = pinned ? begun : eraOf(context);
    try {
      const page = await walk(handle, plan, start, era, project, scope);
      if (!isBelowFloor(plan, page)) return page;
      // A restore in between: the version that the store had reached is ahead of it again.
      await startOf(handle, plan, scope);
    } catch (error) {
      const replaced = context.etcd.history.generation !== era.generation;
      if (replaced && isStoreError(error, "EXPIRED", "UNAVAILABLE", "FUTURE_VERSION")) {
        if (pinned) throw await expiredPage(handle, plan, start, "restored", scope, error);
        if (restarts < walkRestartsMax) continue;
      }
      // A compaction overtook a walk of the latest state: no result was returned yet, so it starts over.
      const overtaken = start.revision === 0n && isStoreError(error, "EXPIRED");
      if (overtaken && error.details.reason !== "restored" && restarts < walkRestartsMax) continue;
      throw await explained(handle, plan, start, error, scope);
    }
  }
}

function isBelowFloor({ freshness, continueToken }: ListPlan, page: ListOutcome<unknown>): boolean {
  if (continueToken !== undefined || freshness.consistency !== "notOlderThan") return false;
  return BigInt(page.resourceVersion) < freshness.revision;
}

async function walk<V>(
  handle: KindHandle,
  plan: ListPlan,
  start: Start,
  era: WalkEra,
  project: (record: StoredRecord) => V,
  scope: CallScope,
): Promise<ListOutcome<V>> {
  const { context } = handle;
  const { selection, limit, onCorrupt } = plan;
  const items: V[] = [];
  let growth = 1;
  const wanted = (): number => {
    if (limit === undefined) return Number.POSITIVE_INFINITY;
    // Without a selector every key read is an item; with a selector, each further read is twice as large.
    return selection.isWholeRange ? limit - items.length : Math.min(limit * growth, limits.readPageItemsMax);
  };
  const pages = rangePages(
    context.etcd.kv,
    handle.sizer,
    {
      range: plan.range,
      key: plan.key,
      after: start.after,
      revision: start.revision,
      serializable: plan.freshness.consistency === "any" && start.revision === 0n,
      wanted,
      ahead: limit === undefined,
    },
    { signal: scope.signal },
  );
  // A selector reads heads only: the body of a sealed value is opened on request.
  const part = selection.isWholeRange ? undefined : ({ part: "head" } as const);
  let revision = start.revision;
  let worked = 0;
  for await (const page of pages) {
    if (context.etcd.history.generation !== era.generation) throw replacedUnderWay();
    revision = page.revision;
    for (const [at, kv] of page.kvs.entries()) {
      if (worked++ % lookEvery === 0) {
        scope.throwIfEnded();
        await context.turns.pause();
      }
      const opened = openRecord(handle, kv, part);
      const record = opened instanceof Promise ? await untilAborted(opened, scope.signal) : opened;
      if (record === undefined) continue;
      try {
        if (
          !selection.isWholeRange &&
          !selection.matches(headOf(handle.definition, handle.codec, record, "selected"))
        )
          continue;
        items.push(project(record));
      } catch (error) {
        if (onCorrupt === undefined || !isStoreError(error, "CORRUPT_OBJECT")) throw error;
        context.counters.count(error);
        onCorrupt(error);
        continue;
      }
      if (items.length === limit) {
        const behind = page.remaining + page.kvs.length - at - 1;
        return finish(handle, plan, items, era, { revision, after: record.key, behind }, scope);
      }
    }
    growth *= 2;
  }
  return finish(handle, plan, items, era, { revision, after: undefined, behind: 0 }, scope);
}

function eraOf({ etcd, epoch }: StorageContext): WalkEra {
  return { generation: etcd.history.generation, epoch: epoch.id };
}

function replacedUnderWay(): StoreError<"EXPIRED"> {
  return new StoreError("EXPIRED", "Cannot go on with the list: the store's history was replaced", {
    reason: "restored",
  });
}

async function finish<V>(
  handle: KindHandle,
  plan: ListPlan,
  items: readonly V[],
  { epoch }: WalkEra,
  end: { readonly revision: bigint; readonly after: string | undefined; readonly behind: number },
  scope: CallScope,
): Promise<ListOutcome<V>> {
  const resourceVersion = formatResourceVersion(end.revision);
  if (end.after === undefined || end.behind <= 0) return { items, resourceVersion };
  const position = { epoch, revision: end.revision, after: end.after };
  const continueToken = await tokenFor(handle, plan, position, scope);
  return {
    items,
    resourceVersion,
    continueToken,
    ...(plan.selection.isWholeRange ? { remainingItemCount: end.behind } : {}),
  };
}

async function startOf(handle: KindHandle, plan: ListPlan, scope: CallScope): Promise<Start> {
  const { context } = handle;
  const { continueToken, freshness } = plan;
  if (continueToken !== undefined) {
    const position = decodeContinueToken(
      await untilAborted(context.continueKey.all(), scope.signal),
      tokenScope(handle, plan),
      continueToken,
    );
    const start = { revision: position.revision, after: position.after };
    if (position.epoch !== context.epoch.id && position.revision !== 0n) {
      throw await expiredPage(handle, plan, start, "epoch", scope);
    }
    return start;
  }
  const subject = subjectOf(handle.definition, { namespace: plan.selection.namespace });
  switch (freshness.consistency) {
    case "linearizable":
    case "any":
      return { revision: 0n, after: undefined };
    case "notOlderThan":
      await awaitRevision(context, freshness.revision, scope, subject);
      return { revision: 0n, after: undefined };
    case "exact":
      await awaitRevision(context, freshness.revision, scope, subject);
      return { revision: freshness.revision, after: undefined };
  }
}

/** Converts a failure of etcd into the error that a list reports. */
async function explained(
  handle: KindHandle,
  plan: ListPlan,
  start: Start,
  error: unknown,
  scope: CallScope,
): Promise<unknown> {
  if (isStoreError(error, "EXPIRED")) {
    const { reason = "compacted", compacted = await compactedUpTo(handle, plan, start.revision, scope) } =
      error.details;
    return expiredPage(handle, plan, start, reason, scope, error, compacted);
  }
  // A token cannot be ahead of the store that gave it: the store was set back.
  if (isStoreError(error, "FUTURE_VERSION") && plan.continueToken !== undefined) {
    return expiredPage(handle, plan, start, "restored", scope, error);
  }
  return error;
}

async function expiredPage(
  handle: KindHandle,
  plan: ListPlan,
  start: Start,
  reason: NonNullable<StoreError<"EXPIRED">["details"]["reason"]>,
  scope: CallScope,
  cause?: StoreError,
  compacted?: string,
): Promise<StoreError<"EXPIRED">> {
  const { resource } = handle.definition;
  return new StoreError(
    "EXPIRED",
    `Cannot list ${resource} ${start.revision === 0n ? "at its first page's version" : `at version ${start.revision}`}: ${
      reason === "compacted" ? "it has been compacted" : "the store's history was replaced"
    }`,
    {
      ...subjectOf(handle.definition, { namespace: plan.selection.namespace }),
      reason,
      compacted,
      continueToken:
        start.after === undefined
          ? undefined
          : await tokenFor(
              handle,
              plan,
              { epoch: handle.context.epoch.id, revision: 0n, after: start.after },
              scope,
            ),
    },
    cause === undefined ? undefined : { cause },
  );
}

/** The compacted revision, which etcd reports only to a watch from before it; undefined when it reports late. */
async function compactedUpTo(
  handle: KindHandle,
  { range }: ListPlan,
  revision: bigint,
  scope: CallScope,
): Promise<string | undefined> {
  if (revision === 0n) return undefined;
  const { etcd, clock } = handle.context;
  using wait = new CallScope(
    { ...scope.rest(), timeoutMs: Math.max(1, Math.min(compactedWaitMs, scope.remainingMs())) },
    clock,
    "ask for the compacted revision",
  );
  try {
    await using watch = etcd.watches.open(
      { key: range.key, startRevision: revision },
      { signal: wait.signal },
    );
    await untilAborted(watch.ready(), wait.signal);
  } catch (error) {
    if (isStoreError(error, "EXPIRED")) return error.details.compacted;
  }
  return undefined;
}

async function tokenFor(
  handle: KindHandle,
  plan: ListPlan,
  position: TokenPosition,
  scope: CallScope,
): Promise<string> {
  const key = await untilAborted(handle.context.continueKey.get(), scope.signal);
  return encodeContinueToken(key, tokenScope(handle, plan), position);
}

function tokenScope(handle: KindHandle, plan: ListPlan): TokenScope {
  return {
    prefix: handle.context.keys.prefix,
    resource: handle.definition.resource,
    selection: plan.selection.text,
  };
}
