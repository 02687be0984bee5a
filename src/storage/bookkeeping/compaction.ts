/**
 * Compaction, in turns with every other process over this etcd, including Kubernetes API servers, by their protocol:
 *
 *   key `compact_rev_key` at the root of etcd; its version is the clock, its value the revision compacted to
 *   each interval:  version as last seen?  yes: put the revision seen an interval ago, compact to it
 *                                          no:  another process compacted; take over its version
 *
 * Either way the revision of this response may be compacted next time, so at least one whole interval of history
 * always stays, however many processes take part. Out of space the clock cannot be written although compaction is
 * needed: it then runs without the clock, as far as this process alone may compact.
 */

import { checkOptions } from "../../base/text/known-options.ts";
import { quote } from "../../base/text/quote.ts";
import { BackgroundLoop } from "../../base/time/background-loop.ts";
import { invalidArgument, isStoreError } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import type { Kv } from "../../etcd/ports/kv.ts";

/** Kubernetes' key: without a prefix, so that all API servers over an etcd share it. */
export const compactionClockKey = "compact_rev_key";

/** Kubernetes' interval: history is kept for five to ten minutes. */
const intervalMsDefault = 5 * 60_000;

/** One participant in the rotation. `round` is called once an interval. */
export class Compactor {
  readonly #kv: Pick<Kv, "txn" | "range" | "compact">;
  #time = 0n;
  /** The store's revision an interval ago; 0n before the first round. */
  #seen = 0n;

  constructor(kv: Pick<Kv, "txn" | "range" | "compact">) {
    this.#kv = kv;
  }

  /** One turn: compacts, or detects that another process did. */
  async round(signal?: AbortSignal): Promise<void> {
    const wanted = this.#seen;
    const key = compactionClockKey;
    try {
      const { succeeded, header, responses } = await this.#kv.txn(
        {
          compare: [{ key, target: "version", result: "=", operand: this.#time }],
          success: [{ type: "put", put: { key, value: wanted.toString() } }],
          failure: [{ type: "range", range: { key } }],
        },
        { signal },
      );
      this.#seen = header.revision;
      if (!succeeded) {
        const [answer] = responses;
        this.#time = answer?.type === "range" ? (answer.range.kvs[0]?.version ?? 0n) : 0n;
        return;
      }
      this.#time += 1n;
    } catch (error) {
      if (!isStoreError(error, "NO_SPACE")) throw error;
      this.#seen = (await this.#kv.range({ key, countOnly: true }, { signal })).header.revision;
    }
    if (wanted === 0n) return;
    await this.#kv.compact(wanted, { signal });
  }
}

/**
 * The interval that createStore's `compaction` option means; undefined: this process does not compact.
 * @throws INVALID_ARGUMENT
 */
export function compactionIntervalMs(
  option: { readonly intervalMs: number } | false | undefined,
): number | undefined {
  if (option === false) return undefined;
  if (typeof option === "object" && option !== null) {
    checkOptions(option, "create store", { intervalMs: "number" }, "compaction");
  }
  const { intervalMs } = option ?? { intervalMs: intervalMsDefault };
  if (Number.isFinite(intervalMs) && intervalMs > 0) return intervalMs;
  throw invalidArgument(
    "compaction.intervalMs",
    `Cannot create store: compaction.intervalMs is ${quote(intervalMs)}, expected a finite number above 0`,
  );
}

/** Compacts each `intervalMs` until closed. */
export function startCompaction(etcd: Pick<Etcd, "kv" | "clock">, intervalMs: number): BackgroundLoop {
  const compactor = new Compactor(etcd.kv);
  return BackgroundLoop.start(etcd.clock, {
    firstWaitMs: intervalMs,
    failureWaitMs: intervalMs,
    async round(signal) {
      await compactor.round(signal);
      return intervalMs;
    },
  });
}
