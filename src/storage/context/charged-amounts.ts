/**
 * Charged amounts: the amounts charged for an object whose value has no room for them (plain JSON, Kubernetes' own
 * forms).
 *
 *   txn at revision R:  put <prefix>/<path> = value     put <root>/amounts/<path> = {"requests.cpu":"0.5"}
 *
 * Both keys get R as their mod revision, so a record describes only the object version with the same mod revision.
 * After another tool's write it is void, and the object is measured again. The record is on the object's lease and
 * expires with it. It never changes while the object keeps that version: a write that compares the version needs no
 * compare of the record.
 */
import { textOfKey } from "../../base/text/text-of-key.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import type { EtcdCall } from "../../etcd/ports/call.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { KeyValue, TxnOp } from "../../etcd/ports/messages.ts";
import type { Head } from "../../resource/model/head.ts";
import type { KeySpace } from "../../resource/model/keys.ts";
import { quantityFault } from "../../resource/model/quantity.ts";
import type { GroupedGets } from "./grouped-gets.ts";
import { PageSizer, rangePages, wholeWalk } from "./range-pages.ts";

type Amounts = Head["amounts"];

const folder = "amounts";

/** Recorded amounts of some objects, by key, each with the version that it describes. */
export type RecordedAmounts = ReadonlyMap<
  string,
  { readonly modRevision: bigint; readonly amounts: Amounts }
>;

export class ChargedAmounts {
  readonly #kv: Pick<Kv, "range">;
  readonly #gets: GroupedGets;
  readonly #keys: KeySpace;

  /** @param gets linearizable */
  constructor(kv: Pick<Kv, "range">, gets: GroupedGets, keys: KeySpace) {
    this.#kv = kv;
    this.#gets = gets;
    this.#keys = keys;
  }

  /** The amounts charged for an object in the version `modRevision`; undefined: not recorded. */
  async of(key: string, modRevision: bigint, signal: AbortSignal | undefined): Promise<Amounts | undefined> {
    const { kv } = await untilAborted(this.#gets.get(this.#keys.beside(folder, key)), signal);
    return kv?.modRevision === modRevision ? parsed(kv) : undefined;
  }

  /** The recorded amounts of the objects from the key `first` to the key `last` at a revision. */
  async between(first: string, last: string, revision: bigint, call: EtcdCall): Promise<RecordedAmounts> {
    const all = this.#keys.bookkeepingRange(folder);
    const [, range] = all.cutAt([this.#keys.beside(folder, first), `${this.#keys.beside(folder, last)}\0`]);
    const found = new Map<string, { readonly modRevision: bigint; readonly amounts: Amounts }>();
    if (range === undefined) return found;
    const walk = { ...wholeWalk(range), revision };
    for await (const { kvs } of rangePages(this.#kv, new PageSizer(), walk, call)) {
      for (const kv of kvs) {
        const amounts = parsed(kv);
        const key = this.#keys.prefix + textOfKey(kv.key).slice(all.prefix.length);
        if (amounts !== undefined) found.set(key, { modRevision: kv.modRevision, amounts });
      }
    }
    return found;
  }

  put(key: string, amounts: Amounts, lease: bigint): TxnOp {
    const value = JSON.stringify(amounts);
    return {
      type: "put",
      put: { key: this.#keys.beside(folder, key), value, ...(lease === 0n ? {} : { lease }) },
    };
  }

  remove(key: string): TxnOp {
    return { type: "delete", delete: { key: this.#keys.beside(folder, key) } };
  }
}

/** Undefined: not one of these records. */
function parsed({ value }: KeyValue): Amounts | undefined {
  try {
    const amounts: unknown = JSON.parse(Buffer.from(value).toString());
    return isAmounts(amounts) ? amounts : undefined;
  } catch {
    return undefined;
  }
}

function isAmounts(value: unknown): value is Amounts {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every(
      (amount) =>
        typeof amount === "string" && quantityFault(amount) === undefined && !amount.startsWith("-"),
    )
  );
}
