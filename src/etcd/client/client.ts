/**
 * The client core as the ports above it see it: one request to a fit endpoint, or one stream, with everything
 * that is the same for all of etcd's services done once: endpoint choice and failover, back-off, token, metadata,
 * deadlines, the in-flight limit, the revision guard, counters and diagnostics.
 *
 *   Kv Watches Leases Maintenance Cluster Auth
 *   --------------------------------------------- Client (this file; `etcd-client.ts` implements it)
 *   endpoints · guard · token · outcome table · in-flight limit
 *   --------------------------------------------- Transport, one per endpoint
 *
 * Invariant: what leaves the client is a `StoreError` (or the signal's reason), and a write that may have been
 * applied is never sent a second time.
 */

import type { Random } from "../../base/random.ts";
import type { Clock } from "../../base/time/clock.ts";
import type { StoreError } from "../../errors.ts";
import type { EtcdCall } from "../ports/call.ts";
import type { Bytes, Header } from "../ports/messages.ts";
import type { Lane, MethodPath, TransportFailure } from "../transport/transport.ts";

/**
 * What a request does, for retry:
 * `read` changes nothing; `idempotent` may be applied any number of times with one result (compact, lease revoke);
 * `write` is sent again only when it was certainly not applied.
 */
export type Effect = "read" | "idempotent" | "write";

/** One kind of request: how to send it, how to read its answer and what its failure means. */
export interface Rpc<T extends { readonly header: Header }> {
  readonly path: MethodPath;
  readonly effect: Effect;
  /** Linearizable KV answers carry a revision that never falls: the guard judges them. */
  readonly judged: boolean;
  readonly lane: Lane;
  /** Completes "Cannot …", e.g. `put a key`. */
  readonly action: string;
  /** Owns nothing of `reply` afterwards: values are copies. @throws WireError */
  readonly decode: (reply: Uint8Array) => T;
}

/** What a single request may ask for beyond its call. */
export interface RequestOptions {
  /** The key an OUTCOME_UNKNOWN names; made text only then. */
  readonly key?: Bytes | undefined;
  /** The client's own request: without a token and outside the in-flight limit, whose holders wait for it. */
  readonly internal?: boolean | undefined;
}

export interface StreamSpec {
  readonly path: MethodPath;
  readonly lane: Lane;
  /** Ask for the `hasleader` check: a member cut off from its leader ends the stream instead of falling silent. */
  readonly requireLeader?: boolean | undefined;
  /** This endpoint only. */
  readonly endpoint?: string | undefined;
  /** Not this endpoint, if another one is fit: the one that has just gone silent. */
  readonly avoid?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** First message; with `request` the stream is a server stream, without it a duplex. */
  readonly request?: Uint8Array | undefined;
}

/**
 * One stream on one endpoint. It never reconnects; its owner opens another one, and `openStream` spaces the dials.
 * `next()` fails with a TransportFailure (give it to `client.judge`) or with a StoreError that ends the owner
 * too: EXPIRED reason "restored", CLOSED.
 */
export interface ClientStream {
  readonly endpoint: string;
  /** The next message; undefined when the server ended the stream in order. */
  next(): Promise<Uint8Array | undefined>;
  /** A message already here, without waiting. */
  poll(): Uint8Array | undefined;
  /** False: the peer is slow. */
  write(message: Uint8Array): boolean;
  /** Idempotent; frees the stream's place in the counters. */
  cancel(): void;
  /** As `cancel`, and the connection under it takes no later call: its owner has waited too long for a word from it. */
  abandon(): void;
  /** The owner found the endpoint silent or wrong: it counts as a failure of the endpoint. */
  reportUnhealthy(reason: string): void;
}

/** What a failure of a stream or request means; see `outcome-table.ts`. */
export interface Judgement {
  /** `retry`: open another one; `refresh`: the token has expired, `client.refreshToken()` first; `fail`: give up with `error`. */
  readonly verdict: "retry" | "refresh" | "fail";
  readonly error: StoreError;
}

export interface Client {
  readonly clock: Clock;
  readonly random: Random;
  readonly requestTimeoutMs: number;
  /** Aborted with CLOSED when the client closes. */
  readonly signal: AbortSignal;
  /** Counts the restores noticed so far; leases and sessions of an earlier generation are gone. */
  readonly generation: number;
  /** Highest revision of any judged answer of this generation; 0n before the first. */
  readonly highestRevision: bigint;
  readonly endpoints: readonly string[];
  /** Has a password, and so tokens that can be fetched again. */
  readonly authenticates: boolean;

  /**
   * Sends one request, with retry by `rpc.effect`, and decodes the answer.
   * @throws StoreError by the outcome table; OUTCOME_UNKNOWN (writeId "") for a write that may have been applied;
   * the signal's reason when aborted
   */
  unary<T extends { readonly header: Header }>(
    rpc: Rpc<T>,
    request: Uint8Array,
    call?: EtcdCall,
    options?: RequestOptions,
  ): Promise<T>;

  /** Chooses an endpoint, waits its back-off out, opens. @throws UNAVAILABLE, UNAUTHENTICATED, CLOSED, the signal's reason */
  openStream(spec: StreamSpec): Promise<ClientStream>;

  /** Says what a stream's failure means. Counts it against the endpoint's health. */
  judge(failure: TransportFailure, action: string): Judgement;

  /**
   * Holds the header of a stream's first answer against the cluster that is known.
   * @throws UNAVAILABLE when another cluster answers, which may be how a restore is noticed
   */
  judgeHeader(endpoint: string, header: Header, action: string): void;

  /** A fresh token, one request for all who wait; resolves at once without password auth. */
  refreshToken(signal?: AbortSignal): Promise<void>;

  /** A watch or lease counts its reconnects here. */
  countReconnect(): void;

  /**
   * `listener` runs once for every restore noticed, after streams were ended. Returns the way to unsubscribe.
   */
  onRestore(listener: (event: RestoreEvent) => void): () => void;
}

/** The cluster behind the endpoints went back in time, or is another one. */
export interface RestoreEvent {
  readonly generation: number;
  readonly reason: "revision-fell" | "cluster-replaced" | "log-replaced";
  /** Highest revision seen before. */
  readonly before: bigint;
  readonly clusterId: bigint;
}
