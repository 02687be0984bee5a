/**
 * Where quotas live, under the bookkeeping root:
 *
 *   quotas/<namespace>/spec                                    all quotas of the namespace, one record
 *   quotas/<namespace>/ledger/<quota>/<generation>/base        counted use, and use folded in from slots
 *                                                 /grants      changed by every grant of room: grants take turns
 *                                                 /slots/<id>  use and room of one slot of one process
 *                                                 /leased/<key>  use of one object on a lease; on the same lease
 *   quotas/_processes/<process>                                a live process; on a lease
 *
 * Cluster-wide quotas (namespace "") are under `_cluster`. No namespace can have that name, nor `_processes`.
 */
import type { KeyRange } from "../../resource/model/key-range.ts";
import type { KeySpace } from "../../resource/model/keys.ts";

const clusterSegment = "_cluster";
const processesSegment = "_processes";
const segmentOf = (namespace: string): string => (namespace === "" ? clusterSegment : namespace);

export class QuotaKeys {
  readonly #keys: KeySpace;

  constructor(keys: KeySpace) {
    this.#keys = keys;
  }

  /** The record of the history's epoch (storage/context/epoch.ts). */
  get epoch(): string {
    return this.#keys.bookkeeping("epoch");
  }

  spec(namespace: string): string {
    return this.#keys.bookkeeping("quotas", segmentOf(namespace), "spec");
  }

  /** Specs and ledgers of every namespace. */
  all(): KeyRange {
    return this.#keys.bookkeepingRange("quotas");
  }

  /** All quota keys of one namespace. */
  namespace(namespace: string): KeyRange {
    return this.#keys.bookkeepingRange("quotas", segmentOf(namespace));
  }

  /** All generations of one quota's ledger. */
  ledgers(namespace: string, quota: string): KeyRange {
    return this.#keys.bookkeepingRange("quotas", segmentOf(namespace), "ledger", quota);
  }

  ledger(namespace: string, quota: string, generation: string): LedgerKeys {
    const at = ["quotas", segmentOf(namespace), "ledger", quota, generation] as const;
    const { prefix } = this.#keys.bookkeepingRange(...at);
    return {
      range: this.#keys.bookkeepingRange(...at),
      slots: this.#keys.bookkeepingRange(...at, "slots"),
      base: `${prefix}base`,
      grants: `${prefix}grants`,
      slot: (id) => `${prefix}slots/${id}`,
      leased: (key) => `${prefix}leased/${leasedId(key)}`,
    };
  }

  process(id: string): string {
    return this.#keys.bookkeeping("quotas", processesSegment, id);
  }

  /** Parses a key below `quotas/`; undefined for any other key. */
  parse(key: string): QuotaKey | undefined {
    const [segment = "", folder, ...rest] = key.slice(this.all().prefix.length).split("/");
    if (segment === processesSegment)
      return folder === undefined ? undefined : { type: "process", id: folder };
    const namespace = segment === clusterSegment ? "" : segment;
    if (folder === "spec") return rest.length === 0 ? { type: "spec", namespace } : undefined;
    const [quota, generation, entry, id] = rest;
    if (folder !== "ledger" || quota === undefined || generation === undefined) return undefined;
    const at = { namespace, quota, generation } as const;
    if (entry === "base" || entry === "grants") return { type: entry, ...at };
    if (entry === "slots" && id !== undefined) return { type: "slot", id, ...at };
    return entry === "leased" && id !== undefined ? { type: "leased", id, ...at } : undefined;
  }
}

/** One quota key. `id` of a leased entry names its object. */
export type QuotaKey =
  | { readonly type: "process"; readonly id: string }
  | { readonly type: "spec"; readonly namespace: string }
  | ({ readonly type: "base" | "grants" } & LedgerPlace)
  | ({ readonly type: "slot" | "leased"; readonly id: string } & LedgerPlace);

export type LedgerEntryKey = Extract<QuotaKey, LedgerPlace>;

/** The ledger that a key belongs to. */
export interface LedgerPlace {
  readonly namespace: string;
  readonly quota: string;
  readonly generation: string;
}

/** The name of an object's entry in a ledger: its key, as one segment. */
export const leasedId = (objectKey: string): string => encodeURIComponent(objectKey);

/** The object's key of a `leasedId`. */
export const objectKeyOf = (id: string): string => decodeURIComponent(id);

export interface LedgerKeys {
  readonly range: KeyRange;
  readonly slots: KeyRange;
  readonly base: string;
  readonly grants: string;
  slot(id: string): string;
  leased(objectKey: string): string;
}
