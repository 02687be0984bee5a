/**
 * A cache whose watch is behind a version that this process has seen elsewhere, in the answer to a write or a read, while no
 * read waits for that version. Its watchers would wait as long as the stream is silent, and a member that is cut off keeps it
 * silent until keepalive or its own election timer ends it.
 *
 *   each second: behind? ──► request progress ── nothing applied two seconds later ──► open it again on another endpoint
 *
 * Only a stream that does not move at all counts: one that is behind and advances is left alone. `stream-progress.ts`
 * bounds how often a watch is opened again. Where progress cannot be trusted, silence means nothing.
 */
import type { Timer } from "../../base/time/clock.ts";
import { setReadingTimer } from "../../base/time/reading-timer.ts";
import type { StoredSource } from "../../storage/seam/stored.ts";
import type { StreamProgress } from "./stream-progress.ts";

/** Between two looks, milliseconds. */
const lookEveryMs = 1_000;
/** Looks that request progress without anything being applied, before the watch is opened again. */
const asksMax = 2;

/** The stream that is watched over; `feed.ts` is one. */
export interface FollowedStream {
  /** The version up to which the cache has applied everything. */
  readonly applied: bigint;
  readonly signal: AbortSignal;
  requestProgress(): void;
}

/** Looks every second until disposed of. */
export function followLag(
  source: StoredSource,
  stream: FollowedStream,
  progress: StreamProgress,
): Disposable {
  let stuckAt: bigint | undefined;
  let asks = 0;
  let timer: Timer;
  let isOver = false;
  const look = (): void => {
    timer = setReadingTimer(source.clock, lookEveryMs, look);
    const { applied, signal } = stream;
    if (applied !== stuckAt) asks = 0;
    stuckAt = applied;
    if (source.seenRevision() <= applied) asks = 0;
    else if (asks < asksMax) {
      asks++;
      stream.requestProgress();
    } else {
      asks = 0;
      source.progressIsReliable({ signal }).then(
        (isReliable) => {
          if (isReliable && !isOver && stream.applied === applied) progress.reopen();
        },
        () => undefined,
      );
    }
  };
  timer = setReadingTimer(source.clock, lookEveryMs, look);
  return {
    [Symbol.dispose]() {
      isOver = true;
      timer.cancel();
    },
  };
}
