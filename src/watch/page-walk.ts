/**
 * The objects of one page of a list, at any held position of a kind: a walk over keys, or over an index that the selector
 * names, which stops at the end of the page. `kind-reader.ts` makes values of them.
 */
import type { CachedKind } from "./fan-out/cached-kind.ts";
import type { WatchFilter } from "./fan-out/watch-filter.ts";
import type { Version } from "./state/version.ts";

/** What a page shows: the state at `position`, in key order after `after`. */
export interface PagePlace {
  readonly position: number;
  readonly revision: bigint;
  /** Exclusive; undefined: from the beginning. */
  readonly after: string | undefined;
}

/**
 * The objects of a page, up to the limit, and the number of objects in the range after a full page, matching or not. A full
 * page has a continue token when that number is not 0, as in the store, which does not read on to see whether they match.
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
