/**
 * The quotas at every revision, from etcd's own log: live objects, and the ledger's usage. Object and ledger change in
 * one transaction, so each revision in which either changed is a whole state, and a sample.
 */
import type { KvEvent } from "keelson/etcd";
import { parseAmounts } from "../../src/quota/model/amounts.ts";
import type { KeySpace } from "../../src/resource/model/keys.ts";
import { quantityToNumber } from "../../src/resource/model/quantity.ts";
import type { HistorySink } from "../checkers/history.ts";
import { prefixOf, type Valued } from "../traffic/kinds.ts";
import { quotaLimits } from "../traffic/quota.ts";

interface Counted {
  readonly quota: string;
  readonly amount: string;
  readonly hard: number;
  /** Keys of the counted objects begin with it. */
  readonly objects: string;
  readonly ledger: string;
  readonly of: (object: Valued) => number;
  readonly live: Map<string, number>;
  /** The use recorded under each ledger key. */
  readonly entries: Map<string, number>;
  /** The ledger exists: nothing is counted before. */
  begun: boolean;
}

export class QuotaReplay {
  readonly #sink: HistorySink;
  readonly #counted: readonly Counted[];
  readonly #changed = new Set<Counted>();
  #revision = 0n;

  constructor(sink: HistorySink, keys: KeySpace) {
    this.#sink = sink;
    this.#counted = quotaLimits.flatMap(({ namespace, name, hard }) =>
      Object.entries(hard).map(
        ([amount, limit]): Counted => ({
          quota: `${namespace}/${name}`,
          amount,
          hard: limit,
          objects: prefixOf("claims", namespace),
          ledger: keys.bookkeepingRange("quotas", namespace, "ledger", name).prefix,
          of: amount === "size" ? (object) => object.spec.size : () => 1,
          live: new Map(),
          entries: new Map(),
          begun: false,
        }),
      ),
    );
  }

  object(key: string, revision: bigint, object: Valued | undefined): void {
    for (const counted of this.#counted) {
      if (!key.startsWith(counted.objects)) continue;
      if (object === undefined) counted.live.delete(key);
      else counted.live.set(key, counted.of(object));
      this.#note(counted, revision);
    }
  }

  bookkeeping(key: string, event: KvEvent): void {
    for (const counted of this.#counted) {
      if (!key.startsWith(counted.ledger) || key.endsWith("/grants")) continue;
      counted.begun = true;
      if (event.type === "delete") counted.entries.delete(key);
      else counted.entries.set(key, amountIn(Buffer.from(event.kv.value).toString(), key, counted.amount));
      this.#note(counted, event.kv.modRevision);
    }
  }

  /** The revision is complete. */
  settle(): void {
    for (const counted of this.#changed) {
      if (!counted.begun) continue;
      this.#sink.write({
        line: "quota",
        quota: counted.quota,
        amount: counted.amount,
        revision: this.#revision,
        live: sum(counted.live),
        used: sum(counted.entries),
        hard: counted.hard,
      });
    }
    this.#changed.clear();
  }

  #note(counted: Counted, revision: bigint): void {
    this.#changed.add(counted);
    this.#revision = revision;
  }
}

/** A slot's record carries its use beside its room; every other record is its use. */
function amountIn(text: string, key: string, amount: string): number {
  const record = JSON.parse(text) as Record<string, unknown>;
  const used = (key.includes("/slots/") ? record["used"] : record) as Record<string, string>;
  return quantityToNumber(parseAmounts(used).get(amount) ?? 0n);
}

function sum(amounts: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const amount of amounts.values()) total += amount;
  return total;
}
