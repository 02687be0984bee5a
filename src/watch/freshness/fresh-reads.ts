/**
 * Reads that are as fresh as asked for, from a cache: which version must have been applied, and waiting for it.
 *
 *   linearizable   one quorum read of the store's revision after the call, shared by callers of the same moment
 *   notOlderThan   the version named
 *
 * Waits at most three seconds and asks for progress while it waits. While the cache is known to lag, no read waits again:
 * reads go on to etcd by the one path there is, progress is still asked for, and a watch that stays silent is
 * opened again. Where etcd's progress notices cannot be trusted, a quiet cache cannot
 * know that it is fresh, and linearizable reads go to etcd at once.
 */
import type { CallScope } from "../../base/call.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import type { Subject } from "../../errors.ts";
import { futureVersion } from "../../resource/objects/read-errors.ts";
import { cacheLimits } from "../bounds/cache-options.ts";
import type { Feed } from "../feed/feed.ts";

/** How long an answer about etcd's version holds: members are upgraded one after the other. */
const reliableForMs = 60_000;

export class FreshReads {
  readonly #feed: Feed;
  #underWay: Promise<bigint> | undefined;
  #next: Promise<bigint> | undefined;
  #reliable: { readonly answer: Promise<boolean>; readonly untilMs: number } | undefined;
  /** The version a wait has given up on; the cache lags until it is there. */
  #lagging: bigint | undefined;

  constructor(feed: Feed) {
    this.#feed = feed;
    // Started over or ended: a version of the history before means nothing any more.
    feed.endings.add(() => {
      this.#lagging = undefined;
    });
  }

  /** The store's revision at some moment after this call; one request for all who ask together. */
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

  /** The store is at `revision` and a whole wait did not bring the cache there. */
  #lags(revision: bigint, scope: CallScope): void {
    if (scope.remainingMs() === 0 || this.#feed.applied >= revision) return;
    this.#feed.counters.freshTimeouts++;
    // A later version does not take its place: keep the first target, since chasing the newest could wait forever.
    if (this.#lagging !== undefined) return;
    this.#lagging = revision;
    this.#catchUp(revision).catch(() => undefined);
  }

  /** No call waits for `revision` any more. Etcd has just answered that it has reached it. */
  async #catchUp(revision: bigint): Promise<void> {
    const feed = this.#feed;
    // Where progress cannot be trusted silence means nothing, and only the next event tells how far the watch is.
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
