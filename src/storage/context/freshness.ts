/**
 * Waits for a version that the store has not reached.
 *
 * A linearizable read is the freshest possible, so a higher version does not exist yet. The read waits briefly
 * (another client may be ahead of the responding member), then throws FUTURE_VERSION.
 */
import { Backoff } from "../../base/backoff.ts";
import type { CallScope } from "../../base/call.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import type { Subject } from "../../errors/codes.ts";
import { limits } from "../../resource/model/limits.ts";
import { futureVersion } from "../../resource/objects/read-errors.ts";
import type { StorageContext } from "./storage-context.ts";

/** Wait between reads of the store's revision, milliseconds. */
const looks = { firstMs: 20, maxMs: 250 } as const;

/** The store's revision now, by one cheap quorum read. */
export async function currentRevision(
  context: Pick<StorageContext, "linearizableGets" | "keys" | "epoch">,
): Promise<bigint> {
  // Any key would do: the response header carries the revision, and concurrent callers share the read. This key also
  // shows whether the revision belongs to the known history.
  const { kv, revision } = await context.linearizableGets.get(context.keys.bookkeeping("epoch"));
  await context.epoch.confirm(kv, {});
  return revision;
}

/**
 * Resolves once the store has reached `revision`.
 * @throws FUTURE_VERSION after 3 s; the reason of an ended scope
 */
export async function awaitRevision(
  context: StorageContext,
  revision: bigint,
  scope: CallScope,
  subject: Subject,
): Promise<void> {
  if (context.etcd.kv.highestRevision >= revision) return;
  const { clock } = context;
  const startedMs = clock.monotonicMs();
  const backoff = new Backoff(looks, clock, context.random);
  for (;;) {
    // Callers share the read, so none may abort it: each stops waiting when its own scope ends.
    const current = await untilAborted(currentRevision(context), scope.signal);
    if (current >= revision) return;
    scope.throwIfEnded();
    const leftMs = startedMs + limits.futureVersionWaitMs - clock.monotonicMs();
    if (leftMs <= 0) throw futureVersion(revision, current, subject);
    await clock.sleep(Math.min(leftMs, backoff.next()), scope.signal);
  }
}
