/**
 * Lists of everything a cache holds, at one version: the first state, or the difference to a state that missed changes.
 *
 *   fill      record by record into empty kinds
 *   compare   the difference to what is held, returned when all has been read; the caller applies it in one step
 *
 * The next page is requested while one is worked on, and other work gets turns in between. `feed.ts` uses it.
 */
import { channel } from "node:diagnostics_channel";
import type { KeyRange } from "../../resource/model/key-range.ts";
import type { StoredPage, StoredRecord, StoredSource } from "../../storage/seam/stored.ts";
import { cacheLimits } from "../bounds/cache-options.ts";
import type { CachedKind } from "../fan-out/cached-kind.ts";
import type { PendingGroups } from "../fan-out/pending-groups.ts";

/** For tracing: `{ since, until }`, a cache stepped from one version to another without the changes between. */
const relistChannel = channel("keelson:cache:relist");

export interface ListingParts {
  readonly source: StoredSource;
  readonly kinds: ReadonlyMap<string, CachedKind>;
  /** Called after each page. @throws when too much memory is in use */
  readonly check: () => void;
}

/** What etcd holds at `revision` and the cache does not, and the keys it still has, by kind. */
export interface Difference {
  readonly revision: bigint;
  readonly changed: readonly StoredRecord[];
  readonly present: ReadonlyMap<CachedKind, ReadonlySet<string>>;
}

/**
 * Empties all kinds and fills them.
 * @param applied the version up to which open watchers have been offered everything
 * @returns the version of the state
 */
export async function fillAll(parts: ListingParts, applied: bigint, signal: AbortSignal): Promise<bigint> {
  const { source, kinds } = parts;
  await source.prepare?.({ signal });
  for (const definition of source.kinds()) {
    kinds.get(definition.resource)?.reset(applied, definition, source.codecOf(definition));
  }
  // The kinds keep copies only, so the values may be views of the whole answer.
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
 * Applies the result of the changes missed since `since`, all at the version of the list. With earlier versions a watcher
 * could resume between two of them, before all of the difference was reported.
 *
 * Over HTTP a client sees only the objects' own versions, and resumes from the last one. So they rise, and none stands for
 * more than was reported: removals come first, under the first version after `since`, then the changed objects under their
 * own. A client that is cut off in between resumes inside the gap, from etcd's history if etcd still has it (else 410).
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
 * Every page at the version of the first, in key order. A page is requested while the one before is worked on. A large
 * range is read in parts; the first page of the next part is requested early as well.
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
  // The parts are computed while the first pages are read. If that fails, the rest is read page by page too.
  parts?.then(
    (found) => (cut = found),
    () => undefined,
  );
  const isWhole = (): boolean => cut === undefined;
  for await (const page of pagesFrom(source, first, { views, revision }, signal, isWhole)) {
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

/** The rest of `parts` after a key. */
function partsBehind(parts: readonly KeyRange[], key: string): readonly KeyRange[] {
  return parts
    .filter(({ rangeEnd }) => key < rangeEnd)
    .map((part) => (key < part.key ? part : part.after(key)));
}

/** A page and all pages after it, while `more` says so before each request. */
async function* pagesFrom(
  source: StoredSource,
  first: StoredPage,
  options: Pick<Parameters<StoredSource["page"]>[0], "views" | "revision" | "part">,
  signal: AbortSignal,
  more: () => boolean = () => true,
): AsyncGenerator<StoredPage, void> {
  for (let page: StoredPage | undefined = first; page !== undefined; ) {
    const { after, remaining }: StoredPage = page;
    const next: Promise<StoredPage> | undefined =
      after === undefined || !more()
        ? undefined
        : silently(source.page({ ...options, after, remaining }, { signal }));
    yield page;
    page = await next;
  }
}

/** Its failure is thrown where it is awaited; until then it must not count as an unhandled rejection. */
function silently<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
