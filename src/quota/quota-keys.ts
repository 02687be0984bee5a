/**
 * Where quotas live, under the bookkeeping root:
 *
 *   quotas/<namespace>/spec                                    all quotas of the namespace, one record
 *   quotas/<namespace>/ledger/<quota>/<generation>/base        counted use, and what was folded in from slots
 *                                                 /grants      changed by every grant of room: they take turns
 *                                                 /slots/<id>  use and room of one slot of one process
 *                                                 /leased/<key>  use of one object that lives on a lease; on the same lease
 *   quotas/processes/<process>                                 who is alive; on a lease
 *
 * Cluster-wide quotas (namespace "") are under `_cluster`, which no namespace can be called.
 */
import type { KeyRange } from "../resource/key-range.ts";
import type { KeySpace } from "../resource/keys.ts";

const clusterSegment = "_cluster";
const segmentOf = (namespace: string): string => (namespace === "" ? clusterSegment : namespace);

export class QuotaKeys {
  readonly #keys: KeySpace;

  constructor(keys: KeySpace) {
    this.#keys = keys;
  }

  spec(namespace: string): string {
    return this.#keys.bookkeeping("quotas", segmentOf(namespace), "spec");
  }

  /** Specs and ledgers of every namespace. */
  all(): KeyRange {
    return this.#keys.bookkeepingRange("quotas");
  }

  /** Everything of one namespace. */
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
      base: `${prefix}base`,
      grants: `${prefix}grants`,
      slot: (id) => `${prefix}slots/${id}`,
      leased: (key) => `${prefix}leased/${encodeURIComponent(key)}`,
      kindOf: (key) => {
        const rest = key.slice(prefix.length);
        if (rest === "base" || rest === "grants") return rest;
        return rest.startsWith("slots/") ? "slot" : "leased";
      },
      slotId: (key) => key.slice(prefix.length + "slots/".length),
    };
  }

  process(id: string): string {
    return this.#keys.bookkeeping("quotas", "processes", id);
  }

  processes(): KeyRange {
    return this.#keys.bookkeepingRange("quotas", "processes");
  }

  /** The namespace whose spec a key is; undefined for other keys. */
  namespaceOfSpec(key: string): string | undefined {
    const { prefix } = this.all();
    const [segment = "", last, ...more] = key.slice(prefix.length).split("/");
    if (last !== "spec" || more.length > 0) return undefined;
    return segment === clusterSegment ? "" : segment;
  }
}

export interface LedgerKeys {
  readonly range: KeyRange;
  readonly base: string;
  readonly grants: string;
  slot(id: string): string;
  leased(objectKey: string): string;
  kindOf(key: string): "base" | "grants" | "slot" | "leased";
  slotId(key: string): string;
}
