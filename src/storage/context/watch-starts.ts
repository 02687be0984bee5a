/**
 * Watches that begin "now" while this process writes: a watch learns its first revision from a read, and a write of
 * this process that was asked for after the watch must come after that revision. So writes wait for the starts that
 * were under way when they came: one round trip at most, and only directly after a watch was opened.
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

  /** Undefined when none is under way; else what to await before a write is made ready. Rejects with the signal's reason. */
  settled(signal: AbortSignal | undefined): Promise<unknown> | undefined {
    return this.#underWay.size === 0 ? undefined : untilAborted(Promise.allSettled(this.#underWay), signal);
  }
}
