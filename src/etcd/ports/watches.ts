/** Port `Watches`: streams of changes, in whole revisions. */
import type { EtcdCall } from "./call.ts";
import type { Bytes, Header, KeyValue } from "./messages.ts";

/** One change of one key. */
export interface KvEvent {
  /** What has been done to the key. */
  readonly type: "put" | "delete";
  /** The key as it is now; for a delete only key and modRevision mean anything. */
  readonly kv: KeyValue;
  /** With `prevKv`; absent for a creation, and when compaction has removed it. */
  readonly prevKv?: KeyValue | undefined;
}

/** What `watches.open` watches, and how. */
export interface EtcdWatchRequest {
  /** The key, or the first key of the range, inclusive. */
  readonly key: Bytes;
  /** Exclusive end; `prefixEnd(key)` for a prefix. Absent: the one key. */
  readonly rangeEnd?: Bytes | undefined;
  /** First revision wanted, inclusive; absent: from now. */
  readonly startRevision?: bigint | undefined;
  /** Events carry what was there before; default false. */
  readonly prevKv?: boolean | undefined;
  /** Leave out puts; default false. */
  readonly noPut?: boolean | undefined;
  /** Leave out deletes; default false. */
  readonly noDelete?: boolean | undefined;
  /** Let etcd send progress on an idle stream by itself (about every 10 minutes). */
  readonly progressNotify?: boolean | undefined;
  /**
   * Replies above about 2 MiB come in parts. Default true: a reply may have 1,000 revisions of up to 1.5 MiB each, and
   * etcd and client then hold it whole. false replays a long history of small transactions with a quarter of etcd's CPU:
   * etcd measures a part again for every event it adds to it.
   */
  readonly fragment?: boolean | undefined;
  /** Keys and values of events may be views of the reply they came in, for a caller that keeps none of them long. */
  readonly views?: boolean | undefined;
}

/**
 * What a watch yields: whole revisions, each exactly once, in order.
 * `revision`: every event up to and including it has been handed over; resuming from it + 1 misses nothing.
 * `header` is that of the last reply of the batch: a replay of history carries etcd's revision of now.
 * "progress" carries no event, "created" comes first and again after each reconnect (with the header's revision).
 */
export type WatchBatch =
  | {
      /** "created": the stream is open; "events"; "progress": nothing has happened up to `revision`. */
      readonly type: "events";
      /** At least one, whole revisions. */
      readonly events: readonly KvEvent[];
      /** Everything up to and including it has been handed over. */
      readonly revision: bigint;
      /** Header of the last reply of the batch. */
      readonly header: Header;
    }
  | { readonly type: "progress"; readonly revision: bigint }
  | { readonly type: "created"; readonly revision: bigint };

/**
 * One watch. It reconnects by itself and resumes without gap or repetition; the loop ends with EXPIRED
 * (compacted, or the cluster was restored), FUTURE_VERSION, UNAUTHENTICATED, PERMISSION_DENIED or CLOSED,
 * and without error when left, disposed or aborted. Not reading holds etcd back: memory stays bounded.
 */
export interface EtcdWatch extends AsyncIterable<WatchBatch>, AsyncDisposable {
  /** Resolves at the first "created"; rejects as the loop would. */
  ready(): Promise<{
    /** etcd's revision when the watch was created. */
    readonly revision: bigint;
  }>;
  /** Asks etcd for a "progress" batch. etcd drops the request while the watch is catching up. */
  requestProgress(): void;
  /**
   * Opens the stream again where it is, over another connection: for who finds it silent before keepalive does. Nothing
   * is lost or repeated. Does nothing while it is being opened anyway.
   */
  reopen?(): void;
}

/** Streams of changes: etcd's Watch service. */
export interface Watches {
  /**
   * Opens a watch at once; failures come from its loop and from `ready()`. An abort ends the loop without an error.
   */
  open(request: EtcdWatchRequest, call?: Pick<EtcdCall, "signal" | "endpoint">): EtcdWatch;
  /** Plain counters; synchronous. */
  stats(): WatchStats;
}

/** Plain counters over all watches of a client. */
export interface WatchStats {
  /** Watches opened so far. */
  readonly opened: number;
  /** Watches that are open now. */
  readonly open: number;
  /** Streams opened again after a failure. */
  readonly reconnects: number;
  /** Events handed over. */
  readonly events: number;
  /** Events that had been handed on before, dropped: old etcds repeat some after a snapshot transfer. */
  readonly duplicates: number;
  /** Streams given up because of what they carried: damaged messages, keys or revisions not asked for. */
  readonly faults: number;
}
