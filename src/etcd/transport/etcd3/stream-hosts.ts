/**
 * The connections of a lane with long-lived calls (watches, keepalives), as many as the peer's limit of streams requires.
 *
 * grpc-js does not report how many streams a peer accepts on a connection, and silently queues the rest. So the
 * peer is asked once, over a short connection of our own, when the first stream opens. Each connection then gets no
 * more than that, and streams placed beyond the limit before the answer are ended, so that their owners open them again.
 */
import { connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Host } from "etcd3/lib/connection-pool.js";
import type { Clock } from "../../../base/time/clock.ts";
import { authorityOf, handshakeOptions, socketTarget } from "../dial-target.ts";
import type { CurrentTls, EndpointAddress } from "../transport.ts";

/** Most connections of a lane: 6,400 streams if a peer accepts 100 on each, as proxies do. */
const hostsMax = 64;
/** If a peer sends no settings within this, a later stream asks it again. */
const askTimeoutMs = 2_000;

/** A stream as this lane sees it. */
export interface HostedStream {
  /** The peer has answered on it, so it counts within the limit. */
  readonly established: boolean;
  /** Ends it, so that its owner opens it on another connection. */
  noPlace(streamsMax: number): void;
}

interface Hosted {
  readonly host: Host;
  readonly streams: Set<HostedStream>;
}

export class StreamHosts {
  readonly #connect: () => Host;
  readonly #outdated: (host: Host) => boolean;
  readonly #limit: PeerStreamLimit;
  readonly #hosts: Hosted[] = [];

  /** @param outdated whether a connection of that host would present outdated certificates */
  constructor(connect: () => Host, outdated: (host: Host) => boolean, limit: PeerStreamLimit) {
    this.#connect = connect;
    this.#outdated = outdated;
    this.#limit = limit;
    limit.onLearned((streamsMax) => this.#endBeyond(streamsMax));
  }

  /** The connection for the next stream. */
  next(): Host {
    const streamsMax = this.#limit.ask() ?? Number.POSITIVE_INFINITY;
    for (const hosted of this.#hosts.filter(
      ({ host, streams }) => streams.size === 0 && this.#outdated(host),
    )) {
      this.#hosts.splice(this.#hosts.indexOf(hosted), 1);
      hosted.host.close();
    }
    let best = this.#hosts.find(({ host, streams }) => streams.size < streamsMax && !this.#outdated(host));
    if (best === undefined && this.#hosts.length >= hostsMax) {
      best = this.#hosts.reduce((a, b) => (b.streams.size < a.streams.size ? b : a));
    }
    if (best === undefined) {
      best = { host: this.#connect(), streams: new Set() };
      this.#hosts.push(best);
    }
    return best.host;
  }

  /** Records that `stream` uses `host`. @returns a function to call when it ends */
  opened(host: Host, stream: HostedStream): () => void {
    const hosted = this.#hosts.find((each) => each.host === host);
    hosted?.streams.add(stream);
    return () => {
      if (hosted?.streams.delete(stream) !== true) return;
      this.#givePlace(hosted);
      if (hosted.streams.size > 0 || this.#hosts.length === 1) return;
      this.#hosts.splice(this.#hosts.indexOf(hosted), 1);
      host.close();
    };
  }

  /** A stream has ended: a waiting one, first on this host, is opened again where there is a place now. */
  #givePlace(left: Hosted): void {
    const streamsMax = this.#limit.known ?? Number.POSITIVE_INFINITY;
    const here = left.streams.size >= streamsMax ? [left] : [];
    const crowded = this.#hosts.filter(({ streams }) => streams.size > streamsMax);
    for (const { streams } of [...here, ...crowded]) {
      const waiting = [...streams].find(({ established }) => !established);
      if (waiting !== undefined) return waiting.noPlace(streamsMax);
    }
  }

  /** Streams beyond what the peer accepts on as many connections as allowed. */
  get waiting(): number {
    const streamsMax = this.#limit.known ?? Number.POSITIVE_INFINITY;
    return this.#hosts.reduce((sum, { streams }) => sum + Math.max(0, streams.size - streamsMax), 0);
  }

  close(): void {
    for (const { host } of this.#hosts.splice(0)) host.close();
  }

  #endBeyond(streamsMax: number): void {
    for (const { streams } of this.#hosts) {
      let beyond = streams.size - streamsMax;
      for (const stream of [...streams].reverse()) {
        if (beyond <= 0) break;
        if (stream.established) continue;
        beyond--;
        stream.noPlace(streamsMax);
      }
    }
  }
}

/** How many streams the peer accepts on one connection, asked when first needed. */
export class PeerStreamLimit {
  readonly #endpoint: EndpointAddress;
  readonly #tls: CurrentTls | undefined;
  readonly #clock: Clock;
  readonly #listeners: ((streamsMax: number) => void)[] = [];
  #known: number | undefined;
  #stop: (() => void) | undefined;
  #closed = false;

  constructor(endpoint: EndpointAddress, tls: CurrentTls | undefined, clock: Clock) {
    this.#endpoint = endpoint;
    this.#tls = tls;
    this.#clock = clock;
  }

  /** Undefined: not known yet. Infinity: the peer sets no limit. */
  get known(): number | undefined {
    return this.#known;
  }

  onLearned(listener: (streamsMax: number) => void): void {
    this.#listeners.push(listener);
  }

  /** The known limit; asks the peer if there is none. */
  ask(): number | undefined {
    if (this.#known === undefined && this.#stop === undefined && !this.#closed) this.#look();
    return this.#known;
  }

  close(): void {
    this.#closed = true;
    this.#stop?.();
  }

  #look(): void {
    const endpoint = this.#endpoint;
    const target = socketTarget(endpoint);
    const session = connect(`${endpoint.secure ? "https" : "http"}://${authorityOf(endpoint)}`, {
      createConnection: () =>
        endpoint.secure
          ? connectTls({
              ...target,
              ...handshakeOptions(endpoint, this.#tls?.current()),
              ALPNProtocols: ["h2"],
            })
          : connectTcp(target),
    });
    const timer = this.#clock.setTimer(askTimeoutMs, () => this.#stop?.());
    this.#stop = () => {
      this.#stop = undefined;
      timer.cancel();
      session.destroy();
    };
    session.once("remoteSettings", ({ maxConcurrentStreams }) => {
      // A peer that accepts no streams now will accept some later.
      this.#known = Math.max(1, maxConcurrentStreams ?? Number.POSITIVE_INFINITY);
      for (const listener of this.#listeners) listener(this.#known);
      this.#stop?.();
    });
    // The calls that need the endpoint report why it cannot be reached.
    session.on("error", () => this.#stop?.());
    session.once("close", () => this.#stop?.());
  }
}
