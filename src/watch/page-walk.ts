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

/** The objects of a page, up to the limit, and whether others follow. */
export function walkPage(
  kind: CachedKind,
  filter: WatchFilter,
  at: PagePlace,
  limit: number = Number.POSITIVE_INFINITY,
): { readonly versions: readonly Version[]; readonly more: boolean } {
  const { state } = kind;
  const versions: Version[] = [];
  let more = false;
  if (filter.key !== undefined) {
    const version = state.get(filter.key, at.position);
    const inside = at.after === undefined || filter.key > at.after;
    return { versions: version !== undefined && inside && filter.matches(version) ? [version] : [], more };
  }
  const all = filter.selection.isWholeRange;
  state.scan(filter.spanAfter(at.after), at.position, filter.pick(state, filter.kind.indexes), (version) => {
    if (!all && !filter.matches(version)) return true;
    if (versions.length >= limit) {
      more = true;
      return false;
    }
    versions.push(version);
    return true;
  });
  return { versions, more };
}

/** Objects in the range behind `last` at `position`. */
export function countBehind(kind: CachedKind, filter: WatchFilter, position: number, last: Version): number {
  return kind.state.count(filter.spanAfter(last.entry.key), position);
}
