/**
 * A ledger as this process last read it, updated by the changes since: a grant reads those, not the whole ledger.
 *
 *   read changed since + epoch + counts ─► another epoch, or a slot has gone ─► read the whole
 *                                          ├─ no key has gone ─► exact
 *                                          └─ entries of leases have gone ─► use is at most what is known here
 *
 * etcd returns keys put since a revision, but not keys removed since. A leased entry is above zero: remembered too
 * long, it makes room look smaller than it is, which suffices to grant but never to refuse. A slot may be below zero,
 * and folding moves its value into the base: remembered too long, it would hide use. Changes since a revision mean
 * nothing across a restore, which this process may not have noticed yet: the epoch in the same read shows it.
 */
import type { Call } from "../../base/call.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { KeyValue, TxnOp } from "../../etcd/ports/messages.ts";
import { type Ledger, LedgerBuilder } from "../model/ledger.ts";
import type { LedgerKeys, QuotaKeys } from "../model/quota-keys.ts";

export interface LedgerLook {
  readonly ledger: Ledger;
  /** No entry that is still counted here has gone: a refusal may rely on this view. */
  readonly isExact: boolean;
  /** Mod revision of the epoch's record at that revision; 0n: there is none. A grant based on this view compares it. */
  readonly epochRevision: bigint;
}

/** The state that was read, replaced as a whole by each read: a read that finds it replaced was overtaken. */
interface Known {
  readonly builder: LedgerBuilder;
  /** Entries are complete up to this revision; 0n: no read yet. */
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
  /** Number of replaced histories so far. */
  #forgotten = 0;

  constructor(options: LedgerViewOptions) {
    this.#options = options;
  }

  /** Distinguishes the histories that this process has noticed: a read under one value is void under another. */
  get history(): number {
    return this.#forgotten;
  }

  /**
   * The ledger now; undefined when the spec no longer has `specRevision`.
   * @param whole read all of it, so that the view is exact
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
    const [read, epochRead, counted, countedSlots] = answer.responses;
    if (!answer.succeeded || read?.type !== "range") return undefined;
    // Another read was faster, or the history was replaced: these changes no longer complete the known state.
    if (this.#known !== known) return await this.look(specRevision, whole, call);
    const { revision } = answer.header;
    const epochKv = epochRead?.type === "range" ? epochRead.range.kvs[0] : undefined;
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

  /** The history was replaced: the next read takes the whole ledger. */
  forget(): void {
    this.#known = unread();
    this.#forgotten++;
  }
}

function unread(): Known {
  return { builder: new LedgerBuilder(), revision: 0n, epoch: "" };
}

/** Equal text means the same record, written at the same revision. */
function epochText(kv: KeyValue | undefined): string {
  return kv === undefined ? "" : `${kv.modRevision} ${Buffer.from(kv.value).toString()}`;
}
