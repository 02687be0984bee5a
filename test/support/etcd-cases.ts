/** What integration tests on a real etcd share: a connected client, keys written fast, bounded waits. */
import { setTimeout as delay } from "node:timers/promises";
import { isStoreError, StoreError } from "../../src/errors.ts";
import { connectEtcd, type EtcdOptions } from "../../src/etcd/connect-etcd.ts";
import type { Etcd, WatchBatch } from "../../src/etcd/ports.ts";

/** Outer bound of any wait in a test, milliseconds: far above what it takes on a loaded machine. */
export const boundMs = 45_000;

/**
 * Bound of one request, milliseconds: a machine that stands still for ten seconds makes no request of a test fail.
 * Tests of what becomes of a request that ends too early say so, or hold the clock (held-clock.ts).
 */
export const patientMs = 30_000;

export function connect(
  endpoints: string | readonly string[],
  options: Partial<EtcdOptions> = {},
): Promise<Etcd> {
  return connectEtcd({ endpoints, requestTimeoutMs: patientMs, ...options });
}

/** Whether the etcd at a client URL says that it is well; false while it cannot be asked. */
export async function isHealthy(url: string | undefined): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}

/** Polls until `holds`, within the bound. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string = `${holds}`,
  ms: number = boundMs,
): Promise<void> {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await delay(10);
  }
}

/** Resolves as `work`, or rejects when it takes longer than the bound. */
export async function within<T>(work: Promise<T>, what: string, ms: number = boundMs): Promise<T> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      work,
      delay(ms, undefined, { signal: timer.signal }).then(() => {
        throw new Error(`not within ${ms} ms: ${what}`);
      }),
    ]);
  } finally {
    timer.abort();
  }
}

/** The StoreError a promise rejects with; anything else fails the test. */
export async function failureOf(work: Promise<unknown>): Promise<StoreError> {
  const outcome: unknown = await work.then(
    (value) => new Error(`expected a failure, got ${String(value)}`),
    (error: unknown) => error,
  );
  if (outcome instanceof StoreError) return outcome;
  throw outcome;
}

/** `count` puts below `prefix`, `perTxn` a revision, some at a time; the last revision. */
export async function fill(
  etcd: Etcd,
  prefix: string,
  options: { readonly revisions: number; readonly perTxn?: number; readonly valueBytes?: number },
): Promise<bigint> {
  const { revisions, perTxn = 1, valueBytes = 16 } = options;
  const value = new Uint8Array(valueBytes).fill(120);
  const turns = Array.from({ length: revisions }, (_, i) => i).values();
  let last = 0n;
  const worker = async (): Promise<void> => {
    for (const turn of turns) {
      const success = Array.from({ length: perTxn }, (_, i) => ({
        type: "put" as const,
        put: { key: `${prefix}${turn % 500}/${i}`, value },
      }));
      const { header } = await etcd.kv.txn({ compare: [], success, failure: [] });
      if (header.revision > last) last = header.revision;
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  return last;
}

/** Puts until etcd says that it has: perhaps more than once when an answer is lost. The revision of the last. */
export async function putSurely(etcd: Etcd, key: string, value = "1"): Promise<bigint> {
  for (;;) {
    try {
      return (await etcd.kv.put({ key, value })).header.revision;
    } catch (error) {
      if (!isStoreError(error, "OUTCOME_UNKNOWN", "UNAVAILABLE", "DEADLINE")) throw error;
    }
  }
}

/** Reads batches until one reaches `revision`. */
export async function collect(
  watch: AsyncIterable<WatchBatch>,
  revision: bigint,
  each: (batch: WatchBatch) => void = () => {},
): Promise<readonly WatchBatch[]> {
  const batches: WatchBatch[] = [];
  for await (const batch of watch) {
    batches.push(batch);
    each(batch);
    if (batch.type === "events" && batch.revision >= revision) return batches;
  }
  return batches;
}

export const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
