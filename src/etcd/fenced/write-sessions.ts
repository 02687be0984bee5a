/**
 * Session keys: the fence behind fenced writes.
 *
 * A session is a lease with a few keys of random name:
 *
 *   <root>/sessions/<32 hex digits>/<number>
 *
 * Every transaction compares the mod revision of one of them. When a response was lost, that key is changed until etcd
 * confirms the change. From then on no older transaction that compared it can ever apply, wherever it is held up, and one
 * quorum read decides what became of it. Other writes in progress that compared the key fail at the same moment, certainly not
 * applied, and are sent again; several keys keep their number small.
 *
 * Out of space etcd takes no put: then the fence deletes the key, which is unusable until there is space. A lost lease takes
 * its keys with it, which fences just as well; the next write opens a new session.
 */
import { Backoff } from "../../base/backoff.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import { invariant, isStoreError, StoreError } from "../../errors.ts";
import type { Etcd } from "../ports/etcd.ts";
import type { Lease } from "../ports/leases.ts";

/** Keys of a session: a fence makes a quarter of the writes under way go a second time. */
const keysPerSession = 4;
/** Seconds until an abandoned session's keys go. */
const sessionTtlSeconds = 60;
/** After etcd had no space for a session, how long deletes that can do without one do not ask again. */
const noSpaceRestMs = 10_000;
/** Leases tried for one session: a third that ends at once is not bad luck. */
const openAttempts = 3;
/** First try of a fence: short, since the member that swallowed the write may swallow this, too. */
const fenceTryMs = 500;

export interface SessionKey {
  readonly key: string;
  /** Mod revision of the key: what its transactions compare. */
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
  /** Monotonic time until which etcd is taken to have no space for a session. */
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

  /** A session key that is ready, without waiting; undefined when there is none at the moment. */
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
   * @throws what opening fails with (NO_SPACE: there is no session key to be had), or what `signal` ends with
   */
  async take(signal: AbortSignal | undefined): Promise<SessionKey> {
    for (;;) {
      const sessionKey = this.ready();
      if (sessionKey !== undefined) return sessionKey;
      const session = this.#session;
      const fencing = session?.sessionKeys.flatMap((s) => s.fencing ?? []) ?? [];
      if (session === undefined || session.over || fencing.length === 0) {
        // Also when every session key is gone: if there is space again, a new session gets all of them back.
        await untilAborted(this.#open(), signal);
      } else {
        await untilAborted(Promise.race(fencing), signal);
      }
    }
  }

  /** Whether a session was refused for want of space a moment ago. */
  get outOfSpace(): boolean {
    return this.#etcd.clock.monotonicMs() < this.#noSpaceUntilMs;
  }

  /** A transaction saw the key at another revision (0n: gone) than it compared; at store revision `at`. */
  moved(sessionKey: SessionKey, found: bigint): void {
    const state = this.#stateOf(sessionKey);
    if (found === 0n) this.#endSession(state.session);
    else if (found > state.revision) state.revision = found;
  }

  /**
   * Resolves when no transaction of this session key that compared `revision` can apply any more. One fence serves all who
   * wait; it continues when one of them gives up.
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

  /** Gives the lease back; fences under way end. */
  async close(): Promise<void> {
    this.#end.abort(new StoreError("CLOSED", "Cannot write: the store is closed", { what: "store" }));
    await Promise.allSettled([...this.#work]);
    const session = this.#session;
    this.#session = undefined;
    // The keys go with the lease; if etcd cannot be reached now, they go when it expires.
    await session?.lease.revoke({ timeoutMs: fenceTryMs }).catch(() => {});
    await session?.lease[Symbol.asyncDispose]();
  }

  #stateOf(sessionKey: SessionKey): SessionKeyState {
    invariant(isSessionKeyState(sessionKey), "a sessionKey comes from take() or ready()");
    return sessionKey;
  }

  #own<T>(work: Promise<T>): Promise<T> {
    this.#work.add(work);
    // Callers that wait see the failure; here it only must not be an unhandled rejection.
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

  /** A lease that ends before the session's keys are put (a stalled network, a paused process) is no fault of the write's. */
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

  /** A session whose session keys are all gone makes way for a new one. */
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
        // A session that is over keeps nothing alive: its key is taken away, which fences for good.
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
          // Another transaction of the session key has since seen the key changed.
          return;
        }
      }
      await backoff.wait(signal);
    }
  }

  /** etcd refuses the put (no space, lease gone): a deleted key, or one that is no more, fences as well. */
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

/** The caller's write was not sent yet: what is unknown about the session's own requests is certain for that write. */
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
