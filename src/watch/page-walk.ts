/**
 * The objects of one page of a list, at any held position of a kind: a walk over keys, or over an index where the selector
 * names one, that goes no further than the page. `kind-reader.ts` makes values of them.
 */
import type { CachedKind } from "./fan-out/cached-kind.ts";
import type { WatchFilter } from "./fan-out/watch-filter.ts";
import type { Version } from "./state/version.ts";

/** Where a page is: everything it has is the state at `position`, in key order behind `after`. */
export interface PagePlace {
  readonly position: number;
  readonly revision: bigint;
  /** Exclusive; undefined: from the beginning. */
  readonly after: string | undefined;
}

/**
 * The objects of a page, up to the limit, and how many objects of the range lie behind a full one, whether they match or not.
 * As in the store, which cannot tell without reading on: a full page has a continue token when there are any.
 */
export function walkPage(
  kind: CachedKind,
  filter: WatchFilter,
  at: PagePlace,
  limit: number = Number.POSITIVE_INFINITY,
): { readonly versions: readonly Version[]; readonly behind: number } {
  const { state } = kind;
  const versions: Version[] = [];
  if (filter.key !== undefined) {
    const version = state.get(filter.key, at.position);
    const inside = at.after === undefined || filter.key > at.after;
    return {
      versions: version !== undefined && inside && filter.matches(version) ? [version] : [],
      behind: 0,
    };
  }
  const all = filter.selection.isWholeRange;
  state.scan(filter.spanAfter(at.after), at.position, filter.pick(state, filter.kind.indexes), (version) => {
    if (!all && !filter.matches(version)) return true;
    versions.push(version);
    return versions.length < limit;
  });
  const last = versions.at(-1);
  const full = last !== undefined && versions.length === limit;
  return { versions, behind: full ? state.count(filter.spanAfter(last.entry.key), at.position) : 0 };
}
