/**
 * The client core as the ports see it: it sends one request, or opens one stream, on a usable endpoint, and does once
 * what all of etcd's services need: endpoint choice and failover, back-off, token, metadata, deadlines, the in-flight
 * limit, the answer check, counters and diagnostics.
 *
 *   Kv Watches Leases Maintenance Cluster Auth
 *   --------------------------------------------- Client (this file; `etcd-client.ts` implements it)
 *   endpoints · answer check · token · outcome table · in-flight limit
 *   --------------------------------------------- Transport, one per endpoint
 *
 * Invariant: a failure leaves the client as a `StoreError` (or the signal's reason), and a write that may have been
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

/** One kind of request: how to send it, how to decode its response and what its failure means. */
export interface Rpc<T extends { readonly header: Header }> {
  readonly path: MethodPath;
  readonly effect: Effect;
  /** Responses are linearizable and carry a revision that never falls: the answer check compares it. */
  readonly judged: boolean;
  readonly lane: Lane;
  /** Completes "Cannot …", e.g. `put a key`. */
  readonly action: string;
  /** The result does not refer to `reply`: values are copies. @throws WireError */
  readonly decode: (reply: Uint8Array) => T;
}

/** Options of a single request beyond those of its call. */
export interface RequestOptions {
  /** The key that OUTCOME_UNKNOWN names; converted to text only then. */
  readonly key?: Bytes | undefined;
  /** The client's own request: sent without a token and outside the in-flight limit, whose holders wait for it. */
  readonly internal?: boolean | undefined;
}

export interface StreamSpec {
  readonly path: MethodPath;
  readonly lane: Lane;
  /** Sets the `hasleader` metadata: a member cut off from its leader then ends the stream instead of going silent. */
  readonly requireLeader?: boolean | undefined;
  /** Use this endpoint only. */
  readonly endpoint?: string | undefined;
  /** Do not use this endpoint if another one is usable: it has just gone silent. */
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
  /** The next message; undefined when the server ended the stream normally. */
  next(): Promise<Uint8Array | undefined>;
  /** A message already here, without waiting. */
  poll(): Uint8Array | undefined;
  /** False: the peer is slow. */
  write(message: Uint8Array): boolean;
  /** Idempotent; frees the stream's place in the counters. */
  cancel(): void;
  /** As `cancel`, and no later call uses its connection: the stream has been silent too long. */
  abandon(): void;
  /** The owner found the endpoint silent or wrong: it counts as a failure of the endpoint. */
  reportUnhealthy(reason: string): void;
}

/** What a failure of a stream or request means to its owner; see `outcome-table.ts`. */
export interface RetryDecision {
  /** `retry`: open another one; `refresh`: the token has expired, `client.refreshToken()` first; `fail`: give up with `error`. */
  readonly next: "retry" | "refresh" | "fail";
  readonly error: StoreError;
}

export interface Client {
  readonly clock: Clock;
  readonly random: Random;
  readonly requestTimeoutMs: number;
  /** Aborted with CLOSED when the client closes. */
  readonly signal: AbortSignal;
  /** Number of restores detected so far; leases and sessions of an earlier generation are gone. */
  readonly generation: number;
  /** Highest revision of any checked response of this generation; 0n before the first. */
  readonly highestRevision: bigint;
  readonly endpoints: readonly string[];
  /** The client has a password, so it can fetch a new token. */
  readonly authenticates: boolean;

  /**
   * Sends one request, with retry by `rpc.effect`, and decodes the response.
   * @throws StoreError by the outcome table; OUTCOME_UNKNOWN (writeId "") for a write that may have been applied;
   * the signal's reason when aborted
   */
  unary<T extends { readonly header: Header }>(
    rpc: Rpc<T>,
    request: Uint8Array,
    call?: EtcdCall,
    options?: RequestOptions,
  ): Promise<T>;

  /** Chooses an endpoint, waits for its back-off and opens the stream. @throws UNAVAILABLE, UNAUTHENTICATED, CLOSED, the signal's reason */
  openStream(spec: StreamSpec): Promise<ClientStream>;

  /** Returns what a stream's failure means, and counts it against the endpoint's health. */
  decideRetry(failure: TransportFailure, action: string): RetryDecision;

  /**
   * Compares the header of a stream's first response with the known cluster.
   * @throws UNAVAILABLE when another cluster answers, which may be the first sign of a restore
   */
  judgeHeader(endpoint: string, header: Header, action: string): void;

  /** Fetches a new token, one request for all waiting callers; resolves at once without password auth. */
  refreshToken(signal?: AbortSignal): Promise<void>;

  /** Counts one reconnect of a watch or lease. */
  countReconnect(): void;

  /**
   * `listener` runs once for every restore detected, after streams were ended. Returns a function that unsubscribes.
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
