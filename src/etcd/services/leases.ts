/**
 * The `Leases` port over the client core: grants under ids that the client chooses, so that a lost response can be
 * resolved; held leases (held-leases.ts) and shared leases (shared-leases.ts).
 *
 *   grant(id) --response lost--> grant(id) again --"already exists"--> it was granted the first time
 */
import { checkArguments, checkOptions } from "../../base/text/known-options.ts";
import { setReadingTimer } from "../../base/time/reading-timer.ts";
import { invalidArgument, isStoreError, StoreError } from "../../errors.ts";
import { checkCall } from "../client/call-attempt.ts";
import type { Client, Rpc } from "../client/client.ts";
import type { EtcdCall } from "../ports/call.ts";
import type { Lease, LeaseStatus, Leases } from "../ports/leases.ts";
import type { Header } from "../ports/messages.ts";
import { refusalPatienceOf } from "../ports/refusal.ts";
import { TransportFailure } from "../transport/transport.ts";
import { decodeHeaderOnly } from "../wire/kv.ts";
import {
  type LeaseGrantResponse,
  type LeaseLeasesResponse,
  type LeaseTimeToLiveResponse,
  leaseGrantRequest,
  leaseGrantResponse,
  leaseIdRequest,
  leaseKeepAliveResponse,
  leaseLeasesResponse,
  leaseTimeToLiveRequest,
  leaseTimeToLiveResponse,
} from "../wire/lease.ts";
import { HeldLeases, keepAlivePath } from "./held-leases.ts";
import { SharedLeases } from "./shared-leases.ts";

const grantRpc: Rpc<LeaseGrantResponse> = {
  path: "/etcdserverpb.Lease/LeaseGrant",
  effect: "write",
  judged: false,
  lane: "unary",
  action: "grant a lease",
  decode: (reply) => leaseGrantResponse.decode(reply),
};
const revokeRpc: Rpc<{ readonly header: Header }> = {
  path: "/etcdserverpb.Lease/LeaseRevoke",
  effect: "idempotent",
  judged: false,
  lane: "unary",
  action: "revoke a lease",
  decode: decodeHeaderOnly,
};
const timeToLiveRpc: Rpc<LeaseTimeToLiveResponse> = {
  path: "/etcdserverpb.Lease/LeaseTimeToLive",
  effect: "read",
  judged: false,
  lane: "unary",
  action: "look at a lease",
  decode: (reply) => leaseTimeToLiveResponse.decode(reply),
};
const listRpc: Rpc<LeaseLeasesResponse> = {
  path: "/etcdserverpb.Lease/LeaseLeases",
  effect: "read",
  judged: false,
  lane: "unary",
  action: "list leases",
  decode: (reply) => leaseLeasesResponse.decode(reply),
};

/** etcd's own maximum of a TTL (lease.MaxLeaseTTL), seconds. */
const ttlMaxSeconds = 9_000_000_000;

export function createLeases(client: Client): Leases {
  return new LeasesPort(client);
}

class LeasesPort implements Leases {
  readonly #client: Client;
  readonly #held: HeldLeases;
  readonly #shared: SharedLeases;

  constructor(client: Client) {
    this.#client = client;
    this.#held = new HeldLeases(client);
    this.#shared = new SharedLeases(client.clock, (ttlSeconds, call) => this.grant({ ttlSeconds }, call));
    client.onRestore(() => this.#shared.clear());
  }

  async grant(
    options: { readonly ttlSeconds: number; readonly id?: bigint | undefined },
    call: EtcdCall = {},
  ): Promise<{ readonly id: bigint; readonly ttlSeconds: number }> {
    checkOptions(options ?? null, "grant a lease", { ttlSeconds: "positive", id: "bigint" });
    checkCall(call, "grant a lease");
    const { ttlSeconds } = options;
    if (!(ttlSeconds > 0 && ttlSeconds <= ttlMaxSeconds)) {
      throw invalidArgument(
        "ttlSeconds",
        `Cannot grant a lease: ttlSeconds is ${ttlSeconds}, expected above 0 and at most ${ttlMaxSeconds}`,
      );
    }
    const id = options.id ?? this.#freshId();
    const request = leaseGrantRequest.encode({ id, ttlSeconds: Math.ceil(ttlSeconds) });
    const { clock, requestTimeoutMs } = this.#client;
    const startedMs = clock.monotonicMs();
    const endMs = startedMs + (call.timeoutMs ?? 2 * requestTimeoutMs);
    const patientUntilMs = startedMs + refusalPatienceOf(call);
    let lost: StoreError | undefined;
    for (;;) {
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0 && lost !== undefined) throw lost;
      // At most half of the time, so that a lost response can still be resolved.
      const bound = Math.min(call.requestTimeoutMs ?? requestTimeoutMs, Math.max(1, leftMs / 2));
      const refusalPatienceMs = Math.max(0, patientUntilMs - clock.monotonicMs());
      const timed = {
        ...call,
        timeoutMs: Math.max(1, leftMs),
        requestTimeoutMs: bound,
        refusalPatienceMs,
      };
      try {
        const granted = await this.#client.unary(grantRpc, request, timed);
        if (granted.error !== "") {
          throw new StoreError("UNAVAILABLE", `Cannot grant a lease: ${granted.error}`, {
            retryAfterMs: 1000,
          });
        }
        return { id: granted.id, ttlSeconds: granted.ttlSeconds };
      } catch (error) {
        if (lost !== undefined && isStoreError(error, "ALREADY_EXISTS")) {
          // An id that somebody else chose may have existed before: its owner cannot be determined.
          if (options.id !== undefined) throw lost;
          const { grantedTtlSeconds } = await this.timeToLive(id, timed);
          return { id, ttlSeconds: grantedTtlSeconds };
        }
        if (!isStoreError(error, "OUTCOME_UNKNOWN"))
          throw lost === undefined ? error : withCause(lost, error);
        lost = error;
      }
    }
  }

  async hold(options: { readonly ttlSeconds: number }, call?: EtcdCall): Promise<Lease> {
    checkOptions(options ?? null, "hold a lease", { ttlSeconds: "positive" });
    const sentMs = this.#client.clock.monotonicMs();
    const { id, ttlSeconds } = await this.grant(options, call);
    const held = this.#held.hold(id, ttlSeconds, sentMs);
    let over: Promise<void> | undefined;
    const revoke = async (revokeCall?: EtcdCall): Promise<void> => {
      held.release();
      await this.revoke(id, revokeCall);
    };
    return {
      id,
      ttlSeconds,
      lost: held.lost,
      revoke,
      [Symbol.asyncDispose]: () => {
        held.release();
        // Revoked if etcd can be reached; otherwise it expires by itself.
        over ??= held.lost.aborted
          ? Promise.resolve()
          : this.revoke(id, { timeoutMs: this.#client.requestTimeoutMs }).catch(() => {});
        return over;
      },
    };
  }

  async keepAliveOnce(id: bigint, call: EtcdCall = {}): Promise<{ readonly ttlSeconds: number }> {
    checkArguments("keep a lease alive", { id }, { id: "bigint" });
    checkCall(call, "keep a lease alive");
    const { clock, requestTimeoutMs } = this.#client;
    const timeoutMs = call.timeoutMs ?? requestTimeoutMs;
    const end = new AbortController();
    const timer = setReadingTimer(clock, timeoutMs, () =>
      end.abort(
        new StoreError(
          "DEADLINE",
          `Cannot keep a lease alive: no answer within ${Math.round(timeoutMs)} ms`,
          {
            timeoutMs,
          },
        ),
      ),
    );
    const signal = call.signal === undefined ? end.signal : AbortSignal.any([call.signal, end.signal]);
    let avoid: string | undefined;
    try {
      for (;;) {
        try {
          const stream = await this.#client.openStream({
            path: keepAlivePath,
            lane: "lease",
            requireLeader: true,
            signal,
            endpoint: call.endpoint,
            avoid,
          });
          avoid = stream.endpoint;
          try {
            stream.write(leaseIdRequest.encode({ id }));
            const message = await stream.next();
            signal.throwIfAborted();
            if (message === undefined) continue;
            const { header, ttlSeconds } = leaseKeepAliveResponse.decode(message);
            call.onHeader?.(header);
            return { ttlSeconds: ttlSeconds > 0 ? ttlSeconds : -1 };
          } finally {
            stream.cancel();
          }
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof TransportFailure)) throw error;
          const decision = this.#client.decideRetry(error, "keep a lease alive");
          if (decision.next === "fail") throw decision.error;
          if (decision.next === "refresh") await this.#client.refreshToken(signal);
        }
      }
    } finally {
      timer.cancel();
    }
  }

  async shared(ttlSeconds: number, call: EtcdCall = {}): Promise<bigint> {
    checkCall(call, "grant a lease");
    if (!(ttlSeconds > 0 && ttlSeconds < ttlMaxSeconds / 2)) {
      throw invalidArgument(
        "ttlSeconds",
        `Cannot grant a lease: ttlSeconds is ${ttlSeconds}, expected above 0 and below ${ttlMaxSeconds / 2}`,
      );
    }
    return this.#shared.take(ttlSeconds, call);
  }

  forgetShared(id: bigint): void {
    this.#shared.forget(id);
  }

  async revoke(id: bigint, call?: EtcdCall & { readonly ifMissing?: "done" | "fail" }): Promise<void> {
    checkArguments(revokeRpc.action, { id }, { id: "bigint" });
    this.#shared.forget(id);
    try {
      await this.#client.unary(revokeRpc, leaseIdRequest.encode({ id }), call);
    } catch (error) {
      if (!isStoreError(error, "NOT_FOUND") || call?.ifMissing === "fail") throw error;
    }
  }

  async timeToLive(id: bigint, call?: EtcdCall & { readonly keys?: boolean }): Promise<LeaseStatus> {
    checkArguments(timeToLiveRpc.action, { id }, { id: "bigint" });
    const request = leaseTimeToLiveRequest.encode({ id, keys: call?.keys ?? false });
    try {
      const { ttlSeconds, grantedTtlSeconds, keys } = await this.#client.unary(timeToLiveRpc, request, call);
      return { id, ttlSeconds, grantedTtlSeconds, keys };
    } catch (error) {
      if (!isStoreError(error, "NOT_FOUND")) throw error;
      return { id, ttlSeconds: -1, grantedTtlSeconds: 0, keys: [] };
    }
  }

  async list(call?: EtcdCall): Promise<readonly bigint[]> {
    const { leases } = await this.#client.unary(listRpc, new Uint8Array(0), call);
    return leases.map(({ id }) => id);
  }

  /** 63 random bits, never 0: etcd reads 0 as "choose one". */
  #freshId(): bigint {
    const bytes = this.#client.random.bytes(8);
    const id = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0) >> 1n;
    return id === 0n ? 1n : id;
  }
}

/** The grant's outcome is still unknown; the error carries why resolving it failed. */
function withCause(lost: StoreError, cause: unknown): unknown {
  if (!(cause instanceof StoreError)) return cause;
  return new StoreError(lost.code, lost.message, lost.details, { cause });
}
