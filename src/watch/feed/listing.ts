/**
 * Everything a cache holds, listed at one version: the first state, or what has become of a state that missed changes.
 *
 *   fill      record by record into empty kinds
 *   compare   the difference to what is held, reported when all has been read and applied by the caller in one step
 *
 * The next page is asked for while one is worked on, and the event loop gets its turns in between. `feed.ts` uses it.
 */
import { channel } from "node:diagnostics_channel";
import type { StoredRecord, StoredSource } from "../../storage/seam/stored.ts";
import { cacheLimits } from "../bounds/cache-options.ts";
import type { CachedKind } from "../fan-out/cached-kind.ts";

/** For tracing: `{ since, until }`, a cache has gone from one version to another without what was between. */
const relistChannel = channel("keelson:cache:relist");

export interface ListingParts {
  readonly source: StoredSource;
  readonly kinds: ReadonlyMap<string, CachedKind>;
  /** Looks at the memory in use after each page. @throws when it is too much */
  readonly check: () => void;
}

/** What etcd holds at `revision` and the cache does not, and the keys it still has, by kind. */
export interface Difference {
  readonly revision: bigint;
  readonly changed: readonly StoredRecord[];
  readonly present: ReadonlyMap<CachedKind, ReadonlySet<string>>;
}

/**
 * Fills all kinds anew.
 * @param applied what watchers that are not ended have everything up to
 * @returns the version of the state
 */
export async function fillAll(parts: ListingParts, applied: bigint, signal: AbortSignal): Promise<bigint> {
  const { source, kinds } = parts;
  await source.prepare?.({ signal });
  for (const definition of source.kinds()) {
    kinds.get(definition.resource)?.reset(applied, definition, source.codecOf(definition));
  }
  // Of a record nothing is kept but copies.
  return eachRecord(parts, signal, true, (record) => kinds.get(record.kind.resource)?.fill(record));
}

export async function compareAll(parts: ListingParts, signal: AbortSignal): Promise<Difference> {
  const present = new Map<CachedKind, Set<string>>();
  for (const kind of parts.kinds.values()) present.set(kind, new Set());
  const changed: StoredRecord[] = [];
  const revision = await eachRecord(parts, signal, false, (record) => {
    const kind = parts.kinds.get(record.kind.resource);
    if (kind === undefined) return;
    present.get(kind)?.add(record.key);
    if (kind.state.latest(record.key)?.modRevision !== record.modRevision) changed.push(record);
  });
  changed.sort((a, b) => (a.modRevision < b.modRevision ? -1 : a.modRevision > b.modRevision ? 1 : 0));
  return { revision, changed, present };
}

/**
 * Applies what was missed since `since` as what it led to, all of it at the version of the list. Earlier versions would
 * be places to resume from before all of the difference was reported.
 */
export function applyDifference(
  kinds: ReadonlyMap<string, CachedKind>,
  { revision, changed, present }: Difference,
  since: bigint,
): void {
  const gap = { since, until: revision };
  for (const record of changed) kinds.get(record.kind.resource)?.put(revision, record);
  for (const [kind, keys] of present) {
    const vanished: string[] = [];
    kind.state.forEachLatest((version) => {
      if (!keys.has(version.entry.key)) vanished.push(version.entry.key);
    });
    for (const key of vanished) kind.remove(revision, key);
    kind.skipTo(gap);
  }
  if (relistChannel.hasSubscribers) relistChannel.publish(gap);
}

/** @param views values may be views of the whole answer */
async function eachRecord(
  { source, check }: ListingParts,
  signal: AbortSignal,
  views: boolean,
  visit: (record: StoredRecord) => void,
): Promise<bigint> {
  let page = await source.page({ views }, { signal });
  const { revision } = page;
  let looked = 0;
  for (;;) {
    const { after, records, remaining } = page;
    const next =
      after === undefined ? undefined : source.page({ views, after, revision, remaining }, { signal });
    // The caller that awaits it gets its failure; until then it must not be an unhandled rejection.
    next?.catch(() => undefined);
    for (const record of records) {
      if (looked++ % cacheLimits.lookEvery === 0) await source.turns.pause();
      visit(record);
    }
    signal.throwIfAborted();
    check();
    if (next === undefined) return revision;
    page = await next;
  }
}
