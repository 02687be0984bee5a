/**
 * One writer at a time in a bucket, without conditional writes: every server has put, list and delete.
 *
 *   claim:   put locks/<id>, then list locks/
 *            another live claim is there: take the own one back, wait a random time, try again; at last UNAVAILABLE
 *   held:    the claim is put again every 15 s, which moves its Last-Modified
 *   dead:    a claim that the server's clock finds older than 60 s; the first process to find it deletes it
 *
 * The later of two claimants lists after its own put, so it sees the earlier claim: never do both go on. That wants a
 * listing that shows what was put before, which S3 and its kin promise. A holder that could not renew its claim for 45 s
 * (its machine slept, the network is gone) has lost the lock and refuses to write on.
 */
import { hostname } from "node:os";
import { Backoff } from "../../../base/backoff.ts";
import type { Clock, Timer } from "../../../base/clock.ts";
import { type Random, randomUuid } from "../../../base/random.ts";
import { StoreError } from "../../../errors.ts";
import type { S3Listing } from "./s3-listing.ts";
import type { S3Requests } from "./s3-requests.ts";

const renewMs = 15_000;
/** Below `deadMs` by more than a request's way, so that a holder stops before another one begins. */
const lostMs = 45_000;
const deadMs = 60_000;
const triesMax = 6;
const backoffOf = { firstMs: 200, maxMs: 3_000 } as const;
const folder = "locks";

export interface LockContext {
  readonly requests: S3Requests;
  readonly listing: S3Listing;
  readonly clock: Clock;
  readonly random: Random;
  /** For messages: `s3://bucket/prefix`. */
  readonly place: string;
}

export class S3Lock implements AsyncDisposable {
  readonly #context: LockContext;
  readonly #name: string;
  readonly #body: Uint8Array;
  #renewedMs: number;
  #timer: Timer | undefined;
  #renewing: Promise<void> = Promise.resolve();
  #released = false;

  private constructor(context: LockContext, id: string) {
    this.#context = context;
    this.#name = `${folder}/${id}`;
    this.#body = Buffer.from(JSON.stringify({ id, pid: process.pid, host: hostname() }));
    this.#renewedMs = context.clock.monotonicMs();
  }

  /** @throws UNAVAILABLE while another process holds it */
  static async take(context: LockContext): Promise<S3Lock> {
    const backoff = new Backoff(backoffOf, context.clock, context.random);
    for (let attempt = 1; ; attempt++) {
      const lock = new S3Lock(context, randomUuid(context.random));
      await lock.#put();
      const other = await lock.#otherClaim();
      if (other === undefined) {
        lock.#keep();
        return lock;
      }
      await lock.#remove();
      if (attempt >= triesMax) throw await locked(context, other);
      await backoff.wait();
    }
  }

  /** @throws UNAVAILABLE when the claim was not renewed in time, so that another may have the lock */
  assertHeld(): void {
    if (!this.#released && this.#context.clock.monotonicMs() - this.#renewedMs < lostMs) return;
    throw new StoreError(
      "UNAVAILABLE",
      `Cannot write to repository "${this.#context.place}": its lock was lost`,
      {
        retryAfterMs: deadMs,
        reason: "locked",
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    this.#timer?.cancel();
    await this.#renewing;
    // A claim that cannot be taken back dies by itself, and its failure must not hide that of the work it guarded.
    await this.#remove().catch(() => undefined);
  }

  #keep(): void {
    this.#timer = this.#context.clock.setTimer(renewMs, () => {
      if (this.#released) return;
      // A renewal that fails is tried again at the next turn; the time without one is what counts.
      this.#renewing = this.#put().catch(() => undefined);
      void this.#renewing.then(() => {
        if (!this.#released) this.#keep();
      });
    });
  }

  async #put(): Promise<void> {
    const sentMs = this.#context.clock.monotonicMs();
    await this.#context.requests.send({ method: "PUT", name: this.#name, body: this.#body });
    this.#renewedMs = sentMs;
  }

  async #remove(): Promise<void> {
    await this.#context.requests.send({ method: "DELETE", name: this.#name, accepted: [404] });
  }

  /** Another claim that is alive; dead ones are deleted on the way. */
  async #otherClaim(): Promise<string | undefined> {
    const { listing, requests } = this.#context;
    const claims = await listing.objects(folder);
    const own = claims.find(({ name }) => name === this.#name);
    let other: string | undefined;
    for (const { name, modifiedMs } of claims) {
      if (name === this.#name) continue;
      // By the server's clock on both sides: that of the own claim, just put, is now.
      const ageMs = (own?.modifiedMs ?? requests.serverNowMs()) - modifiedMs;
      if (ageMs > deadMs) await requests.send({ method: "DELETE", name, accepted: [404] });
      else other = name;
    }
    return other;
  }
}

async function locked({ requests, place }: LockContext, name: string): Promise<StoreError<"UNAVAILABLE">> {
  const claim = await requests.send({ method: "GET", name, accepted: [404] });
  const text = claim.status === 200 ? claim.body.toString("utf8") : "";
  const [, pid = "?"] = /"pid":(\d+)/.exec(text) ?? [];
  const [, host = "?"] = /"host":"([^"]*)"/.exec(text) ?? [];
  return new StoreError(
    "UNAVAILABLE",
    `Cannot write to repository "${place}": process ${pid} on "${host}" is writing to it`,
    { retryAfterMs: 10_000, reason: "locked" },
  );
}
