/**
 * The transport seam: gRPC to ONE etcd endpoint, at the level of message bytes.
 *
 * Below it are adapters (etcd3's connections, our own HTTP/2 framing, the in-memory model); above it are the
 * wire codec, endpoint choice, retries, watches and leases, the same for all. An adapter frames, flow-controls,
 * times out and tells failures apart; it never retries, never decodes a message and never picks an endpoint.
 *
 *   Kv Watches Leases Maintenance Cluster Auth      ports.ts
 *   endpoints, retry, outcome classes, wire codec
 *   ------------------------------------------------ Transport (this file)
 *   etcd3 | http2 | memory
 */

import type { Random } from "../../base/random.ts";
import type { NamesOf } from "../../base/text/known-options.ts";
import type { Clock } from "../../base/time/clock.ts";

/** Full gRPC method path, e.g. `/etcdserverpb.KV/Range`. */
export type MethodPath = `/${string}/${string}`;

/**
 * Which connections carry a call: a reset or a long body on one never disturbs another. Keep-alives of leases have a lane of
 * their own: however many watches there are and however much they carry, a lease is not lost behind them.
 */
export type Lane = "unary" | "stream" | "lease" | "bulk";

export interface TransportCall {
  readonly signal?: AbortSignal | undefined;
  /** Time for the whole call in milliseconds, above 0; sent as `grpc-timeout` too. Streams have none. */
  readonly timeoutMs?: number | undefined;
  /** Lower-case ASCII metadata: `token`, `hasleader`. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly lane?: Lane | undefined;
}

/** Messages from the server, in order. Not reading is back-pressure: the adapter stops granting flow-control window. */
export interface ByteStream {
  /**
   * The next message, or undefined when the server ended the stream with status OK.
   * The bytes belong to the caller. One `next()` at a time.
   * @throws TransportFailure on any other end; the signal's reason when aborted
   */
  next(): Promise<Uint8Array | undefined>;
  /** A message that has already arrived, without waiting; undefined when there is none yet. */
  poll(): Uint8Array | undefined;
  /** Ends the stream at once (RST_STREAM CANCEL); a pending `next()` resolves undefined. Idempotent. */
  cancel(): void;
  /**
   * As `cancel`, for a stream that has been silent too long: no later call uses the connection under it, and whether
   * anybody is there is asked at once, for the sake of what else goes over it. Adapters that cannot do it leave it out.
   */
  abandon?(): void;
}

export interface ByteDuplex extends ByteStream {
  /** Sends a message; false means that the peer is slow: await `drained()` before sending much more. */
  write(message: Uint8Array): boolean;
  drained(): Promise<void>;
  /** Half-closes: no more writes. */
  end(): void;
}

/** A connection set to one endpoint. Opening it does not dial; the first call does. */
export interface Transport {
  readonly endpoint: string;
  unary(method: MethodPath, request: Uint8Array, call?: TransportCall): Promise<Uint8Array>;
  serverStream(method: MethodPath, request: Uint8Array, call?: TransportCall): ByteStream;
  bidi(method: MethodPath, call?: TransportCall): ByteDuplex;
  /** Streams in line for a place, beyond what the peer and the adapter's own bound of connections allow. Absent: none ever. */
  waitingStreams?(): number;
  /** Ends what is open with code CANCELLED and frees sockets and timers. Idempotent. */
  close(): Promise<void>;
}

/** PEM itself. */
export type PemText = string | Uint8Array;

/**
 * PEM, a file that holds it, or a function that gives it at once. A file is read and a function called for every new connection,
 * so that a renewed certificate is taken without a restart; connections that stand are left alone. What cannot be used then (a
 * pair half written, a file that is gone) leaves in use what was used last, and `health()` says so.
 */
export type Pem =
  | PemText
  | {
      /** The file. */
      readonly path: string;
    }
  | (() => PemText);

/** TLS options read and checked: `key` is in the clear. */
export interface UsableTls {
  readonly ca?: PemText | undefined;
  readonly cert?: PemText | undefined;
  readonly key?: PemText | undefined;
  readonly serverName?: string | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
}

/** What new connections show and trust; tls-source.ts. */
export interface CurrentTls {
  /** As of now; the same object until something has changed. */
  current(): UsableTls;
}

/** For `https` and `unixs` endpoints; with others they are refused, since nothing would be encrypted. */
export interface TlsOptions {
  /** Certificates of the authorities trusted, PEM; default those Node trusts. */
  readonly ca?: Pem | undefined;
  /** Client certificate and, behind it, its chain, PEM; with `key`. */
  readonly cert?: Pem | undefined;
  /** Private key of `cert`, PEM; with `passphrase` where it is encrypted. */
  readonly key?: Pem | undefined;
  /** Opens an encrypted `key`. */
  readonly passphrase?: string | undefined;
  /** Name to verify and send as SNI instead of the endpoint's host; a unix socket's host is `localhost`. */
  readonly serverName?: string | undefined;
  /** Accepts any certificate; for tests. */
  readonly insecureSkipVerify?: boolean | undefined;
}

export const tlsNames: NamesOf<TlsOptions> = {
  ca: true,
  cert: true,
  key: true,
  passphrase: true,
  serverName: true,
  insecureSkipVerify: true,
};

export interface TransportOptions {
  /** Parsed endpoint. */
  readonly endpoint: EndpointAddress;
  readonly tls?: CurrentTls | undefined;
  /** HTTP/2 PING after this long without a sign of life; etcd refuses less than 5 s without streams. */
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Called when an open connection has ended or takes no more calls: the next one may lead to another process. */
  readonly onLost?: (() => void) | undefined;
}

export type TransportFactory = (options: TransportOptions) => Transport;

/** `http://127.0.0.1:2379` or `unix:///run/etcd.sock` taken apart; `host` has no brackets. */
export interface EndpointAddress {
  readonly url: string;
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** Of a unix socket; `host` is then `localhost` and `port` 0. */
  readonly path?: string | undefined;
}

/** gRPC status codes (grpc/grpc doc/statuscodes.md). */
export const grpcStatus = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

export type RequestFate = "unsent" | "refused" | "sent";

/** What a call over the seam fails with, aborts apart (those reject with the signal's reason). */
export class TransportFailure extends Error {
  override readonly name = "TransportFailure";
  /** gRPC status. */
  readonly code: number;
  /** The server's text, or what happened to the connection. Holds no secret. */
  readonly text: string;
  /**
   * Whether the request can have reached the server: "unsent" is certain (no connection took it), "refused" is the peer's
   * word (by GOAWAY or REFUSED_STREAM) that it did not look at it, "sent" is everything else.
   */
  readonly request: RequestFate;
  /** True when the status came from the server, false when the client made it up (reset, timeout, no connection). */
  readonly fromServer: boolean;
  readonly endpoint: string;

  constructor(
    facts: {
      readonly code: number;
      readonly text: string;
      readonly request: RequestFate;
      readonly fromServer: boolean;
      readonly endpoint: string;
    },
    options?: ErrorOptions,
  ) {
    super(`${facts.endpoint}: ${facts.text} (gRPC status ${facts.code})`, options);
    this.code = facts.code;
    this.text = facts.text;
    this.request = facts.request;
    this.fromServer = facts.fromServer;
    this.endpoint = facts.endpoint;
  }
}
