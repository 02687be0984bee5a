/**
 * Watches that begin "now" while this process writes. A watch gets its first revision from a read, and this process's
 * later writes must come after that revision. So a write waits for the watch starts that were under way when it
 * arrived: at most one round trip, and only directly after a watch was opened.
 */
import { untilAborted } from "../../base/until-aborted.ts";

export class WatchStarts {
  readonly #underWay = new Set<Promise<unknown>>();

  /** Counts `start` as under way until it settles. */
  track<T>(start: Promise<T>): Promise<T> {
    this.#underWay.add(start);
    const done = (): boolean => this.#underWay.delete(start);
    start.then(done, done);
    return start;
  }

  /**
   * Undefined when no start is under way; else a promise to await before a write is prepared. Rejects with the
   * signal's reason.
   */
  settled(signal: AbortSignal | undefined): Promise<unknown> | undefined {
    return this.#underWay.size === 0 ? undefined : untilAborted(Promise.allSettled(this.#underWay), signal);
  }
}
