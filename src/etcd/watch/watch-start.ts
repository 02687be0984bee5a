/**
 * Whether a newly created watch can continue from its start, which etcd does not report, or reports too late:
 *
 *   start in the future      accepted silently: a member behind, a caller ahead, or a store restored
 *   start compacted          cancelled a moment after "created"; a read reports it at once
 *   start = compacted        old etcds silently lose a deletion there
 */
import type { Clock } from "../../base/time/clock.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { Kv } from "../ports/kv.ts";
import type { Bytes } from "../ports/messages.ts";

export interface WatchStart {
  readonly kv: Kv;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A key of the watch's range: permission to watch it implies permission to read it. */
  readonly key: Bytes;
  readonly start: bigint;
}

/** Time between checks of whether etcd has reached a future start revision. */
const futurePollMs = 100;

/** Waits, by quorum reads, until etcd has reached the watch's start. @throws FUTURE_VERSION after `boundMs`; errors of the reads */
export async function reachStart(
  { kv, clock, signal, key, start }: WatchStart,
  boundMs: number,
): Promise<void> {
  const untilMs = clock.monotonicMs() + boundMs;
  for (;;) {
    const { header } = await kv.range({ key, keysOnly: true, limit: 1 }, { signal });
    if (header.revision >= start - 1n) return;
    if (clock.monotonicMs() >= untilMs) {
      throw new StoreError(
        "FUTURE_VERSION",
        `Cannot watch from revision ${start}: etcd is at ${header.revision}`,
        { requested: `${start - 1n}`, current: `${header.revision}`, retryAfterMs: 1000 },
      );
    }
    await clock.sleep(futurePollMs, signal);
  }
}

/** Whether the member at `endpoint` has compacted `revision`. @throws errors of the read, except EXPIRED */
export async function isCompacted(
  { kv, signal, key }: WatchStart,
  revision: bigint,
  endpoint: string,
): Promise<boolean> {
  if (revision < 1n) return false;
  try {
    await kv.range({ key, keysOnly: true, limit: 1, revision, serializable: true }, { signal, endpoint });
    return false;
  } catch (error) {
    if (isStoreError(error, "EXPIRED")) return true;
    throw error;
  }
}
