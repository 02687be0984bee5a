/**
 * The Transport over etcd3's connections (`Host`, and the grpc-js channel inside). It uses only the connections: calls
 * go straight to the channel, so etcd3's retries, circuit breaker and channel resets never run, and no message
 * passes through protobufjs.
 *
 * Each lane has its own connection (local subchannel pools), dialled at the lane's first call; lanes of streams use more
 * connections if the peer accepts no more streams on one (stream-hosts.ts).
 * grpc-js spaces its own redials; a call that gets no connection fails "unsent" at once or after `dialTimeoutMs`.
 */
import type { ChannelInterface as Channel } from "@grpc/grpc-js";
import { connectivityState, credentials, Metadata } from "@grpc/grpc-js";
import { Host } from "etcd3/lib/connection-pool.js";
import { authorityOf, nodePem } from "../dial-target.ts";
import type {
  ByteDuplex,
  ByteStream,
  Lane,
  MethodPath,
  PemText,
  Transport,
  TransportCall,
  TransportFactory,
  TransportOptions,
  UsableTls,
} from "../transport.ts";
import { grpcStatus, TransportFailure } from "../transport.ts";
import { GrpcStream } from "./stream.ts";
import { PeerStreamLimit, StreamHosts } from "./stream-hosts.ts";

type GrpcCall = ReturnType<Channel["createCall"]>;

/** Holds a whole fragment of 2 MB and more per round trip; with the default of 64 KiB a large list is very slow. */
const flowControlWindowBytes = 16 * 1024 * 1024;
/** Spacing of grpc-js's own redials: soon after a restart, but not a storm. */
const redialFirstMs = 100;
const redialMaxMs = 2_000;
/** A call waits this long for a connection: a host that drops packets must not use up a call's whole time. */
const dialTimeoutMs = 2_000;

/** The end of grpc-js's texts when it has no more detail. */
const emptyNote = / Resolution note: $/;

const noDeadline = Number.POSITIVE_INFINITY;

export const createEtcd3Transport: TransportFactory = (options) => new Etcd3Transport(options);

class Etcd3Transport implements Transport {
  readonly endpoint: string;
  readonly #options: TransportOptions;
  readonly #lanes = new Map<Lane, Host>();
  readonly #streamLanes = new Map<Lane, StreamHosts>();
  readonly #limit: PeerStreamLimit;
  readonly #open = new Set<{ cancel(): void }>();
  /** The TLS options each connection was made with; grpc-js redials with the same ones. */
  readonly #madeWith = new WeakMap<Host, UsableTls>();
  #closed = false;

  constructor(options: TransportOptions) {
    this.endpoint = options.endpoint.url;
    this.#options = options;
    this.#limit = new PeerStreamLimit(options.endpoint, options.tls, options.clock);
  }

  unary(method: MethodPath, request: Uint8Array, options: TransportCall = {}): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const { signal, timeoutMs, lane = "unary" } = options;
      if (signal?.aborted) return reject(signal.reason);
      const channel = channelOf(this.#host(lane));
      const deadline = timeoutMs === undefined ? noDeadline : this.#options.clock.nowMs() + timeoutMs;
      const call = channel.createCall(method, deadline, null, null, null);
      const watchDial = this.#watchDial(channel, call);
      let message: Uint8Array | undefined;
      const onAbort =
        signal === undefined
          ? undefined
          : (): void => {
              call.cancelWithStatus(grpcStatus.cancelled, "Aborted by the caller");
              reject(signal.reason);
            };
      if (onAbort !== undefined) signal?.addEventListener("abort", onAbort, { once: true });
      const entry = { cancel: () => call.cancelWithStatus(grpcStatus.cancelled, "Transport closed") };
      this.#open.add(entry);
      call.start(metadataOf(options.metadata), {
        onReceiveMetadata: () => {},
        onReceiveMessage: (bytes: Uint8Array) => {
          message = bytes;
        },
        onReceiveStatus: (status) => {
          this.#open.delete(entry);
          watchDial?.cancel();
          if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
          if (status.code === grpcStatus.ok && message !== undefined) return resolve(message);
          reject(this.#failure(call, channel, status));
        },
      });
      call.sendMessageWithContext({}, asBuffer(request));
      call.halfClose();
      call.startRead();
    });
  }

  serverStream(method: MethodPath, request: Uint8Array, options: TransportCall = {}): ByteStream {
    const stream = this.#stream(method, options);
    stream.write(request);
    stream.end();
    return stream;
  }

  bidi(method: MethodPath, options: TransportCall = {}): ByteDuplex {
    return this.#stream(method, options);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const entry of [...this.#open]) entry.cancel();
    this.#open.clear();
    for (const host of this.#lanes.values()) host.close();
    for (const hosts of this.#streamLanes.values()) hosts.close();
    this.#limit.close();
    this.#lanes.clear();
    this.#streamLanes.clear();
  }

  #stream(method: MethodPath, options: TransportCall): GrpcStream {
    options.signal?.throwIfAborted();
    const hosts = this.#streamHosts(options.lane ?? "stream");
    const host = hosts.next();
    const channel = channelOf(host);
    const deadline =
      options.timeoutMs === undefined ? noDeadline : this.#options.clock.nowMs() + options.timeoutMs;
    const call = channel.createCall(method, deadline, null, null, null);
    const watchDial = this.#watchDial(channel, call);
    const stream = new GrpcStream(call, {
      signal: options.signal,
      failure: (status) => this.#failure(call, channel, status),
      ended: () => {
        watchDial?.cancel();
        this.#open.delete(entry);
        leave();
      },
    });
    const leave = hosts.opened(host, {
      get established() {
        return stream.established;
      },
      noPlace: (streamsMax) =>
        stream.fail(grpcStatus.unavailable, `The peer takes ${streamsMax} streams on a connection`),
    });
    const entry = { cancel: () => stream.fail(grpcStatus.cancelled, "Transport closed") };
    this.#open.add(entry);
    stream.start(metadataOf(options.metadata));
    return stream;
  }

  waitingStreams(): number {
    let waiting = 0;
    for (const hosts of this.#streamLanes.values()) waiting += hosts.waiting;
    return waiting;
  }

  #refuseClosed(): void {
    if (this.#closed) {
      throw new TransportFailure({
        code: grpcStatus.cancelled,
        text: "transport is closed",
        request: "unsent",
        fromServer: false,
        endpoint: this.endpoint,
      });
    }
  }

  #host(lane: Lane): Host {
    this.#refuseClosed();
    let host = this.#lanes.get(lane);
    if (host === undefined || this.#outdated(host)) {
      host?.close();
      host = this.#connect();
      this.#lanes.set(lane, host);
    }
    return host;
  }

  #connect(): Host {
    const tls = this.#options.tls?.current();
    const host = connect(this.#options, tls);
    if (tls !== undefined) this.#madeWith.set(host, tls);
    this.#tellLosses(channelOf(host));
    return host;
  }

  /** Whether its connection is gone and its TLS options have been renewed since. */
  #outdated(host: Host): boolean {
    const { tls } = this.#options;
    if (tls === undefined || channelOf(host).getConnectivityState(false) === connectivityState.READY)
      return false;
    return tls.current() !== this.#madeWith.get(host);
  }

  #streamHosts(lane: Lane): StreamHosts {
    this.#refuseClosed();
    let hosts = this.#streamLanes.get(lane);
    if (hosts === undefined) {
      hosts = new StreamHosts(
        () => this.#connect(),
        (host) => this.#outdated(host),
        this.#limit,
      );
      this.#streamLanes.set(lane, hosts);
    }
    return hosts;
  }

  /** Reports a lost connection each time the channel leaves READY. */
  #tellLosses(channel: Channel): void {
    const { onLost } = this.#options;
    if (onLost === undefined) return;
    const state = channel.getConnectivityState(false);
    if (state === connectivityState.SHUTDOWN) return;
    channel.watchConnectivityState(state, noDeadline, (error) => {
      if (this.#closed || error !== undefined) return;
      // Closed by us because it was idle.
      if (channel.getConnectivityState(false) === connectivityState.SHUTDOWN) return;
      if (state === connectivityState.READY) onLost();
      this.#tellLosses(channel);
    });
  }

  /** Ends `call` if there is still no connection after `dialTimeoutMs`; costs nothing on a connected channel. */
  #watchDial(channel: Channel, call: GrpcCall): { cancel(): void } | undefined {
    if (channel.getConnectivityState(false) === connectivityState.READY) return undefined;
    return this.#options.clock.setTimer(dialTimeoutMs, () => {
      if (call.getPeer() === channel.getTarget()) {
        call.cancelWithStatus(grpcStatus.unavailable, `No connection within ${dialTimeoutMs} ms`);
      }
    });
  }

  #failure(
    call: GrpcCall,
    channel: Channel,
    status: { readonly code: number; readonly details: string },
  ): TransportFailure {
    // Until a connection carries the call, its peer is the channel's target.
    const unsent = call.getPeer() === channel.getTarget();
    const refused = status.details === "Stream refused by server";
    const code = status.code === grpcStatus.ok ? grpcStatus.internal : status.code;
    return new TransportFailure({
      code,
      text: status.code === grpcStatus.ok ? "No message received" : status.details.replace(emptyNote, ""),
      request: unsent ? "unsent" : refused ? "refused" : "sent",
      fromServer: !unsent && !refused && isFromServer(code, status.details),
      endpoint: this.endpoint,
    });
  }
}

/**
 * grpc-js does not report the origin of a status. It creates the codes below itself, with its own texts; texts that etcd and
 * its gRPC layer send under the same codes begin as below. Every other code comes only from the server.
 */
function isFromServer(code: number, text: string): boolean {
  switch (code) {
    case grpcStatus.cancelled:
    case grpcStatus.unknown:
    case grpcStatus.deadlineExceeded:
    case grpcStatus.resourceExhausted:
    case grpcStatus.internal:
    case grpcStatus.unavailable:
      return /^(etcdserver|grpc|auth|lease|raft|mvcc|context|rpc error|transport)\b/.test(text);
    case grpcStatus.permissionDenied:
      return text !== "Protocol not secure enough";
    default:
      return true;
  }
}

function metadataOf(entries: Readonly<Record<string, string>> | undefined): Metadata {
  const metadata = new Metadata();
  if (entries !== undefined) {
    for (const name of Object.keys(entries)) {
      const value = entries[name];
      if (value !== undefined) metadata.set(name, value);
    }
  }
  return metadata;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Any service's client serves: its channel carries every method. */
function channelOf(host: Host): Channel {
  return host.getServiceClient("KV").getChannel();
}

function connect(
  { endpoint, keepaliveTimeMs, keepaliveTimeoutMs }: TransportOptions,
  tls: UsableTls | undefined,
): Host {
  const pem = (value: PemText | undefined): Buffer | null =>
    value === undefined ? null : Buffer.from(nodePem(value));
  const secure = endpoint.secure
    ? credentials.createSsl(
        pem(tls?.ca),
        pem(tls?.key),
        pem(tls?.cert),
        tls?.insecureSkipVerify === true ? { rejectUnauthorized: false } : {},
      )
    : credentials.createInsecure();
  const target = endpoint.path === undefined ? authorityOf(endpoint) : `unix:${endpoint.path}`;
  return new Host(target, secure, {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc-node.flow_control_window": flowControlWindowBytes,
    "grpc.keepalive_time_ms": keepaliveTimeMs,
    "grpc.keepalive_timeout_ms": keepaliveTimeoutMs,
    "grpc.initial_reconnect_backoff_ms": redialFirstMs,
    "grpc.max_reconnect_backoff_ms": redialMaxMs,
    "grpc.enable_retries": 0,
    "grpc.service_config_disable_resolution": 1,
    "grpc.enable_http_proxy": 0,
    ...(tls?.serverName === undefined
      ? {}
      : { "grpc.ssl_target_name_override": tls.serverName, "grpc.default_authority": tls.serverName }),
  });
}
