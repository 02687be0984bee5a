/**
 * Everything a cache holds, listed at one version: the first state, or what has become of a state that missed changes.
 *
 *   fill      record by record into empty kinds
 *   compare   the difference to what is held, reported when all has been read and applied by the caller in one step
 *
 * The next page is asked for while one is worked on, and the event loop gets its turns in between. `feed.ts` uses it.
 */
import { channel } from "node:diagnostics_channel";
import type { KeyRange } from "../../resource/model/key-range.ts";
import type { StoredPage, StoredRecord, StoredSource } from "../../storage/seam/stored.ts";
import { cacheLimits } from "../bounds/cache-options.ts";
import type { CachedKind } from "../fan-out/cached-kind.ts";
import type { PendingGroups } from "../fan-out/pending-groups.ts";

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
 *
 * Over HTTP a client sees the objects' versions alone, and resumes from the last one. So these rise, and none of them stands for
 * more than was told: what has vanished comes first, under the first version after `since`, then the rest by its own. Who is
 * cut off on the way resumes inside the gap, where etcd's history serves, or nothing does (410).
 */
export function applyDifference(
  kinds: ReadonlyMap<string, CachedKind>,
  { revision, changed, present }: Difference,
  since: bigint,
  pending: PendingGroups,
): void {
  const gap = { since, until: revision };
  for (const [kind, keys] of present) {
    const vanished: string[] = [];
    kind.state.forEachLatest((version) => {
      if (!keys.has(version.entry.key)) vanished.push(version.entry.key);
    });
    const shown = since < revision ? since + 1n : revision;
    for (const key of vanished) kind.remove(revision, key, shown, pending);
  }
  for (const record of changed) kinds.get(record.kind.resource)?.put(revision, record, pending);
  for (const kind of present.keys()) kind.skipTo(gap);
  if (relistChannel.hasSubscribers) relistChannel.publish(gap);
}

/** @param views values may be views of the whole answer */
async function eachRecord(
  { source, check }: ListingParts,
  signal: AbortSignal,
  views: boolean,
  visit: (record: StoredRecord) => void,
): Promise<bigint> {
  let looked = 0;
  let revision = 0n;
  for await (const page of allPages(source, views, signal)) {
    revision = page.revision;
    for (const record of page.records) {
      if (looked++ % cacheLimits.lookEvery === 0) await source.turns.pause();
      visit(record);
    }
    signal.throwIfAborted();
    check();
  }
  return revision;
}

/**
 * Every page at the version of the first, in key order. A page is asked for while the one before is worked on; of a large
 * range, read in parts, the first page of the next part as well.
 */
async function* allPages(
  source: StoredSource,
  views: boolean,
  signal: AbortSignal,
): AsyncGenerator<StoredPage, void> {
  const first = await source.page({ views }, { signal });
  const { revision, remaining = 0 } = first;
  const parts = first.after === undefined ? undefined : source.parts?.(first.after, remaining, { signal });
  let cut: readonly KeyRange[] | undefined;
  let reached: string | undefined;
  // Found out while the first pages are read; where it fails, all of them are read like these.
  parts?.then(
    (found) => (cut = found),
    () => undefined,
  );
  const goesOn = (): boolean => cut === undefined;
  for await (const page of pagesFrom(source, first, { views, revision }, signal, goesOn)) {
    reached = page.after;
    yield page;
  }
  if (cut === undefined || reached === undefined) return;
  const begun: Promise<StoredPage>[] = [];
  const ranges = partsBehind(cut, reached);
  for (const [at, part] of ranges.entries()) {
    for (const [ahead, next] of ranges.slice(at, at + 2).entries()) {
      begun[at + ahead] ??= silently(source.page({ views, revision, part: next }, { signal }));
    }
    const page = await begun[at];
    if (page !== undefined) yield* pagesFrom(source, page, { views, revision, part }, signal);
  }
}

/** What is left of `parts` behind a key. */
function partsBehind(parts: readonly KeyRange[], key: string): readonly KeyRange[] {
  return parts
    .filter(({ rangeEnd }) => key < rangeEnd)
    .map((part) => (key < part.key ? part : part.after(key)));
}

/** A page and all behind it, while `goesOn`: asked before each page that is asked for. */
async function* pagesFrom(
  source: StoredSource,
  first: StoredPage,
  options: Pick<Parameters<StoredSource["page"]>[0], "views" | "revision" | "part">,
  signal: AbortSignal,
  goesOn: () => boolean = () => true,
): AsyncGenerator<StoredPage, void> {
  for (let page: StoredPage | undefined = first; page !== undefined; ) {
    const { after, remaining }: StoredPage = page;
    const next: Promise<StoredPage> | undefined =
      after === undefined || !goesOn()
        ? undefined
        : silently(source.page({ ...options, after, remaining }, { signal }));
    yield page;
    page = await next;
  }
}

/** The caller that awaits it gets its failure; until then it must not be an unhandled rejection. */
function silently<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
