/**
 * The transport seam: gRPC to ONE etcd endpoint, at the level of message bytes.
 *
 * Below it are adapters (etcd3's connections, our own HTTP/2 framing, the in-memory model); above it are the
 * wire codec, endpoint choice, retries, watches and leases, the same for all. An adapter handles framing, flow control,
 * timeouts and failure classes; it never retries, never decodes a message and never picks an endpoint.
 *
 *   Kv Watches Leases Maintenance Cluster Auth      ports/
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
 * The lane of connections that carries a call: a reset or a long body on one never disturbs another. Lease keepalives have
 * their own lane, so that no number or volume of watches can delay them until a lease is lost.
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

/** Messages from the server, in order. A slow reader causes back-pressure: the adapter grants no more flow-control window. */
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
   * As `cancel`, for a stream that has been silent too long: no later call uses its connection, and the adapter pings the
   * peer at once, for the other streams on it. Adapters that cannot do this omit the method.
   */
  abandon?(): void;
}

export interface ByteDuplex extends ByteStream {
  /** Sends a message; false means that the peer is slow: await `drained()` before more writes. */
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
  /** Streams that wait because the peer and the adapter's own connection limit allow no more. Absent: there are never any. */
  waitingStreams?(): number;
  /** Ends open calls with code CANCELLED and frees sockets and timers. Idempotent. */
  close(): Promise<void>;
}

/** PEM text. */
export type PemText = string | Uint8Array;

/**
 * PEM, a file that holds it, or a function that returns it synchronously. The file is read and the function called for every
 * new connection, so that a renewed certificate is used without a restart; open connections are not affected. If the new
 * material cannot be used (a half-written pair, a missing file), the last usable one stays in use, and `health()` reports it.
 */
export type Pem =
  | PemText
  | {
      /** The file. */
      readonly path: string;
    }
  | (() => PemText);

/** TLS options read and checked: `key` is decrypted. */
export interface UsableTls {
  readonly ca?: PemText | undefined;
  readonly cert?: PemText | undefined;
  readonly key?: PemText | undefined;
  readonly serverName?: string | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
}

/** What new connections present and trust; tls-source.ts. */
export interface CurrentTls {
  /** The current options; the same object until something changes. */
  current(): UsableTls;
}

/** For `https` and `unixs` endpoints; refused with others, since nothing would be encrypted. */
export interface TlsOptions {
  /** Certificates of trusted authorities, PEM; default those that Node trusts. */
  readonly ca?: Pem | undefined;
  /** Client certificate followed by its chain, PEM; with `key`. */
  readonly cert?: Pem | undefined;
  /** Private key of `cert`, PEM; with `passphrase` if it is encrypted. */
  readonly key?: Pem | undefined;
  /** Decrypts an encrypted `key`. */
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
  passphrase: "secret",
  serverName: "text",
  insecureSkipVerify: "boolean",
};

export interface TransportOptions {
  /** Parsed endpoint. */
  readonly endpoint: EndpointAddress;
  readonly tls?: CurrentTls | undefined;
  /** An HTTP/2 PING is sent after this long in silence; etcd refuses less than 5 s without streams. */
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Called when an open connection has ended or accepts no more calls: the next one may lead to another process. */
  readonly onLost?: (() => void) | undefined;
}

export type TransportFactory = (options: TransportOptions) => Transport;

/** `http://127.0.0.1:2379` or `unix:///run/etcd.sock` taken apart; `host` has no brackets. */
export interface EndpointAddress {
  readonly url: string;
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** Path of a unix socket; `host` is then `localhost` and `port` 0. */
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

export type RequestReach = "unsent" | "refused" | "sent";

/** The error of a call over the seam, except aborts (those reject with the signal's reason). */
export class TransportFailure extends Error {
  override readonly name = "TransportFailure";
  /** gRPC status. */
  readonly code: number;
  /** The server's text, or a description of the connection's failure. Holds no secret. */
  readonly text: string;
  /**
   * Whether the request can have reached the server: "unsent" is certain (no connection carried it), "refused" is the peer's
   * report (by GOAWAY or REFUSED_STREAM) that it did not process it, "sent" is everything else.
   */
  readonly request: RequestReach;
  /** True when the status came from the server, false when the client created it (reset, timeout, no connection). */
  readonly fromServer: boolean;
  readonly endpoint: string;

  constructor(
    facts: {
      readonly code: number;
      readonly text: string;
      readonly request: RequestReach;
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
