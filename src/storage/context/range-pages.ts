/**
 * Reads a key range from etcd in pages, all at the revision of the first, each about as large in bytes as one slice
 * of work. The next page is fetched while one is being decoded, so at most two are in memory, never the whole result.
 * Lists, the initial state of a watch, collections to delete and filling a cache all read this way.
 */
import { textOfKey } from "../../base/text/text-of-key.ts";
import { isStoreError } from "../../errors.ts";
import type { EtcdCall } from "../../etcd/ports/call.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { KeyValue, RangeResponse } from "../../etcd/ports/messages.ts";
import type { KeyRange } from "../../resource/model/key-range.ts";
import { limits } from "../../resource/model/limits.ts";

/** Items of the first page of a range with unknown value sizes: 1.5 MiB each would still fit a client. */
const firstPageItems = 100;
/** Target size of one page, bytes. Decoding it takes a few turns; a smaller page costs more round trips. */
const pageBytes = 1024 * 1024;
/**
 * etcd visits every key after a page to count it, so many small pages of a large range cost the square of its size
 * (1,000,000 keys in pages of 1 MiB: 500 million visits, minutes). From this many keys on, where a visit to each
 * costs etcd more than reading a page, …
 */
const largeRangeKeys = 25_000;
/** … a page has at least this part of the rest, … */
const pagesLeftMax = 32;
/** … up to this many bytes (two pages are held, and each is parsed in one step of about 4 ms) … */
const largePageBytes = 8 * 1024 * 1024;
/** … and items. */
const largePageItems = 20_000;
/** Weight of the newest page in the running average of value sizes. */
const averageWeight = 0.5;

/** Learns how many items of a kind make a page of the target size. One per kind. */
export class PageSizer {
  #averageBytes: number | undefined;

  /**
   * Items to ask for, at most `itemsMax`.
   * @param remaining keys left in the range, where known: many make the page larger
   */
  items(itemsMax: number, remaining = 0): number {
    const average = this.#averageBytes;
    if (average === undefined) return Math.min(itemsMax, firstPageItems);
    const share = remaining < largeRangeKeys ? 0 : remaining / pagesLeftMax;
    const bytes = Math.min(largePageBytes, Math.max(pageBytes, share * average));
    const most = Math.min(largePageItems, Math.max(limits.readPageItemsMax, share));
    return Math.min(itemsMax, Math.max(1, Math.floor(Math.min(bytes / average, most))));
  }

  learn(kvs: readonly KeyValue[]): void {
    if (kvs.length === 0) return;
    let bytes = 0;
    for (const kv of kvs) bytes += kv.value.byteLength + kv.key.byteLength;
    const average = bytes / kvs.length;
    this.#averageBytes =
      this.#averageBytes === undefined
        ? average
        : this.#averageBytes + averageWeight * (average - this.#averageBytes);
  }
}

/**
 * Keys and values may be views of the whole response: only for callers that keep none of them once the page after the
 * next arrives.
 */
export interface RangePage {
  readonly kvs: readonly KeyValue[];
  /** The revision at which every page of this walk is read. */
  readonly revision: bigint;
  /** Keys after this page at that revision. */
  readonly remaining: number;
}

export interface RangeWalk {
  readonly range: KeyRange;
  /** One key of the range, instead of all. */
  readonly key?: string | undefined;
  /** Begin after this key. */
  readonly after?: string | undefined;
  /** 0n: latest. */
  readonly revision: bigint;
  readonly serializable: boolean;
  /** Items wanted from now on, read before each page; Infinity for all. A walk that wants none ends. */
  readonly wanted: () => number;
  /** No values: keys, versions and leases alone. */
  readonly keysOnly?: boolean | undefined;
  /** Fetch the next page while this one is processed: only for walks that will surely want it. */
  readonly ahead: boolean;
}

/** All of a range as it is now, processed page by page, each before the next is fetched. */
export function wholeWalk(range: KeyRange): RangeWalk {
  const wanted = (): number => Number.POSITIVE_INFINITY;
  return { range, revision: 0n, serializable: false, wanted, ahead: false };
}

/** The pages of a range until its end, or until no more are wanted. */
export async function* rangePages(
  kv: Pick<Kv, "range">,
  sizer: PageSizer,
  walk: RangeWalk,
  call: EtcdCall,
): AsyncGenerator<RangePage, void, undefined> {
  let { revision } = walk;
  if (walk.key !== undefined && walk.after !== undefined && walk.after >= walk.key) return;
  let range = walk.after === undefined ? walk.range : walk.range.after(walk.after);
  let remaining = 0;
  const read = (serializable: boolean): Promise<RangeResponse> =>
    kv.range(
      {
        ...(walk.key === undefined ? { key: range.key, rangeEnd: range.rangeEnd } : { key: walk.key }),
        limit: sizer.items(walk.wanted(), remaining),
        revision,
        serializable,
        ...(walk.keysOnly === true ? { keysOnly: true } : {}),
        // Each page is processed and released.
        views: true,
      },
      call,
    );
  const fetch = async (): Promise<RangeResponse> => {
    try {
      return await read(walk.serializable);
    } catch (error) {
      // The responding member is behind the first page's revision; a quorum read cannot be.
      if (!walk.serializable || revision === 0n || !isStoreError(error, "FUTURE_VERSION")) throw error;
      return await read(false);
    }
  };
  let pending: Promise<RangeResponse> | undefined = fetch();
  try {
    while (pending !== undefined) {
      const reply: RangeResponse = await pending;
      pending = undefined;
      if (revision === 0n) revision = reply.header.revision;
      sizer.learn(reply.kvs);
      remaining = Number(reply.count) - reply.kvs.length;
      const last = reply.kvs.at(-1);
      const goesOn = reply.more && last !== undefined;
      if (goesOn) range = range.after(textOfKey(last.key));
      if (goesOn && walk.ahead) {
        pending = fetch();
        // It may fail while this page is still processed: only the caller that awaits it gets the failure.
        pending.catch(() => undefined);
      }
      yield {
        kvs: reply.kvs,
        revision,
        remaining,
      };
      if (goesOn && pending === undefined && walk.wanted() > 0) pending = fetch();
    }
  } finally {
    // The walk ended early: the response still under way has no reader.
    pending?.catch(() => undefined);
  }
}
