/**
 * Waiting for a version that the store has not reached.
 *
 * A linearizable read is as fresh as can be, so a version above it does not exist yet: it is waited for a little
 * (another client may be ahead of the member that answers us), then FUTURE_VERSION.
 */
import { Backoff } from "../../base/backoff.ts";
import type { CallScope } from "../../base/call.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import type { Subject } from "../../errors.ts";
import { limits } from "../../resource/model/limits.ts";
import { futureVersion } from "../../resource/objects/read-errors.ts";
import type { StorageContext } from "./storage-context.ts";

/** Waits between looks at the store's revision, milliseconds. */
const looks = { firstMs: 20, maxMs: 250 } as const;

/** The store's revision now, by one cheap quorum read. */
export async function currentRevision(
  context: Pick<StorageContext, "linearizableGets" | "keys" | "epoch">,
): Promise<bigint> {
  // Any key would do: the answer's header carries the revision, and callers of one moment share it. This one also says
  // whether it is a revision of the history that is known here.
  const { kv, revision } = await context.linearizableGets.get(context.keys.bookkeeping("epoch"));
  await context.epoch.confirm(kv, {});
  return revision;
}

/**
 * Resolves once the store has reached `revision`.
 * @throws FUTURE_VERSION after 3 s; what ends the scope
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
    // Callers share the read, so none may abort it: each stops waiting at its own end.
    const current = await untilAborted(currentRevision(context), scope.signal);
    if (current >= revision) return;
    scope.throwIfEnded();
    const leftMs = startedMs + limits.futureVersionWaitMs - clock.monotonicMs();
    if (leftMs <= 0) throw futureVersion(revision, current, subject);
    await clock.sleep(Math.min(leftMs, backoff.next()), scope.signal);
  }
}
