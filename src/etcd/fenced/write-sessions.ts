/**
 * Session keys: the fence behind fenced writes.
 *
 * A session is a lease with a few randomly named keys:
 *
 *   <root>/sessions/<32 hex digits>/<number>
 *
 * Every transaction compares the mod revision of one of them. After a lost response the client changes that key until etcd
 * confirms it. From then on no older transaction that compared it can ever apply, wherever it is delayed, and one quorum read
 * gives its outcome. Other writes in flight that compared the key fail at that moment, certainly not applied, and are sent
 * again; several keys keep their number small.
 *
 * When out of space, etcd accepts no put: the fence then deletes the key, which is unusable until there is space. A lost
 * lease deletes its keys, which fences as well; the next write opens a new session.
 */
import { Backoff } from "../../base/backoff.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import { invariant, isStoreError, StoreError } from "../../errors.ts";
import type { Etcd } from "../ports/etcd.ts";
import type { Lease } from "../ports/leases.ts";

/** Keys of a session: a fence makes a quarter of the writes in flight repeat. */
const keysPerSession = 4;
/** Seconds until an abandoned session's keys expire. */
const sessionTtlSeconds = 60;
/** After etcd had no space for a session, deletes that need none do not ask again for this long. */
const noSpaceRestMs = 10_000;
/** Leases tried for one session: if three end at once, it is not bad luck. */
const openAttempts = 3;
/** Timeout of a fence's first try: short, since the member that lost the write may lose the fence, too. */
const fenceTryMs = 500;

export interface SessionKey {
  readonly key: string;
  /** Mod revision of the key, which its transactions compare. */
  revision: bigint;
}

interface SessionKeyState extends SessionKey {
  readonly session: Session;
  fencing: Promise<void> | undefined;
  /** Its key was deleted by a fence while etcd was out of space. */
  gone: boolean;
}

interface Session {
  readonly lease: Lease;
  readonly sessionKeys: readonly SessionKeyState[];
  over: boolean;
}

export class WriteSessions {
  readonly #etcd: Etcd;
  readonly #root: string;
  readonly #end = new AbortController();
  readonly #work = new Set<Promise<unknown>>();
  #session: Session | undefined;
  #opening: Promise<Session> | undefined;
  /** Monotonic time until which etcd is assumed to have no space for a session. */
  #noSpaceUntilMs = Number.NEGATIVE_INFINITY;
  #turn = 0;
  #opened = 0;
  #fences = 0;

  constructor(etcd: Etcd, root: string) {
    this.#etcd = etcd;
    this.#root = root;
  }

  get opened(): number {
    return this.#opened;
  }

  get fences(): number {
    return this.#fences;
  }

  /** A usable session key, without waiting; undefined when there is none now. */
  ready(): SessionKey | undefined {
    const session = this.#session;
    if (session === undefined || session.over) return undefined;
    for (let i = 0; i < session.sessionKeys.length; i++) {
      const sessionKey = session.sessionKeys[this.#turn++ % session.sessionKeys.length];
      if (sessionKey !== undefined && !sessionKey.gone && sessionKey.fencing === undefined) return sessionKey;
    }
    return undefined;
  }

  /**
   * A session key to write with; opens a session when there is none.
   * @throws errors of opening a session (NO_SPACE: no session key can be written), or the reason of `signal`
   */
  async take(signal: AbortSignal | undefined): Promise<SessionKey> {
    for (;;) {
      const sessionKey = this.ready();
      if (sessionKey !== undefined) return sessionKey;
      const session = this.#session;
      const fencing = session?.sessionKeys.flatMap((s) => s.fencing ?? []) ?? [];
      if (session === undefined || session.over || fencing.length === 0) {
        // Also when every session key is gone: if there is space again, a new session replaces them all.
        await untilAborted(this.#open(), signal);
      } else {
        await untilAborted(Promise.race(fencing), signal);
      }
    }
  }

  /** Whether a session was refused recently because etcd is out of space. */
  get outOfSpace(): boolean {
    return this.#etcd.clock.monotonicMs() < this.#noSpaceUntilMs;
  }

  /** A transaction found the key at another revision (0n: gone) than it compared. */
  moved(sessionKey: SessionKey, found: bigint): void {
    const state = this.#stateOf(sessionKey);
    if (found === 0n) this.#endSession(state.session);
    else if (found > state.revision) state.revision = found;
  }

  /**
   * Resolves when no transaction that compared `revision` of this session key can apply any more. All waiting callers share
   * one fence; it continues when one of them leaves.
   */
  fence(sessionKey: SessionKey, revision: bigint, signal: AbortSignal | undefined): Promise<void> {
    const state = this.#stateOf(sessionKey);
    if (state.revision !== revision || state.gone) return Promise.resolve();
    if (state.fencing === undefined) {
      const fencing = this.#fence(state).finally(() => {
        state.fencing = undefined;
      });
      state.fencing = this.#own(fencing);
    }
    return untilAborted(state.fencing, signal);
  }

  /** Revokes the lease; fences in flight end. */
  async close(): Promise<void> {
    this.#end.abort(new StoreError("CLOSED", "Cannot write: the store is closed", { what: "store" }));
    await Promise.allSettled([...this.#work]);
    const session = this.#session;
    this.#session = undefined;
    // The keys go with the lease; if etcd is unreachable now, they go when it expires.
    await session?.lease.revoke({ timeoutMs: fenceTryMs }).catch(() => {});
    await session?.lease[Symbol.asyncDispose]();
  }

  #stateOf(sessionKey: SessionKey): SessionKeyState {
    invariant(isSessionKeyState(sessionKey), "a sessionKey comes from take() or ready()");
    return sessionKey;
  }

  #own<T>(work: Promise<T>): Promise<T> {
    this.#work.add(work);
    // Waiting callers get the error; this only prevents an unhandled rejection.
    work.catch(() => {}).finally(() => this.#work.delete(work));
    return work;
  }

  #open(): Promise<Session> {
    this.#opening ??= this.#own(
      this.#openSession()
        .catch((error: unknown) => {
          if (isStoreError(error, "NO_SPACE")) {
            this.#noSpaceUntilMs = this.#etcd.clock.monotonicMs() + noSpaceRestMs;
          }
          throw error;
        })
        .finally(() => {
          this.#opening = undefined;
        }),
    );
    return this.#opening;
  }

  /** A lease may end before the session's keys are put (a stalled network, a paused process); that is not the write's fault. */
  async #openSession(): Promise<Session> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#openUnderLease();
      } catch (error) {
        if (!isStoreError(error, "NOT_FOUND")) throw error;
        if (attempt === openAttempts) throw uncertain("its lease ended each time before it was open", error);
      }
    }
  }

  async #openUnderLease(): Promise<Session> {
    const { leases, kv, random } = this.#etcd;
    const signal = this.#end.signal;
    signal.throwIfAborted();
    const before = this.#session;
    const lease = await certain(leases.hold({ ttlSeconds: sessionTtlSeconds }, { signal }));
    try {
      const name = Buffer.from(random.bytes(16)).toString("hex");
      const keys = Array.from({ length: keysPerSession }, (_, i) => `${this.#root}/sessions/${name}/${i}`);
      const { header } = await certain(
        kv.txn(
          {
            compare: [],
            success: keys.map((key) => ({ type: "put", put: { key, value: "0", lease: lease.id } })),
            failure: [],
          },
          { signal },
        ),
      );
      const sessionKeys: SessionKeyState[] = [];
      const session: Session = { lease, sessionKeys, over: false };
      for (const key of keys) {
        sessionKeys.push({ key, revision: header.revision, session, fencing: undefined, gone: false });
      }
      lease.lost.addEventListener("abort", () => this.#endSession(session), { once: true });
      if (lease.lost.aborted) session.over = true;
      this.#session = session;
      this.#opened++;
      if (before !== undefined && !before.over) await this.#retire(before);
      return session;
    } catch (error) {
      await lease.revoke({ timeoutMs: fenceTryMs }).catch(() => {});
      await lease[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Replaces a session whose keys are all gone. */
  async #retire(session: Session): Promise<void> {
    session.over = true;
    await session.lease[Symbol.asyncDispose]();
  }

  #endSession(session: Session): void {
    if (session.over) return;
    session.over = true;
    this.#own(Promise.resolve(session.lease[Symbol.asyncDispose]()));
  }

  async #fence(sessionKey: SessionKeyState): Promise<void> {
    const { kv, clock, random, requestTimeoutMs } = this.#etcd;
    const signal = this.#end.signal;
    const backoff = new Backoff({ firstMs: 20, maxMs: 1000 }, clock, random);
    const compared = sessionKey.revision;
    this.#fences++;
    for (let tryMs = fenceTryMs; ; tryMs = Math.min(tryMs * 2, Math.max(requestTimeoutMs, fenceTryMs))) {
      const call = { signal, timeoutMs: tryMs };
      try {
        const lease = sessionKey.session.over ? 0n : sessionKey.session.lease.id;
        // The session is over, so its key must not be renewed: deleting it fences permanently.
        if (lease === 0n) {
          await kv.deleteRange({ key: sessionKey.key }, call);
          sessionKey.gone = true;
          return;
        }
        const { header } = await kv.put({ key: sessionKey.key, value: `${compared}`, lease }, call);
        if (header.revision > sessionKey.revision) sessionKey.revision = header.revision;
        return;
      } catch (error) {
        signal.throwIfAborted();
        // No request can be sent any more: waiting calls fail at once with an unknown outcome.
        if (isStoreError(error, "CLOSED")) throw error;
        if (!isStoreError(error, "UNAVAILABLE", "DEADLINE", "OUTCOME_UNKNOWN")) {
          if (await this.#takeAway(sessionKey, compared, call)) return;
        } else if (sessionKey.revision !== compared) {
          // Another transaction with this session key has since found it changed.
          return;
        }
      }
      await backoff.wait(signal);
    }
  }

  /** etcd refuses the put (no space, lease gone): a deleted or missing key fences as well. */
  async #takeAway(
    sessionKey: SessionKeyState,
    compared: bigint,
    call: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<boolean> {
    try {
      await this.#etcd.kv.deleteRange({ key: sessionKey.key }, call);
      sessionKey.gone = true;
      return true;
    } catch {
      call.signal.throwIfAborted();
    }
    try {
      const { kvs } = await this.#etcd.kv.range({ key: sessionKey.key, keysOnly: true }, call);
      const found = kvs[0]?.modRevision ?? 0n;
      if (found === compared) return false;
      this.moved(sessionKey, found);
      return true;
    } catch {
      call.signal.throwIfAborted();
      return false;
    }
  }
}

function isSessionKeyState(sessionKey: SessionKey): sessionKey is SessionKeyState {
  return "session" in sessionKey;
}

/** The caller's write has not been sent, so it is certainly not applied even if a session request has an unknown outcome. */
async function certain<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isStoreError(error, "OUTCOME_UNKNOWN") ? uncertain("no certain answer from etcd", error) : error;
  }
}

function uncertain(reason: string, cause: unknown): StoreError {
  const message = `Cannot open a write session: ${reason}`;
  return new StoreError("UNAVAILABLE", message, { retryAfterMs: 100 }, { cause });
}
