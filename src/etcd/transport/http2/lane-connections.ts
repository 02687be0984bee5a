/**
 * The connections of one lane: dialled on demand, replaced when they retire, with a back-off after a failed dial.
 *
 *   a call ──► a connection with a place ──► begun
 *          └─► none, in a lane of unary calls: it waits for a place, since they are short
 *                    in a lane of streams, which last for days: another connection is dialled, up to `connectionsMax`; then it
 *                    waits in a queue
 *
 * After a failed dial, calls fail at once until the back-off is over, so a dead endpoint costs its callers no time and
 * causes no storm on the network. A connection other than the first closes with its last stream.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { setReadingTimer } from "../../../base/time/reading-timer.ts";
import { handshakeOptions, socketTarget } from "../dial-target.ts";
import { grpcStatus, TransportFailure, type TransportOptions } from "../transport.ts";
import { Connection } from "./connection.ts";
import { EarliestDeadline } from "./earliest-deadline.ts";
import type { H2Stream, StreamHost } from "./h2-stream.ts";

/** A TCP and TLS handshake that takes longer than this is abandoned. */
const dialTimeoutMs = 5000;
/** Pause after the first failed dial; it doubles, jittered, up to the largest. */
const dialBackoffMinMs = 50;
const dialBackoffMaxMs = 3000;
/** Most connections of a lane: 6,400 streams if a peer accepts 100 on each, as proxies do. */
const connectionsMax = 64;

/** Connections to the endpoint that were lost, over all lanes: after each one, another process may answer. */
export class Losses {
  readonly #onLost: (() => void) | undefined;
  count = 0;

  constructor(onLost: (() => void) | undefined) {
    this.#onLost = onLost;
  }

  add(): void {
    this.count++;
    this.#onLost?.();
  }
}

export class LaneConnections implements StreamHost {
  readonly #options: TransportOptions;
  /** Connections that accept calls, in the order they were dialled: the first are filled first. */
  #usable: readonly Connection[] = [];
  readonly #all = new Set<Connection>();
  /** Streams that wait because there are as many connections as allowed. */
  #line: H2Stream[] = [];
  /** The connection that is being retired because it is idle. */
  #idle: Connection | undefined;
  #dialing:
    | {
        readonly socket: Socket;
        readonly waiting: Set<H2Stream>;
        /** A call's deadline also applies while it waits for the dial. */
        readonly deadlines: EarliestDeadline;
        readonly giveUp: (reason: string) => void;
      }
    | undefined;
  #failures = 0;
  #retryAtMs = 0;
  #lastReason = "";
  #closed = false;
  readonly endpoint: string;
  readonly #spreads: boolean;
  readonly #lost: Losses;

  /** @param options.spreads calls of the lane are long-lived, so they spread over connections, and begin when the peer's limit is known */
  constructor(options: TransportOptions & { readonly spreads: boolean; readonly lost: Losses }) {
    this.#options = options;
    this.endpoint = options.endpoint.url;
    this.#spreads = options.spreads;
    this.#lost = options.lost;
  }

  start(stream: H2Stream): void {
    if (this.#closed) return stream.finish(this.#failure(grpcStatus.cancelled, "the client is closed"));
    const free = this.#usable.find((connection) => connection.hasRoom);
    if (free !== undefined) return free.start(stream);
    const [first] = this.#usable;
    // More connections do not help with a peer that accepts no streams at all.
    if (first !== undefined && (!this.#spreads || first.streamsMax === 0)) return first.start(stream);
    if (this.#dialing === undefined) {
      if (this.#all.size >= connectionsMax) {
        // The connection ends it at its deadline if no place comes free before.
        if (first !== undefined && stream.deadlineMs < Number.POSITIVE_INFINITY) return first.start(stream);
        stream.host = this;
        this.#line.push(stream);
        return;
      }
      if (this.#options.clock.monotonicMs() < this.#retryAtMs) {
        return stream.finish(this.#failure(grpcStatus.unavailable, this.#lastReason));
      }
      this.#dial();
    }
    stream.host = this;
    this.#dialing?.waiting.add(stream);
    this.#dialing?.deadlines.expect(stream.deadlineMs);
  }

  /** Calls queued for a place. */
  get waiting(): number {
    const full = this.#usable.filter(({ streamsMax }) => streamsMax !== undefined);
    return full.reduce((sum, connection) => sum + connection.waiting, this.#line.length);
  }

  cancel(stream: H2Stream): void {
    this.#dialing?.waiting.delete(stream);
    this.#line = this.#line.filter((waiting) => waiting !== stream);
    stream.finish(undefined);
  }

  /** There is no open connection yet that could be abandoned. */
  abandon(stream: H2Stream): void {
    this.cancel(stream);
  }

  /** Nothing has arrived yet. */
  grant(): void {}

  /** Queued payloads are sent once the connection is open. */
  pump(): void {}

  close(): void {
    this.#closed = true;
    this.#dialing?.giveUp("the client is closed");
    for (const connection of this.#all) connection.destroy("the client is closed", grpcStatus.cancelled);
    this.#all.clear();
    for (const stream of this.#line.splice(0))
      stream.finish(this.#failure(grpcStatus.cancelled, "the client is closed"));
  }

  #dial(): void {
    const { endpoint, tls, clock } = this.#options;
    const target = socketTarget(endpoint);
    const socket = endpoint.secure
      ? connectTls({ ...target, ...handshakeOptions(endpoint, tls?.current()), ALPNProtocols: ["h2"] })
      : connectTcp(target);
    const waiting = new Set<H2Stream>();
    const lostBefore = this.#lost.count;
    const deadlines = new EarliestDeadline(clock, () => {
      for (const stream of deadlines.due(waiting)) {
        waiting.delete(stream);
        stream.finish(this.#failure(grpcStatus.deadlineExceeded, "no connection in time"));
      }
    });
    const giveUp = (reason: string): void => {
      if (this.#dialing?.socket !== socket) return;
      this.#dialing = undefined;
      timer.cancel();
      deadlines.close();
      socket.destroy();
      this.#backOff(reason);
      for (const stream of waiting)
        stream.finish(this.#failure(this.#closed ? grpcStatus.cancelled : grpcStatus.unavailable, reason));
    };
    const timer = setReadingTimer(clock, dialTimeoutMs, () =>
      giveUp(`no connection within ${dialTimeoutMs} ms`),
    );
    this.#dialing = { socket, waiting, deadlines, giveUp };
    const onError = (error: NodeJS.ErrnoException): void =>
      giveUp(error.message === "" ? (error.code ?? "cannot connect") : error.message);
    socket.once("error", onError);
    socket.once("close", () => giveUp("the server closed the connection while it was being made"));
    socket.once(endpoint.secure ? "secureConnect" : "connect", () => {
      if (this.#dialing?.socket !== socket) return;
      timer.cancel();
      deadlines.close();
      this.#dialing = undefined;
      socket.removeListener("error", onError);
      socket.setNoDelay(true);
      this.#adopt(socket, waiting, lostBefore);
    });
  }

  #adopt(socket: Socket, waiting: ReadonlySet<H2Stream>, lostBefore: number): void {
    const connection = new Connection({
      socket,
      endpoint: this.endpoint,
      clock: this.#options.clock,
      keepaliveTimeMs: this.#options.keepaliveTimeMs,
      keepaliveTimeoutMs: this.#options.keepaliveTimeoutMs,
      onHeard: () => {
        this.#failures = 0;
        this.#retryAtMs = 0;
      },
      onRetire: () => {
        this.#usable = this.#usable.filter((usable) => usable !== connection);
        // Closing an idle connection is not a loss.
        if (this.#idle !== connection) this.#lost.add();
      },
      onRoom: () => this.#refill(connection),
      onFull: this.#spreads
        ? (streams) => {
            for (const stream of streams) if (stream.end === undefined) this.start(stream);
          }
        : undefined,
      onClosed: (reason, heard) => {
        this.#all.delete(connection);
        // Closed before the peer sent anything (TLS alert, no HTTP/2): it counts as a failed dial.
        if (!heard) this.#backOff(reason);
        // A place may come free, but only after the server that now answers has been identified.
        for (const stream of this.#line.splice(0)) {
          if (this.#idle === connection) this.start(stream);
          else stream.finish(this.#failure(grpcStatus.unavailable, "another connection was lost"));
        }
      },
    });
    this.#all.add(connection);
    this.#usable = [...this.#usable, connection];
    // The calls were meant for the process that was there when they began; this may be its successor, not yet identified.
    const meantForAnother = lostBefore !== this.#lost.count;
    for (const stream of waiting) {
      if (stream.end !== undefined) continue;
      if (meantForAnother)
        stream.finish(this.#failure(grpcStatus.unavailable, "another connection was lost"));
      else connection.start(stream);
    }
  }

  /** A call of `connection` has ended. */
  #refill(connection: Connection): void {
    while (connection.hasRoom) {
      const next = this.#line.shift();
      if (next === undefined) break;
      connection.start(next);
    }
    if (connection.openStreams > 0 || this.#usable.length === 1) return;
    this.#idle = connection;
    connection.retire();
  }

  #backOff(reason: string): void {
    this.#lastReason = reason;
    const ceilingMs = Math.min(dialBackoffMaxMs, dialBackoffMinMs * 2 ** this.#failures);
    this.#failures++;
    this.#retryAtMs =
      this.#options.clock.monotonicMs() + ceilingMs * (0.5 + this.#options.random.float() / 2);
  }

  #failure(code: number, text: string): TransportFailure {
    return new TransportFailure({
      code,
      text,
      request: "unsent",
      fromServer: false,
      endpoint: this.endpoint,
    });
  }
}
