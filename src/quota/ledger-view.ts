/**
 * A ledger as this process last saw it, brought up to date by what has changed since: a grant reads that, not the whole.
 *
 *   read changed since + epoch + counts ─► another epoch, or a slot has gone ─► read the whole
 *                                          ├─ no key has gone ─► exact
 *                                          └─ entries of leases have gone ─► use is at most what is known here
 *
 * etcd tells what was put since a revision, not what was removed. An entry of a lease is above zero: known too long, it makes
 * room look smaller than it is, which is enough to grant by and never to refuse by. A slot may be below zero, and what it says
 * is in the base once it is folded: known too long, it would hide use. And what changed since says nothing across a restore,
 * which this process may not have noticed yet: the epoch of the same read tells.
 */
import type { Call } from "../base/call.ts";
import type { Kv } from "../etcd/ports/kv.ts";
import type { KeyValue, TxnOp } from "../etcd/ports/messages.ts";
import { type Ledger, LedgerBuilder } from "./ledger.ts";
import type { LedgerKeys, QuotaKeys } from "./quota-keys.ts";

export interface LedgerLook {
  readonly ledger: Ledger;
  /** Nothing has gone that is still counted here: a refusal may go by it. */
  readonly isExact: boolean;
  /** Mod revision of the epoch's record at that revision; 0n: there is none. A grant that goes by this look compares it. */
  readonly epochRevision: bigint;
}

/** What was read, replaced as a whole by each look: one that finds another here than it began with was overtaken. */
interface Known {
  readonly builder: LedgerBuilder;
  /** Entries are complete up to it; 0n: nothing was read. */
  readonly revision: bigint;
  /** Id and revision of the epoch's record. */
  readonly epoch: string;
}

export interface LedgerViewOptions {
  readonly kv: Kv;
  readonly keys: QuotaKeys;
  readonly ledgerKeys: LedgerKeys;
  readonly specKey: string;
}

export class LedgerView {
  readonly #options: LedgerViewOptions;
  #known: Known = unread();
  /** Histories that were replaced so far. */
  #forgotten = 0;

  constructor(options: LedgerViewOptions) {
    this.#options = options;
  }

  /** Tells the histories apart that this process has noticed: what was read under one value is void under another. */
  get history(): number {
    return this.#forgotten;
  }

  /**
   * The ledger now; undefined when the spec is no longer the one of `specRevision`.
   * @param whole read all of it, so that the look is exact
   */
  async look(specRevision: bigint, whole: boolean, call: Call): Promise<LedgerLook | undefined> {
    const { kv, keys, specKey, ledgerKeys } = this.#options;
    const { key, rangeEnd } = ledgerKeys.range;
    const { slots } = ledgerKeys;
    const known = this.#known;
    const since = whole ? 0n : known.revision;
    const changed = since === 0n ? {} : { minModRevision: since + 1n };
    const success: TxnOp[] = [
      { type: "range", range: { key, rangeEnd, ...changed } },
      { type: "range", range: { key: keys.epoch } },
    ];
    if (since > 0n) {
      success.push(
        { type: "range", range: { key, rangeEnd, countOnly: true } },
        { type: "range", range: { key: slots.key, rangeEnd: slots.rangeEnd, countOnly: true } },
      );
    }
    const answer = await kv.txn(
      {
        compare: [{ key: specKey, target: "mod", result: "=", operand: specRevision }],
        success,
        failure: [],
      },
      call,
    );
    const [read, told, counted, countedSlots] = answer.responses;
    if (!answer.succeeded || read?.type !== "range") return undefined;
    // Another look was faster, or the history was replaced: what changed since is no longer what is missing here.
    if (this.#known !== known) return await this.look(specRevision, whole, call);
    const { revision } = answer.header;
    const epochKv = told?.type === "range" ? told.range.kvs[0] : undefined;
    const epoch = epochText(epochKv);
    if (since > 0n && (revision < since || epoch !== known.epoch))
      return await this.look(specRevision, true, call);
    const builder = since === 0n ? new LedgerBuilder() : known.builder;
    for (const kv0 of read.range.kvs) {
      const entry = keys.parse(Buffer.from(kv0.key).toString());
      if (entry !== undefined && entry.type !== "process" && entry.type !== "spec") builder.put(entry, kv0);
    }
    this.#known = { builder, revision, epoch };
    if (countedSlots?.type === "range" && countedSlots.range.count !== BigInt(builder.slotCount))
      return await this.look(specRevision, true, call);
    const isExact = counted?.type !== "range" || counted.range.count === BigInt(builder.size);
    return { ledger: builder.build(revision), isExact, epochRevision: epochKv?.modRevision ?? 0n };
  }

  /** The history was replaced: the next look reads all of it. */
  forget(): void {
    this.#known = unread();
    this.#forgotten++;
  }
}

function unread(): Known {
  return { builder: new LedgerBuilder(), revision: 0n, epoch: "" };
}

/** The same text means the same record, written at the same revision. */
function epochText(kv: KeyValue | undefined): string {
  return kv === undefined ? "" : `${kv.modRevision} ${Buffer.from(kv.value).toString()}`;
}
