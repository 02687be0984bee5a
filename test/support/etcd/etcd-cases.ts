/** What integration tests on a real etcd share: a patient client, keys written fast. */
import { isStoreError } from "../../../src/errors.ts";
import { connectEtcd, type EtcdOptions } from "../../../src/etcd/connect-etcd.ts";
import type { Etcd } from "../../../src/etcd/ports/etcd.ts";
import type { WatchBatch } from "../../../src/etcd/ports/watches.ts";
import { patientMs } from "../time/patience.ts";

/** A client that sits stalls of the machine out. */
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
