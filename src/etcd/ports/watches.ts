/** Port `Watches`: streams of changes, in whole revisions. */
import type { EtcdCall } from "./call.ts";
import type { Bytes, Header, KeyValue } from "./messages.ts";

/** One change of one key. */
export interface KvEvent {
  /** The change of the key. */
  readonly type: "put" | "delete";
  /** The key as it is now; for a delete only key and modRevision are meaningful. */
  readonly kv: KeyValue;
  /** The previous key-value, with `prevKv`; absent for a creation, and when compaction has removed it. */
  readonly prevKv?: KeyValue | undefined;
}

/** The request of `watches.open`. */
export interface EtcdWatchRequest {
  /** The key, or the first key of the range, inclusive. */
  readonly key: Bytes;
  /** Exclusive end; `prefixEnd(key)` for a prefix. Absent: the one key. */
  readonly rangeEnd?: Bytes | undefined;
  /** First revision to deliver, inclusive; absent: from now. */
  readonly startRevision?: bigint | undefined;
  /** Events carry the previous key-value; default false. */
  readonly prevKv?: boolean | undefined;
  /** Leave out puts; default false. */
  readonly noPut?: boolean | undefined;
  /** Leave out deletes; default false. */
  readonly noDelete?: boolean | undefined;
  /** Let etcd send progress by itself on an idle stream (about every 10 minutes). */
  readonly progressNotify?: boolean | undefined;
  /**
   * Let etcd send replies above about 2 MiB in parts. Default true: a reply may have 1,000 revisions of up to 1.5 MiB each,
   * which etcd and client otherwise hold whole. false replays a long history of small transactions with a quarter of etcd's
   * CPU: etcd measures a part again for every event it adds to it.
   */
  readonly fragment?: boolean | undefined;
  /** Keys and values of events may be views of the reply, for a caller that does not keep them long. */
  readonly views?: boolean | undefined;
}

/**
 * A batch of a watch: whole revisions, each delivered exactly once, in order.
 * `revision`: every event up to and including it has been delivered; resuming from it + 1 misses nothing.
 * `header`: of the batch's last reply; in a replay of history it carries etcd's current revision.
 * "progress" carries no event; "created" comes first and again after each reconnect (with the header's revision).
 */
export type WatchBatch =
  | {
      /** "created": the stream is open; "events"; "progress": there are no further events up to `revision`. */
      readonly type: "events";
      /** At least one, whole revisions. */
      readonly events: readonly KvEvent[];
      /** Everything up to and including it has been delivered. */
      readonly revision: bigint;
      /** Header of the last reply of the batch. */
      readonly header: Header;
    }
  | { readonly type: "progress"; readonly revision: bigint }
  | { readonly type: "created"; readonly revision: bigint };

/**
 * One watch. It reconnects by itself and resumes without gap or repetition. The loop ends with EXPIRED
 * (compacted, or the cluster was restored), FUTURE_VERSION, UNAUTHENTICATED, PERMISSION_DENIED or CLOSED,
 * and without an error when left, disposed or aborted. A slow reader slows etcd down: memory stays bounded.
 */
export interface EtcdWatch extends AsyncIterable<WatchBatch>, AsyncDisposable {
  /** Resolves at the first "created"; rejects as the loop would. */
  ready(): Promise<{
    /** etcd's revision when the watch was created. */
    readonly revision: bigint;
  }>;
  /** Requests a "progress" batch. etcd drops the request while the watch is catching up. */
  requestProgress(): void;
  /**
   * Reopens the stream at its current position over another connection, for a caller that notices its silence before
   * keepalive does. No event is lost or repeated. Does nothing while the stream is being opened anyway.
   */
  reopen?(): void;
}

/** Streams of changes: etcd's Watch service. */
export interface Watches {
  /**
   * Opens a watch at once; its loop and `ready()` report failures. An abort ends the loop without an error.
   */
  open(request: EtcdWatchRequest, call?: Pick<EtcdCall, "signal" | "endpoint">): EtcdWatch;
  /** Plain counters; synchronous. */
  stats(): WatchStats;
}

/** Plain counters over all watches of a client. */
export interface WatchStats {
  /** Watches opened so far. */
  readonly opened: number;
  /** Open watches. */
  readonly open: number;
  /** Streams opened again after a failure. */
  readonly reconnects: number;
  /** Events delivered. */
  readonly events: number;
  /** Events dropped because they had been delivered before: old etcds repeat some after a snapshot transfer. */
  readonly duplicates: number;
  /** Streams abandoned because of their content: damaged messages, keys or revisions that were not requested. */
  readonly faults: number;
}
