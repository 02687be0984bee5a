/**
 * A ledger as this process last saw it, brought up to date by what has changed since: a grant reads that, not the whole.
 *
 *   read changed since + count of keys ─► count as known ─► exact: no key has gone
 *                                         └─ else ─► some have gone: use is at most what is known here
 *
 * etcd tells what was put since a revision, not what was removed. What is known too much of makes room look smaller than it
 * is: enough to grant by, never to refuse by.
 */
import type { Call } from "../base/call.ts";
import type { TxnOp } from "../etcd/ports/messages.ts";
import type { Kv } from "../etcd/ports/ports.ts";
import { type Ledger, LedgerBuilder } from "./ledger.ts";
import type { LedgerKeys, QuotaKeys } from "./quota-keys.ts";

export interface LedgerLook {
  readonly ledger: Ledger;
  /** Nothing has gone that is still counted here: a refusal may go by it. */
  readonly isExact: boolean;
}

export interface LedgerViewOptions {
  readonly kv: Kv;
  readonly keys: QuotaKeys;
  readonly ledgerKeys: LedgerKeys;
  readonly specKey: string;
}

export class LedgerView {
  readonly #options: LedgerViewOptions;
  #builder = new LedgerBuilder();
  /** Entries are complete up to it; 0n: nothing was read. */
  #revision = 0n;

  constructor(options: LedgerViewOptions) {
    this.#options = options;
  }

  /**
   * The ledger now; undefined when the spec is no longer the one of `specRevision`.
   * @param whole read all of it, so that the look is exact
   */
  async look(specRevision: bigint, whole: boolean, call: Call): Promise<LedgerLook | undefined> {
    const { kv, keys, specKey, ledgerKeys } = this.#options;
    const { key, rangeEnd } = ledgerKeys.range;
    const since = whole ? 0n : this.#revision;
    const changed = since === 0n ? {} : { minModRevision: since + 1n };
    const success: TxnOp[] = [{ type: "range", range: { key, rangeEnd, ...changed } }];
    if (since > 0n) success.push({ type: "range", range: { key, rangeEnd, countOnly: true } });
    const answer = await kv.txn(
      {
        compare: [{ key: specKey, target: "mod", result: "=", operand: specRevision }],
        success,
        failure: [],
      },
      call,
    );
    const [read, counted] = answer.responses;
    if (!answer.succeeded || read?.type !== "range") return undefined;
    const { revision } = answer.header;
    // Another history: what was known of the former one says nothing.
    if (revision < since) {
      this.forget();
      return await this.look(specRevision, true, call);
    }
    if (since === 0n) this.#builder = new LedgerBuilder();
    for (const kv0 of read.range.kvs) {
      const entry = keys.parse(Buffer.from(kv0.key).toString());
      if (entry !== undefined && entry.type !== "process" && entry.type !== "spec")
        this.#builder.put(entry, kv0);
    }
    this.#revision = revision;
    const isExact = counted?.type !== "range" || counted.range.count === BigInt(this.#builder.size);
    return { ledger: this.#builder.build(revision), isExact };
  }

  /** The history was replaced: the next look reads all of it. */
  forget(): void {
    this.#builder = new LedgerBuilder();
    this.#revision = 0n;
  }
}
