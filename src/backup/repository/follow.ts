/**
 * The loop of `follow()`: the next backup at every interval. A temporary failure (etcd or the repository is unreachable, another
 * writer has the lock) is retried with a back-off until the signal ends it; any other failure ends the loop.
 */
import { Backoff } from "../../base/backoff.ts";
import { systemRandom } from "../../base/random.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { quote } from "../../base/text/quote.ts";
import type { Clock } from "../../base/time/clock.ts";
import { invalidArgument, isStoreError } from "../../errors.ts";
import { type BackupOutcome, type FollowOptions, followNames } from "./repository-options.ts";

/** Waits between tries, milliseconds: an etcd without a leader has a new one within seconds; one that is down is asked rarely. */
const waits = { firstMs: 200, maxMs: 10_000 } as const;

/** @param next takes the next backup; undefined when nothing was written. @throws INVALID_ARGUMENT; failures that are not temporary */
export async function* followWith(
  next: (signal: AbortSignal | undefined) => Promise<BackupOutcome | undefined>,
  clock: Clock,
  options: FollowOptions,
): AsyncGenerator<BackupOutcome, void, void> {
  checkOptions(options ?? null, "follow etcd with deltas", followNames);
  const { intervalMs, signal, onWaiting } = options;
  if (typeof intervalMs !== "number" || !(intervalMs > 0)) {
    throw invalidArgument(
      "intervalMs",
      `Cannot follow etcd with deltas: intervalMs is ${quote(intervalMs)}, expected a number above 0`,
    );
  }
  const ended = (): boolean => signal?.aborted === true;
  const backoff = new Backoff(waits, clock, systemRandom);
  while (!ended()) {
    let waitMs = intervalMs;
    let outcome: BackupOutcome | undefined;
    try {
      outcome = await next(signal);
      backoff.reset();
    } catch (error) {
      if (ended()) return;
      if (!isStoreError(error, "UNAVAILABLE", "DEADLINE")) throw error;
      waitMs = backoff.next();
      onWaiting?.({ error, retryMs: waitMs });
    }
    if (outcome !== undefined) yield outcome;
    await clock.sleep(waitMs, signal).catch(() => {});
  }
}
