/**
 * The version that a cache must have applied for a read to be as fresh as asked for, and the wait for it.
 *
 *   linearizable   one quorum read of the store's revision after the call, shared by callers of the same moment
 *   notOlderThan   the version named
 *
 * A read waits at most three seconds, and progress is requested while it waits. After a wait in vain the cache is known to
 * lag: until it has caught up, reads go to etcd at once (`etcd-path.ts`), progress is still requested, and a watch that stays
 * silent is opened again. If etcd's progress notices cannot be trusted, a quiet cache cannot know that it is fresh,
 * and linearizable reads go to etcd at once.
 */
import type { CallScope } from "../../base/call.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import type { Subject } from "../../errors/codes.ts";
import { futureVersion } from "../../resource/objects/read-errors.ts";
import { cacheLimits } from "../bounds/cache-options.ts";
import type { Feed } from "../feed/feed.ts";

/** How long the answer about etcd's versions is used: members are upgraded one after the other. */
const reliableForMs = 60_000;

export class FreshReads {
  readonly #feed: Feed;
  #underWay: Promise<bigint> | undefined;
  #next: Promise<bigint> | undefined;
  #reliable: { readonly answer: Promise<boolean>; readonly untilMs: number } | undefined;
  /** A version that was waited for in vain; the cache lags until it has applied it. */
  #lagging: bigint | undefined;

  constructor(feed: Feed) {
    this.#feed = feed;
    // The history was replaced, or the feed has stopped: the version means nothing any more.
    feed.endings.add(() => {
      this.#lagging = undefined;
    });
  }

  /** The store's revision at some moment after this call; one request for all callers of the same moment. */
  current(): Promise<bigint> {
    if (this.#underWay === undefined) return this.#send();
    this.#next ??= this.#underWay.then(
      () => this.#send(),
      () => this.#send(),
    );
    return this.#next;
  }

  /** True once the cache is as fresh as the store was at the call; false: ask etcd. */
  async linearizable(scope: CallScope): Promise<boolean> {
    this.#feed.counters.freshReads++;
    if (!(await untilAborted(this.#progressIsReliable(), scope.signal))) return false;
    const revision = await untilAborted(this.current(), scope.signal);
    const reached = await this.#reach(revision, scope);
    if (!reached) this.#lags(revision, scope);
    return reached;
  }

  /**
   * True once the cache has reached `revision`; false: it lags, ask etcd.
   * @throws FUTURE_VERSION when the store itself has not reached it
   */
  async notOlderThan(revision: bigint, scope: CallScope, subject: Subject): Promise<boolean> {
    if (await this.#reach(revision, scope)) return true;
    const current = await untilAborted(this.current(), scope.signal);
    if (current >= revision) {
      this.#lags(revision, scope);
      return false;
    }
    throw futureVersion(revision, current, subject);
  }

  #send(): Promise<bigint> {
    const sent = this.#feed.source.currentRevision({ signal: this.#feed.signal });
    this.#underWay = sent;
    this.#next = undefined;
    const done = (): void => {
      if (this.#underWay === sent) this.#underWay = undefined;
    };
    sent.then(done, done);
    return sent;
  }

  async #reach(revision: bigint, scope: CallScope): Promise<boolean> {
    const feed = this.#feed;
    if (this.#lagging !== undefined) {
      if (feed.applied < this.#lagging) return feed.applied >= revision;
      this.#lagging = undefined;
    }
    if (feed.applied >= revision && feed.state === "ready") return true;
    const reached = await untilAborted(feed.reach(revision, cacheLimits.freshWaitMs), scope.signal);
    return reached && feed.state === "ready";
  }

  /** The store is at `revision`, and the cache did not reach it within a whole wait. */
  #lags(revision: bigint, scope: CallScope): void {
    if (scope.remainingMs() === 0 || this.#feed.applied >= revision) return;
    this.#feed.counters.freshTimeouts++;
    // Keep the first target: chasing the newest could wait forever.
    if (this.#lagging !== undefined) return;
    this.#lagging = revision;
    this.#catchUp(revision).catch(() => undefined);
  }

  /** Requests progress until `revision` is applied. No call waits for it; etcd has just answered that it is there. */
  async #catchUp(revision: bigint): Promise<void> {
    const feed = this.#feed;
    // Where progress cannot be trusted silence means nothing, and only the next event says how far the watch is.
    if (!(await this.#progressIsReliable())) return;
    let answers = true;
    while (this.#lagging === revision) {
      if (answers) feed.reopenIfSilent();
      if (await feed.reach(revision, cacheLimits.freshWaitMs)) return;
      answers = await this.current().then(
        () => true,
        () => false,
      );
    }
  }

  #progressIsReliable(): Promise<boolean> {
    const now = this.#feed.source.clock.monotonicMs();
    if (this.#reliable === undefined || this.#reliable.untilMs <= now) {
      const answer = this.#feed.source.progressIsReliable({ signal: this.#feed.signal });
      this.#reliable = { answer, untilMs: now + reliableForMs };
      answer.catch(() => {
        this.#reliable = undefined;
      });
    }
    return this.#reliable.answer;
  }
}
