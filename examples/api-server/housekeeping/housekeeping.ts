/**
 * Chores besides serving requests: garbage collection, service accounts, freed addresses. In a cluster, controllers do
 * them; a server that runs alone does them itself, so that no deletion waits for a missing program. Each chore may run
 * in every server over the same etcd.
 */
import { type CachedStores, isStoreError } from "keelson";
import { freeAddresses } from "./freed-addresses.ts";
import { GarbageCollector } from "./garbage-collector.ts";
import { keepServiceAccounts } from "./service-accounts.ts";

export interface Housekeeping {
  /** Call it after kinds were opened. */
  kindsChanged(): Promise<void>;
}

/** Starts the chores; they stop when `signal` aborts. */
export async function keepHouse(store: CachedStores, signal: AbortSignal): Promise<Housekeeping> {
  const collector = new GarbageCollector(store, signal);
  await collector.follow();
  for (const chore of [keepServiceAccounts, freeAddresses])
    void keepDoing(() => chore(store, signal), signal);
  return { kindsChanged: () => collector.follow() };
}

const retryMs = 1_000;

/** A watch may end (a compaction, an unavailable etcd): the chore starts again. */
async function keepDoing(chore: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await chore();
    } catch (error) {
      if (signal.aborted || isStoreError(error, "CLOSED")) return;
      console.error(`housekeeping: ${String(error)}`);
    }
    await new Promise((done) => setTimeout(done, retryMs).unref());
  }
}
