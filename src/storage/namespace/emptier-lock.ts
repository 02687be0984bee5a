/**
 * The lock of the process that empties namespaces: a key on a lease. A killed holder loses it with its lease, and the
 * next process takes over. Two holders at once do no harm, because every delete is conditional: the lock only saves
 * work.
 */
import { isStoreError } from "../../errors.ts";
import type { StorageContext } from "../context/storage-context.ts";

/** Time to live of the lock of a killed holder, seconds: short for a quick takeover, long enough for a slow etcd. */
const lockTtlSeconds = 6;

export interface EmptierLock extends AsyncDisposable {
  /** Aborted when the lease has ended: another process may have the lock. */
  readonly lost: AbortSignal;
}

/** Undefined while another process has it, or where it cannot be written. */
export async function takeEmptierLock(
  { etcd, keys }: StorageContext,
  signal: AbortSignal,
): Promise<EmptierLock | undefined> {
  const key = keys.bookkeeping("locks", "namespaces");
  const { kvs } = await etcd.kv.range({ key, keysOnly: true }, { signal });
  if (kvs.length > 0) return undefined;
  try {
    // The key expires with the lease, even when the outcome of its put is unknown.
    const lease = await etcd.leases.hold({ ttlSeconds: lockTtlSeconds }, { signal });
    let succeeded = false;
    try {
      ({ succeeded } = await etcd.kv.txn(
        {
          compare: [{ key, target: "create", result: "=", operand: 0n }],
          success: [{ type: "put", put: { key, value: "", lease: lease.id } }],
          failure: [],
        },
        { signal },
      ));
    } finally {
      if (!succeeded) await giveBack(lease);
    }
    return succeeded ? { lost: lease.lost, [Symbol.asyncDispose]: () => giveBack(lease) } : undefined;
  } catch (error) {
    // Out of space etcd grants no lease; deletes would still work, but space must be freed first anyway.
    if (isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) return undefined;
    throw error;
  }
}

async function giveBack(lease: AsyncDisposable & { revoke(): Promise<void> }): Promise<void> {
  // A lease that cannot be revoked now expires by itself.
  await lease.revoke().catch(() => undefined);
  await lease[Symbol.asyncDispose]();
}
