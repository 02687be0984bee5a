/**
 * A cache whose watch has fallen behind a version this process has seen elsewhere, in a write's or a read's answer, and nobody waits for
 * it: its watchers would wait as long as the stream is silent, and a member that is cut off keeps it silent until keepalive or
 * its own election timer ends it.
 *
 *   look, each second ── behind? ──► ask for progress ── still there, two seconds on ──► open it again on another endpoint
 *
 * Only what does not move at all counts: a stream that is behind and advances is left alone. `stream-progress.ts` bounds
 * how often a watch is opened again; where progress cannot be trusted, silence means nothing.
 */
import type { Clock, Timer } from "../../base/time/clock.ts";
import { setReadingTimer } from "../../base/time/reading-timer.ts";

/** Between two looks, milliseconds. */
const lookEveryMs = 1_000;
/** Looks at which progress is asked for and nothing has moved since the first. */
const asksMax = 2;

export interface LagParts {
  readonly clock: Clock;
  /** Highest revision this process has seen. */
  readonly seen: () => bigint;
  /** Up to which the cache has applied everything. */
  readonly applied: () => bigint;
  readonly ask: () => void;
  /** Opens the watch again, unless that was done a moment ago. */
  readonly reopen: () => void;
  readonly progressIsReliable: () => Promise<boolean>;
}

/** Looks until disposed of. */
export function followLag(parts: LagParts): Disposable {
  let stuckAt: bigint | undefined;
  let asks = 0;
  let timer: Timer;
  let isOver = false;
  const look = (): void => {
    timer = setReadingTimer(parts.clock, lookEveryMs, look);
    const applied = parts.applied();
    if (applied !== stuckAt) asks = 0;
    stuckAt = applied;
    if (parts.seen() <= applied) asks = 0;
    else if (asks < asksMax) {
      asks++;
      parts.ask();
    } else {
      asks = 0;
      parts.progressIsReliable().then(
        (isReliable) => {
          if (isReliable && !isOver && parts.applied() === applied) parts.reopen();
        },
        () => undefined,
      );
    }
  };
  timer = setReadingTimer(parts.clock, lookEveryMs, look);
  return {
    [Symbol.dispose]() {
      isOver = true;
      timer.cancel();
    },
  };
}
