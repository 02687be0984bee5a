/**
 * The options of a cache, its bounds with unit and reason, and its statistics.
 */
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { invalidArgument } from "../../errors.ts";
import type { Kind } from "../../resource/model/kind.ts";

/** What `createWatchCache` and `withCaches` take; docs/cache.md has the bounds and what lies beyond them. */
export interface CacheOptions {
  /** Only for a reader that is not keelson's own: which kind it reads, for its fields and indexes. */
  readonly kind?: Kind | undefined;
  /**
   * Bytes of everything held: objects, history, indexes, decoded objects, views. Default 1 GiB. When the objects
   * themselves do not fit, the cache is not ready (NOT_READY) rather than larger.
   */
  readonly budgetBytes?: number | undefined;
  /** Part of the budget for decoded objects and views. Default a quarter: more saves decoding. 0 keeps none. */
  readonly decodedBytes?: number | undefined;
  /** How long past versions are held, milliseconds; at least 75,000, the default (a bookmark's minute and 15 s). */
  readonly historyMs?: number | undefined;
  /** Part of the budget for history; default a quarter. Beyond it the oldest goes first, whatever its age. */
  readonly historyBytes?: number | undefined;
  /**
   * Objects handed out are frozen, deeply. Default true (about 1 µs for an object of 1 KiB, up to a fifth of decoding it). What the
   * cache has to read from etcd is frozen as the store's own `freeze` says.
   */
  readonly freeze?: boolean | undefined;
  /** Between two bookmarks of an idle watch, milliseconds; default 60,000, at least 100. */
  readonly bookmarkIntervalMs?: number | undefined;
  /** Between two comparisons with etcd, milliseconds, +50 % jitter; default 300,000. false: none. */
  readonly selfCheckIntervalMs?: number | false | undefined;
}

export const cacheNames: NamesOf<CacheOptions> = {
  kind: "object",
  budgetBytes: "number",
  decodedBytes: "number",
  historyMs: "number",
  historyBytes: "number",
  freeze: "boolean",
  bookmarkIntervalMs: "number",
  selfCheckIntervalMs: "countOrFalse",
};

/** Checked options with every default filled in. */
export interface CacheBounds {
  readonly budgetBytes: number;
  readonly decodedBytes: number;
  readonly historyMs: number;
  readonly historyBytes: number;
  readonly freeze: boolean;
  readonly bookmarkIntervalMs: number;
  readonly selfCheckIntervalMs: number | false;
}

/** Bounds without an option; docs/cache.md has the same table. */
export const cacheLimits = {
  /** A read waits this long for the cache to catch up (Kubernetes: 3 s). */
  freshWaitMs: 3_000,
  /** Progress is requested this often while a read waits (etcd's sync loop runs every 100 ms). */
  progressEveryMs: 100,
  /** How long a caller should wait before it tries again. */
  retryAfterMs: 1_000,
  /** Lists and gets sent to etcd at a time, for one cache: the rest wait, or join an equal one. */
  etcdReadsMax: 4,
  /** Distinct reads waiting for etcd; beyond it NOT_READY. */
  etcdReadsWaitingMax: 64,
  /** Failures of etcd in a row after which no read is sent for `breakerOpenMs`. */
  breakerFailures: 3,
  /** Milliseconds. */
  breakerOpenMs: 1_000,
  /** Waits between tries of a broken source, milliseconds. */
  retryFirstMs: 100,
  retryMaxMs: 30_000,
  /** Between two openings of a watch that stays silent, milliseconds: an overloaded etcd must not get more and more of them. */
  reopenFirstMs: 10_000,
  reopenMaxMs: 60_000,
  /** Objects decoded or applied between two looks at the clock. */
  lookEvery: 16,
  /** Initial events and replayed changes handed over at a time. */
  pullEventsMax: 512,
  /** Changes a parked watcher looks at in one pull before other work gets a turn. */
  pullChangesMax: 8_192,
  /** Lagging watchers listed one by one in stats. */
  laggingListedMax: 100,
} as const;

const defaultBudgetBytes = 1024 ** 3;
const historyMsMin = 75_000;

/**
 * @param names the options taken, where they are more than those of one cache
 * @throws INVALID_ARGUMENT
 */
export function parseCacheOptions(
  options: CacheOptions = {},
  names: NamesOf<CacheOptions> = cacheNames,
): CacheBounds {
  checkOptions(options, "create the cache", names);
  const budgetBytes = checked("budgetBytes", options.budgetBytes, defaultBudgetBytes, 1024 ** 2);
  const decodedBytes = checked("decodedBytes", options.decodedBytes, budgetBytes / 4, 0);
  const historyBytes = checked("historyBytes", options.historyBytes, budgetBytes / 4, 0);
  const check = options.selfCheckIntervalMs;
  return {
    budgetBytes,
    decodedBytes: Math.min(decodedBytes, budgetBytes / 2),
    historyBytes,
    historyMs: checked("historyMs", options.historyMs, historyMsMin, historyMsMin),
    freeze: options.freeze ?? true,
    bookmarkIntervalMs: checked("bookmarkIntervalMs", options.bookmarkIntervalMs, 60_000, 100),
    selfCheckIntervalMs: check === false ? false : checked("selfCheckIntervalMs", check, 300_000, 1_000),
  };
}

function checked(argument: string, value: number | undefined, fallback: number, min: number): number {
  if (value === undefined) return fallback;
  if (typeof value === "number" && value >= min) return value;
  throw invalidArgument(
    argument,
    `Cannot create the cache: ${argument} is ${String(value)}, expected a number of at least ${min}`,
  );
}

/** A watcher that has not taken everything. */
export interface WatcherLag {
  /** "pods", "deployments.apps": the kind it watches. */
  readonly resource: string;
  /** Changes of the kind that it has not been offered or has not taken. */
  readonly events: number;
  /** Age of the oldest of them. */
  readonly ms: number;
  /**
   * Where its next events come from: "starting": not known yet; "initial": the state it begins with; "live": the events
   * shared by all watchers; "log": the cache's history; "etcd": etcd's history.
   */
  readonly phase: "starting" | "initial" | "live" | "log" | "etcd";
}

/** What a cache holds and has done since it was created. Plain data. */
export interface CacheStats {
  /** As `WatchCache.state`. */
  readonly state: "pending" | "ready" | "stopped";
  /** The version up to which every change is applied; "" before the first fill. */
  readonly resourceVersion: string;
  /** Objects held at the latest version. */
  readonly objects: number;
  /** Objects among them that cannot be read: lists and watches with onCorrupt report them and serve the rest. */
  readonly unreadable: number;
  /** Bytes charged to the budget, by purpose. */
  readonly bytes: {
    /** Everything held, for all kinds of the cache. */
    readonly total: number;
    /** Objects, past versions and indexes. */
    readonly state: number;
    /** Freed parts of slabs, not yet reused or returned. */
    readonly holes: number;
    /** Decoded objects and views. */
    readonly decoded: number;
    /** `budgetBytes`. */
    readonly budget: number;
  };
  /** Past changes that a watcher can still start from. */
  readonly historyEvents: number;
  /** Open watches. */
  readonly watchers: number;
  /** Those furthest behind, at most 100; empty when every watcher has everything. */
  readonly lagging: readonly WatcherLag[];
  /** Events taken from the store's watch. */
  readonly eventsReceived: number;
  /** Changes offered to groups of watchers, wanted or not. */
  readonly eventsOffered: number;
  /** Events handed to watchers. */
  readonly eventsDelivered: number;
  /** Events that the source sent twice; they were dropped. */
  readonly repeatedEvents: number;
  /**
   * Events found missing, by the previous version that each event names; each made the cache list again. Should be 0.
   */
  readonly missedEvents: number;
  /** Times a watcher fell behind the shared events and continued from the log. */
  readonly parked: number;
  /** Times a watcher continued from etcd's own history. */
  readonly replays: number;
  /** Fills from nothing: the first one, and one for each restore of etcd. */
  readonly fills: number;
  /** Lists repeated because the watch could not continue where it was. */
  readonly relists: number;
  /** Failures of the list or watch that fills the cache; it tries again after 100 ms to 30 s. */
  readonly sourceFailures: number;
  /** Times the watch of the store was opened again, because it answered no progress request for a whole wait. */
  readonly watchReopens: number;
  /** Stored values decoded for readers and watchers. */
  readonly decodes: number;
  /** Reads answered by etcd because the cache was not ready, not fresh enough, or did not hold the version. */
  readonly etcdReads: number;
  /** Reads that joined an equal one on its way to etcd. */
  readonly etcdReadsShared: number;
  /** Linearizable reads that asked etcd for its revision. */
  readonly freshReads: number;
  /** Waits of 3 s for freshness that ended in vain; the read went to etcd. */
  readonly freshTimeouts: number;
  /** Comparisons of everything held with etcd. */
  readonly selfChecks: number;
  /** Comparisons that found a difference; each made the cache list again. Should be 0. */
  readonly selfCheckFailures: number;
  /** Restores of etcd noticed; after each the cache was filled from nothing. */
  readonly restoresNoticed: number;
}
