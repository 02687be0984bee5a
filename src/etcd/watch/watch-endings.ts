/**
 * How a watch ends or continues after etcd has cancelled it, by the fields and texts of the reply.
 *
 * For a compacted watch etcd leaves the reason empty; it reports every other cause only as text.
 */
import { StoreError } from "../../errors.ts";
import type { RetryDecision } from "../client/client.ts";
import type { WatchReply } from "../wire/watch.ts";

/** etcd has cancelled the watch. */
export class Canceled extends Error {
  override readonly name = "Canceled";
  readonly reply: Pick<WatchReply, "cancelReason" | "compactRevision">;

  constructor(reply: Pick<WatchReply, "cancelReason" | "compactRevision">) {
    super(reply.cancelReason);
    this.reply = reply;
  }
}

/** `retry`: opening it again may help; `refresh`: with a new token. @param start the first revision it asked for */
export function decideAfterCancel({ reply }: Canceled, start: bigint): RetryDecision {
  const { cancelReason, compactRevision } = reply;
  if (compactRevision > 0n || /compacted/.test(cancelReason)) {
    return { next: "fail", error: expired(start, compactRevision > 0n ? compactRevision : undefined) };
  }
  const message = `Cannot watch etcd: the watch was cancelled: "${cancelReason}"`;
  const reason = cancelReason;
  if (/permission denied/i.test(cancelReason)) {
    return { next: "fail", error: new StoreError("PERMISSION_DENIED", message, { reason }) };
  }
  if (/invalid auth token|revision of auth store is old|user name is empty/.test(cancelReason)) {
    return { next: "refresh", error: new StoreError("UNAUTHENTICATED", message, { reason }) };
  }
  return {
    next: "retry",
    error: new StoreError("UNAVAILABLE", message, { retryAfterMs: 1000, reason }),
  };
}

/** The history from `start` on is no longer complete. */
export function expired(start: bigint, compacted: bigint | undefined): StoreError {
  const upTo = compacted === undefined ? "" : ` up to ${compacted}`;
  return new StoreError(
    "EXPIRED",
    `Cannot watch from revision ${start}: etcd's history is compacted${upTo}`,
    {
      compacted: compacted === undefined ? undefined : `${compacted}`,
      resourceVersion: `${start - 1n}`,
      reason: "compacted",
    },
  );
}

export function restored(): StoreError {
  return new StoreError("EXPIRED", "Cannot go on watching: etcd was restored to an earlier state", {
    reason: "restored",
  });
}
