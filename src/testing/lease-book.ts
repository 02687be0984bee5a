/** The leases of the in-memory etcd: granted, kept alive, expired on the clock; their keys go in one revision. */
import type { Clock, Timer } from "../base/time/clock.ts";
import type { LeaseStatus } from "../etcd/ports/leases.ts";
import { grpcStatus } from "../etcd/transport/transport.ts";
import type { LeaseKeeper } from "./mvcc.ts";
import { EtcdRefusal, refusals } from "./refusal.ts";

/** etcd's minimum with its default election timeout. */
const ttlSecondsMin = 2;

export interface SavedLease {
  readonly id: bigint;
  readonly ttlSeconds: number;
  readonly keys: readonly string[];
}

interface Held {
  readonly id: bigint;
  readonly ttlSeconds: number;
  readonly keys: Set<string>;
  expiresAtMs: number;
}

export class LeaseBook implements LeaseKeeper {
  readonly #clock: Clock;
  readonly #onGone: (keys: readonly string[]) => void;
  readonly #leases = new Map<bigint, Held>();
  #timer: Timer | undefined;
  #nextId: bigint;

  /**
   * @param onGone gets the keys of a lease that was revoked or has expired
   * @param firstId the first id it assigns itself; a real etcd's ids contain the time, so a restored one never repeats
   * any
   */
  constructor(clock: Clock, onGone: (keys: readonly string[]) => void, firstId = 0x7000_0000_0000_0001n) {
    this.#clock = clock;
    this.#onGone = onGone;
    this.#nextId = firstId;
  }

  save(): readonly SavedLease[] {
    return [...this.#leases.values()].map(({ id, ttlSeconds, keys }) => ({
      id,
      ttlSeconds,
      keys: [...keys],
    }));
  }

  /** Restarts the full TTL of every lease, as after a change of the leader. */
  load(leases: readonly SavedLease[]): void {
    for (const { id, ttlSeconds, keys } of leases) {
      const lease: Held = { id, ttlSeconds, keys: new Set(keys), expiresAtMs: 0 };
      this.#renew(lease);
      this.#leases.set(id, lease);
    }
    this.#arm();
  }

  has(id: bigint): boolean {
    return this.#leases.has(id);
  }

  attach(id: bigint, key: string): void {
    this.#leases.get(id)?.keys.add(key);
  }

  detach(id: bigint, key: string): void {
    this.#leases.get(id)?.keys.delete(key);
  }

  grant(id: bigint, ttlSeconds: number): { id: bigint; ttlSeconds: number } {
    if (id !== 0n && this.#leases.has(id)) {
      throw new EtcdRefusal(grpcStatus.failedPrecondition, "etcdserver: lease already exists");
    }
    const lease: Held = {
      id: id === 0n ? this.#nextId++ : id,
      ttlSeconds: Math.max(ttlSecondsMin, ttlSeconds),
      keys: new Set(),
      expiresAtMs: 0,
    };
    this.#renew(lease);
    this.#leases.set(lease.id, lease);
    this.#arm();
    return { id: lease.id, ttlSeconds: lease.ttlSeconds };
  }

  revoke(id: bigint): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw refusals.leaseNotFound();
    this.#leases.delete(id);
    this.#onGone([...lease.keys]);
    this.#arm();
  }

  /** The renewed TTL, 0 for no such lease. */
  keepAlive(id: bigint): number {
    const lease = this.#leases.get(id);
    if (lease === undefined) return 0;
    this.#renew(lease);
    this.#arm();
    return lease.ttlSeconds;
  }

  status(id: bigint): LeaseStatus {
    const lease = this.#leases.get(id);
    if (lease === undefined) return { id, ttlSeconds: -1, grantedTtlSeconds: 0, keys: [] };
    return {
      id,
      ttlSeconds: Math.max(0, Math.ceil((lease.expiresAtMs - this.#clock.monotonicMs()) / 1000)),
      grantedTtlSeconds: lease.ttlSeconds,
      keys: [...lease.keys].sort().map((key) => Buffer.from(key, "latin1")),
    };
  }

  ids(): readonly bigint[] {
    return [...this.#leases.keys()];
  }

  close(): void {
    this.#timer?.cancel();
  }

  #renew(lease: Held): void {
    lease.expiresAtMs = this.#clock.monotonicMs() + lease.ttlSeconds * 1000;
  }

  #arm(): void {
    this.#timer?.cancel();
    const next = Math.min(...[...this.#leases.values()].map((lease) => lease.expiresAtMs));
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.setTimer(Math.max(0, next - this.#clock.monotonicMs()), () => {
      const nowMs = this.#clock.monotonicMs();
      for (const lease of [...this.#leases.values()]) if (lease.expiresAtMs <= nowMs) this.revoke(lease.id);
      this.#arm();
    });
  }
}
