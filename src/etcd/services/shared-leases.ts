/**
 * Leases shared by keys that expire at about the same time: a lease per object would cost etcd a proposal and a
 * heap entry each.
 *
 *   a key that must live ttl seconds takes any lease that ends in [now + ttl, now + ttl + overshoot]
 *   overshoot = 5 % of ttl, at least 2 s, at most 60 s; a lease takes 1,000 keys, then the next one is granted
 *
 * The lower end counts from before the grant was sent, the upper end from its response, so both hold whatever the
 * latency of the grant. A leader change may extend every lease of etcd; that is etcd's own behaviour.
 */
import type { Clock } from "../../base/time/clock.ts";
import type { EtcdCall } from "../ports/call.ts";

/** A revoke removes the keys of a lease in one transaction: 1,000 keys keep it short. */
const keysPerLease = 1000;
const overshootMinSeconds = 2;
const overshootMaxSeconds = 60;
const overshootShare = 0.05;

interface SharedLease {
  readonly id: bigint;
  /** It ends between these two times, monotonic milliseconds. */
  readonly endsAfterMs: number;
  readonly endsBeforeMs: number;
  keys: number;
}

export type Grant = (ttlSeconds: number, call: EtcdCall | undefined) => Promise<{ readonly id: bigint }>;

export class SharedLeases {
  readonly #clock: Clock;
  readonly #grant: Grant;
  #leases: SharedLease[] = [];
  /** By granted TTL: callers that ask during a grant wait for it. */
  readonly #granting = new Map<number, Promise<void>>();

  constructor(clock: Clock, grant: Grant) {
    this.#clock = clock;
    this.#grant = grant;
  }

  /** Takes a place on a lease that outlives `ttlSeconds` by at most the overshoot. */
  async take(ttlSeconds: number, call?: EtcdCall): Promise<bigint> {
    for (;;) {
      call?.signal?.throwIfAborted();
      const lease = this.#fitting(ttlSeconds);
      if (lease !== undefined) {
        lease.keys++;
        return lease.id;
      }
      const granted = Math.ceil(ttlSeconds) + Math.floor(overshootSeconds(ttlSeconds));
      const underWay = this.#granting.get(granted);
      if (underWay !== undefined) {
        // Another caller's grant may fail for that caller's own reasons: then this caller grants one.
        await underWay.catch(() => {});
        continue;
      }
      // The caller that grants keeps a place on the new lease, even if the others take the rest first.
      let mine: bigint | undefined;
      const granting = this.#add(granted, call, (id) => (mine = id));
      this.#granting.set(granted, granting);
      try {
        await granting;
      } finally {
        this.#granting.delete(granted);
      }
      if (mine !== undefined) return mine;
    }
  }

  /** Reports that a lease is gone: it is not used again. */
  forget(id: bigint): void {
    this.#leases = this.#leases.filter((lease) => lease.id !== id);
  }

  clear(): void {
    this.#leases = [];
  }

  #fitting(ttlSeconds: number): SharedLease | undefined {
    const now = this.#clock.monotonicMs();
    const fromMs = now + ttlSeconds * 1000;
    const toMs = fromMs + overshootSeconds(ttlSeconds) * 1000;
    return this.#leases.find(
      (lease) => lease.endsAfterMs >= fromMs && lease.endsBeforeMs <= toMs && lease.keys < keysPerLease,
    );
  }

  async #add(grantedSeconds: number, call: EtcdCall | undefined, first: (id: bigint) => void): Promise<void> {
    const sentMs = this.#clock.monotonicMs();
    const { id } = await this.#grant(grantedSeconds, call);
    const now = this.#clock.monotonicMs();
    const ttlMs = grantedSeconds * 1000;
    this.#leases = this.#leases.filter((lease) => lease.endsAfterMs > now && lease.keys < keysPerLease);
    this.#leases.push({ id, endsAfterMs: sentMs + ttlMs, endsBeforeMs: now + ttlMs, keys: 1 });
    first(id);
  }
}

function overshootSeconds(ttlSeconds: number): number {
  return Math.max(overshootMinSeconds, Math.min(overshootMaxSeconds, ttlSeconds * overshootShare));
}
