/**
 * Specs and ledgers at one revision, for listing, checking and folding.
 *
 * Read in pages and assembled in one pass over the keys, in turns: thousands of quotas take time but do not block the
 * loop.
 */
import type { Call } from "../../base/call.ts";
import { textOfKey } from "../../base/text/text-of-key.ts";
import type { TurnBudget } from "../../base/time/turn-budget.ts";
import { isStoreError } from "../../errors.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { KeyValue } from "../../etcd/ports/messages.ts";
import { type Ledger, LedgerBuilder } from "../model/ledger.ts";
import type { QuotaKeys } from "../model/quota-keys.ts";
import { decodeSpec, type NamespaceSpec, type QuotaRule } from "../model/quota-spec.ts";

/** Keys in one page: about 1 MiB of specs and slots. */
const pageKeys = 5_000;
/** Keys processed between two checks of the turn budget. */
const keysPerLook = 16;
/** Number of restarts of a read whose revision was compacted. */
const triesMax = 5;

export interface SnapshotParts {
  readonly kv: Kv;
  readonly keys: QuotaKeys;
  readonly turns: TurnBudget;
}

export class QuotaSnapshot {
  readonly revision: bigint;
  readonly #specs = new Map<string, NamespaceSpec>();
  readonly #ledgers = new Map<string, LedgerBuilder>();
  readonly #processes = new Set<string>();
  readonly #keys: QuotaKeys;

  private constructor(keys: QuotaKeys, revision: bigint) {
    this.#keys = keys;
    this.revision = revision;
  }

  /** Reads one namespace ("": the cluster-wide quotas), or all when undefined, with the live processes. */
  static async read(parts: SnapshotParts, namespace: string | undefined, call: Call): Promise<QuotaSnapshot> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await QuotaSnapshot.#readOnce(parts, namespace, call);
      } catch (error) {
        if (!isStoreError(error, "EXPIRED") || attempt >= triesMax) throw error;
      }
    }
  }

  static async #readOnce(
    { kv, keys, turns }: SnapshotParts,
    namespace: string | undefined,
    call: Call,
  ): Promise<QuotaSnapshot> {
    let range = namespace === undefined ? keys.all() : keys.namespace(namespace);
    let made: QuotaSnapshot | undefined;
    for (;;) {
      const { key, rangeEnd } = range;
      const page = await kv.range({ key, rangeEnd, limit: pageKeys, revision: made?.revision ?? 0n }, call);
      made ??= new QuotaSnapshot(keys, page.header.revision);
      let looked = 0;
      for (const kv0 of page.kvs) {
        if (looked++ % keysPerLook === 0) await turns.pause();
        made.#add(kv0);
      }
      const last = page.kvs.at(-1);
      if (!page.more || last === undefined) return made;
      range = range.after(textOfKey(last.key));
    }
  }

  /** Namespaces with quotas, including "". */
  get namespaces(): Iterable<string> {
    return this.#specs.keys();
  }

  /** The live processes. */
  get processes(): ReadonlySet<string> {
    return this.#processes;
  }

  spec(namespace: string): NamespaceSpec {
    return this.#specs.get(namespace) ?? { namespace, rules: [], revision: 0n };
  }

  ledger(namespace: string, { name, generation }: QuotaRule): Ledger {
    const builder = this.#ledgers.get(placeText(namespace, name, generation)) ?? new LedgerBuilder();
    return builder.build(this.revision);
  }

  #add(kv: KeyValue): void {
    const key = this.#keys.parse(textOfKey(kv.key));
    if (key === undefined) return;
    if (key.type === "process") this.#processes.add(key.id);
    else if (key.type === "spec") {
      this.#specs.set(key.namespace, decodeSpec(key.namespace, kv.value, kv.modRevision));
    } else {
      const place = placeText(key.namespace, key.quota, key.generation);
      let ledger = this.#ledgers.get(place);
      if (ledger === undefined) this.#ledgers.set(place, (ledger = new LedgerBuilder()));
      ledger.put(key, kv);
    }
  }
}

/** No part has a slash. */
const placeText = (namespace: string, quota: string, generation: string): string =>
  `${namespace}/${quota}/${generation}`;
