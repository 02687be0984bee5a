/**
 * Keeps leases alive over one stream, and determines when each counts as lost.
 *
 *   ping sent at t --answered--> good until t + TTL - margin, whenever the answer came
 *   nothing answered by then ---> lost; etcd reports it (TTL 0, a restore) ---> lost at once
 *
 * The time counts from before the ping is sent, on the monotonic clock, so it ends before etcd's own count does. A
 * stream that leaves a ping unanswered is reported unhealthy, and another endpoint is asked in time for two more tries or more.
 */
import { Backoff } from "../../base/backoff.ts";
import type { Timer } from "../../base/time/clock.ts";
import { setReadingTimer } from "../../base/time/reading-timer.ts";
import { StoreError } from "../../errors.ts";
import type { Client, ClientStream } from "../client/client.ts";
import { TransportFailure } from "../transport/transport.ts";
import { leaseIdRequest, leaseKeepAliveResponse } from "../wire/lease.ts";
import { WireError } from "../wire/reader.ts";

export const keepAlivePath = "/etcdserverpb.Lease/LeaseKeepAlive";

/** Waits before another stream is opened, milliseconds: short beside any TTL. */
const reopenWaits = { firstMs: 10, maxMs: 250 } as const;

/** Allows for clock drift between machines and timers delayed by load: a tenth of the TTL, 0.2 to 2 s. */
function marginMs(ttlSeconds: number): number {
  return Math.min(2000, Math.max(200, ttlSeconds * 100));
}

export interface HeldLease {
  readonly id: bigint;
  readonly ttlSeconds: number;
  readonly lost: AbortSignal;
  /** Stops keeping it alive; `lost` stays as it is. Idempotent. */
  release(): void;
}

interface Entry {
  readonly id: bigint;
  readonly ttlMs: number;
  readonly marginMs: number;
  readonly lost: AbortController;
  /** When the unanswered ping of this stream was sent. */
  pingMs: number | undefined;
  pingTimer: Timer | undefined;
  lostTimer: Timer | undefined;
}

export class HeldLeases {
  readonly #client: Client;
  readonly #entries = new Map<bigint, Entry>();
  #stream: ClientStream | undefined;
  /** The loop that owns the stream; at most one. */
  #loop: Promise<void> | undefined;
  /** Ends the loop's waiting when no lease is held any more. */
  #idle = new AbortController();

  constructor(client: Client) {
    this.#client = client;
    const lose = (error: StoreError): void => {
      for (const entry of [...this.#entries.values()]) this.#lose(entry, error);
    };
    client.onRestore(() =>
      lose(
        new StoreError("EXPIRED", "A lease is lost: etcd was restored or replaced", { reason: "restored" }),
      ),
    );
    client.signal.addEventListener("abort", () => lose(client.signal.reason), { once: true });
  }

  /** @param grantedMs monotonic time before the grant was sent */
  hold(id: bigint, ttlSeconds: number, grantedMs: number): HeldLease {
    const entry: Entry = {
      id,
      ttlMs: ttlSeconds * 1000,
      marginMs: marginMs(ttlSeconds),
      lost: new AbortController(),
      pingMs: undefined,
      pingTimer: undefined,
      lostTimer: undefined,
    };
    this.#entries.set(id, entry);
    this.#goodFrom(entry, grantedMs);
    if (this.#client.signal.aborted) this.#lose(entry, this.#client.signal.reason);
    else this.#run();
    return {
      id,
      ttlSeconds,
      lost: entry.lost.signal,
      release: () => this.#drop(entry),
    };
  }

  #goodFrom(entry: Entry, sentMs: number): void {
    const now = this.#client.clock.monotonicMs();
    entry.lostTimer?.cancel();
    entry.pingTimer?.cancel();
    entry.pingMs = undefined;
    const leftMs = sentMs + entry.ttlMs - entry.marginMs - now;
    // By the clock only: an answer still unread in the socket of a stalled process does not change it.
    entry.lostTimer = this.#client.clock.setTimer(Math.max(0, leftMs), () =>
      this.#lose(
        entry,
        new StoreError("UNAVAILABLE", "A lease is lost: etcd did not answer its keepalive in time", {
          retryAfterMs: 1000,
          reason: "lease may have expired",
        }),
      ),
    );
    const nextMs = sentMs + entry.ttlMs / 3 - now;
    entry.pingTimer = this.#client.clock.setTimer(Math.max(0, nextMs), () => this.#ping(entry));
  }

  /** Sends a ping if there is a stream; a newly opened stream pings for all. */
  #ping(entry: Entry): void {
    const stream = this.#stream;
    if (stream === undefined || entry.pingMs !== undefined || !this.#entries.has(entry.id)) return;
    entry.pingMs = this.#client.clock.monotonicMs();
    stream.write(leaseIdRequest.encode({ id: entry.id }));
    entry.pingTimer = setReadingTimer(this.#client.clock, this.#patienceMs(entry), () => {
      if (this.#stream === stream && entry.pingMs !== undefined) {
        stream.reportUnhealthy("a lease keepalive was not answered");
      }
    });
  }

  /** How long a ping may stay unanswered: a quarter of the TTL leaves time for two more after the first at a third. */
  #patienceMs(entry: Entry): number {
    return Math.min(this.#client.requestTimeoutMs, entry.ttlMs / 4);
  }

  #lose(entry: Entry, reason: StoreError): void {
    this.#drop(entry);
    if (!entry.lost.signal.aborted) entry.lost.abort(reason);
  }

  #drop(entry: Entry): void {
    entry.lostTimer?.cancel();
    entry.pingTimer?.cancel();
    if (this.#entries.get(entry.id) === entry) this.#entries.delete(entry.id);
    if (this.#entries.size > 0) return;
    this.#idle.abort();
    this.#stream?.cancel();
  }

  #run(): void {
    this.#loop ??= this.#keepStream().finally(() => {
      this.#loop = undefined;
      // A lease was added while the loop was ending.
      if (this.#entries.size > 0 && !this.#client.signal.aborted) this.#run();
    });
  }

  /** Never rejects: every lease ends with its cause. */
  async #keepStream(): Promise<void> {
    this.#idle = new AbortController();
    const idle = this.#idle.signal;
    const { clock, random } = this.#client;
    const backoff = new Backoff(reopenWaits, clock, random);
    let avoid: string | undefined;
    for (let first = true; this.#entries.size > 0 && !idle.aborted; first = false) {
      if (!first) {
        this.#client.countReconnect();
        // When all endpoints are in back-off the client refuses at once: without a wait this would spin until it is over.
        await backoff.wait(idle).catch(() => undefined);
        if (idle.aborted) return;
      }
      try {
        const stream = await this.#client.openStream({
          path: keepAlivePath,
          lane: "lease",
          requireLeader: true,
          signal: idle,
          avoid,
        });
        avoid = stream.endpoint;
        await this.#serve(stream, idle, () => backoff.reset());
      } catch (error) {
        if (idle.aborted || this.#client.signal.aborted) return;
        const cause = await this.#recover(error, idle);
        if (cause === undefined) continue;
        for (const entry of [...this.#entries.values()]) this.#lose(entry, cause);
      }
    }
  }

  async #serve(stream: ClientStream, idle: AbortSignal, answered: () => void): Promise<void> {
    this.#stream = stream;
    try {
      for (const entry of this.#entries.values()) {
        entry.pingMs = undefined;
        entry.pingTimer?.cancel();
        this.#ping(entry);
      }
      for (;;) {
        const message = await stream.next();
        if (message === undefined || idle.aborted) return;
        answered();
        this.#answered(message);
      }
    } finally {
      this.#stream = undefined;
      stream.cancel();
    }
  }

  #answered(message: Uint8Array): void {
    const { id, ttlSeconds } = leaseKeepAliveResponse.decode(message);
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    if (ttlSeconds <= 0) {
      this.#lose(
        entry,
        new StoreError("NOT_FOUND", "A lease is lost: etcd has revoked it or let it expire", {}),
      );
    } else if (entry.pingMs !== undefined) this.#goodFrom(entry, entry.pingMs);
  }

  /** Undefined: open another stream. Otherwise the error that ends all leases. */
  async #recover(error: unknown, idle: AbortSignal): Promise<StoreError | undefined> {
    if (error instanceof WireError) return undefined;
    if (error instanceof TransportFailure) {
      const { next, error: failure } = this.#client.decideRetry(error, "keep leases alive");
      if (next === "fail") return failure;
      if (next === "refresh") {
        try {
          await this.#client.refreshToken(idle);
        } catch (refusal) {
          return refusal instanceof StoreError ? this.#unlessPassing(refusal) : undefined;
        }
      }
      return undefined;
    }
    if (error instanceof StoreError) return this.#unlessPassing(error);
    throw error;
  }

  /** A temporary failure is retried until the leases' own time is over. */
  #unlessPassing(error: StoreError): StoreError | undefined {
    return error.code === "UNAVAILABLE" || error.code === "DEADLINE" ? undefined : error;
  }
}
