/**
 * One writer at a time in a bucket: the object `locks/writer` names the holder of the lock.
 *
 *   absent   put it with If-None-Match: of several claimants one succeeds, and holds the lock
 *   live     wait a random time, read again; finally UNAVAILABLE
 *   dead     older than 60 s by the server's clock: overwrite it, wait, read it; if it is still this claim: held
 *   held     read and put again every 15 s, which updates its Last-Modified; if another claim is there: lost
 *
 * For a server without If-None-Match the way of "dead" replaces that of "absent". That is safe as long as no claim is put later than
 * `settleMs` after its claimant's read: a slower one is abandoned and left to expire, so that the holder of the overwritten
 * claim has time to notice. Objects are read by name, never listed: a listing may be outdated, a read is not. A holder that
 * could not renew its claim for 45 s (its machine slept, the network failed) has lost it.
 */
import { hostname } from "node:os";
import { Backoff } from "../../../base/backoff.ts";
import { type Random, randomUuid } from "../../../base/random.ts";
import type { Clock, Timer } from "../../../base/time/clock.ts";
import { StoreError } from "../../../errors.ts";
import type { S3Requests } from "./s3-requests.ts";

const renewMs = 15_000;
/** Below `deadMs` by more than a request's latency, so that a holder stops before another one begins. */
const lostMs = 45_000;
const deadMs = 60_000;
/** Most time from the read to the end of the put; a claim that overwrote another one waits as long. */
const settleMs = 2_000;
const triesMax = 6;
const releaseTriesMax = 3;
const backoffOf = { firstMs: 200, maxMs: 3_000 } as const;
const name = "locks/writer";

export interface LockContext {
  readonly requests: S3Requests;
  readonly clock: Clock;
  readonly random: Random;
  /** For messages: `s3://bucket/prefix`. */
  readonly place: string;
  /** What is known of the server; the first claim finds it out. */
  readonly server: { keepsConditions: boolean | undefined };
}

/** A claim as read: its holder, and whether that may still be alive. */
interface Claim {
  readonly id: string;
  readonly who: string;
  readonly isLive: boolean;
}

export class S3Lock implements AsyncDisposable {
  readonly #context: LockContext;
  readonly #id: string;
  readonly #body: Uint8Array;
  #renewedMs: number;
  #timer: Timer | undefined;
  #renewing: Promise<void> = Promise.resolve();
  #lost = false;
  #released = false;

  private constructor(context: LockContext) {
    this.#context = context;
    this.#id = randomUuid(context.random);
    this.#body = Buffer.from(JSON.stringify({ id: this.#id, pid: process.pid, host: hostname() }));
    this.#renewedMs = context.clock.monotonicMs();
  }

  /** @throws UNAVAILABLE while another process holds it */
  static async take(context: LockContext): Promise<S3Lock> {
    const backoff = new Backoff(backoffOf, context.clock, context.random);
    for (let attempt = 1; ; attempt++) {
      const lock = new S3Lock(context);
      const holder = await lock.#claim();
      if (holder === undefined) {
        lock.#keep();
        return lock;
      }
      if (attempt >= triesMax) throw locked(context, holder);
      await backoff.wait();
    }
  }

  /** @throws UNAVAILABLE when the claim was not renewed in time, or is another process's: somebody else may have the lock */
  assertHeld(): void {
    if (!this.#released && this.#isHeld()) return;
    throw new StoreError(
      "UNAVAILABLE",
      `Cannot write to repository "${this.#context.place}": its lock was lost`,
      { retryAfterMs: deadMs, reason: "locked" },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    this.#timer?.cancel();
    await this.#renewing;
    // A claim that cannot be removed expires by itself, and its failure must not hide that of the guarded work.
    if (this.#isHeld()) await this.#remove().catch(() => undefined);
  }

  #isHeld(): boolean {
    return !this.#lost && this.#context.clock.monotonicMs() - this.#renewedMs < lostMs;
  }

  /** @returns the claim of another holder; undefined when this claim holds the lock */
  async #claim(): Promise<Claim | undefined> {
    const { clock, server } = this.#context;
    const lookedMs = clock.monotonicMs();
    const there = await this.#read();
    if (there?.isLive === true) return there;
    if (there === undefined && server.keepsConditions !== false) {
      const made = await this.#putWhereAbsent();
      if (made !== "put without condition") return made;
    } else await this.#put();
    if (clock.monotonicMs() - lookedMs > settleMs) return { id: this.#id, who: "a slow claim", isLive: true };
    await clock.sleep(settleMs);
    const now = await this.#read();
    return now?.id === this.#id ? undefined : (now ?? { id: "", who: "another process", isLive: true });
  }

  /** The first claim is put twice, which shows whether the server obeys the condition. */
  async #putWhereAbsent(): Promise<Claim | undefined | "put without condition"> {
    const { server } = this.#context;
    const first = await this.#put({ "If-None-Match": "*" });
    if (first === 501) {
      server.keepsConditions = false;
      await this.#put();
      return "put without condition";
    }
    if (first >= 400) {
      // Another process's claim, or this one, whose response was lost.
      const there = await this.#read();
      if (there?.id !== this.#id) return there ?? { id: "", who: "another process", isLive: true };
    }
    if (server.keepsConditions === undefined) {
      const second = first >= 400 ? first : await this.#put({ "If-None-Match": "*" });
      server.keepsConditions = second >= 400;
    }
    return server.keepsConditions ? undefined : "put without condition";
  }

  #keep(): void {
    this.#timer = this.#context.clock.setTimer(renewMs, () => {
      if (this.#released) return;
      // A failed renewal is tried again at the next interval; only the time without one counts.
      this.#renewing = this.#renew().catch(() => undefined);
      void this.#renewing.then(() => {
        if (!this.#released && !this.#lost) this.#keep();
      });
    });
  }

  async #renew(): Promise<void> {
    const there = await this.#read();
    if (there?.id === this.#id && this.#isHeld()) await this.#put();
    else this.#lost = true;
  }

  /** @returns the status */
  async #put(condition: Readonly<Record<string, string>> = {}): Promise<number> {
    const { requests, clock } = this.#context;
    const sentMs = clock.monotonicMs();
    const { status } = await requests.send({
      method: "PUT",
      name,
      body: this.#body,
      headers: condition,
      accepted: Object.keys(condition).length === 0 ? [] : [409, 412, 501],
    });
    this.#renewedMs = sentMs;
    return status;
  }

  /** Repeated only while the claim is certainly this one: a delete whose response was lost must not remove the next holder's. */
  async #remove(): Promise<void> {
    const { requests } = this.#context;
    for (let attempt = 1; attempt <= releaseTriesMax; attempt++) {
      if ((await this.#read())?.id !== this.#id) return;
      const sent = requests.send({ method: "DELETE", name, accepted: [404], tries: 1 });
      if (await sent.then(() => true).catch(() => false)) return;
    }
  }

  async #read(): Promise<Claim | undefined> {
    const { status, body, headers, serverMs } = await this.#context.requests.send({
      method: "GET",
      name,
      accepted: [404],
    });
    if (status === 404) return undefined;
    const text = body.toString("utf8");
    const [, id = ""] = /"id":"([^"]*)"/.exec(text) ?? [];
    const [, pid = "?"] = /"pid":(\d+)/.exec(text) ?? [];
    const [, host = "?"] = /"host":"([^"]*)"/.exec(text) ?? [];
    // Both by the server's clock. A time that cannot be parsed does not prove death.
    const ageMs = serverMs - Date.parse(headers["last-modified"] ?? "");
    return { id, who: `process ${pid} on "${host}"`, isLive: !(ageMs > deadMs) };
  }
}

function locked({ place }: LockContext, { who }: Claim): StoreError<"UNAVAILABLE"> {
  return new StoreError("UNAVAILABLE", `Cannot write to repository "${place}": ${who} is writing to it`, {
    retryAfterMs: 10_000,
    reason: "locked",
  });
}
