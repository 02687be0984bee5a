/**
 * The truth about a quota, from etcd's own log: every change of objects and ledger entries since a revision, replayed
 * one revision at a time. At each of them the ledger's use must equal what is alive, and never exceed the limit.
 */
import type { Etcd, KvEvent } from "keelson/etcd";
import { parseAmounts } from "../../src/quota/model/amounts.ts";
import { quantityToNumber } from "../../src/resource/model/quantity.ts";

export interface LedgerAt {
  readonly revision: bigint;
  readonly live: number;
  readonly used: number;
}

/**
 * @param objects prefix of the counted objects' keys, e.g. "/registry/widgets/default/"
 * @param ledger prefix of the quota's ledgers, e.g. "/keelson/registry/quotas/default/ledger/default/"
 * @param name the counted amount, e.g. "count/widgets"
 */
export async function replayLedger(
  etcd: Etcd,
  options: {
    readonly from: bigint;
    readonly objects: string;
    readonly ledger: string;
    readonly name: string;
  },
): Promise<readonly LedgerAt[]> {
  const { objects, ledger, name, from } = options;
  const end = (await etcd.kv.range({ key: "/none" })).header.revision;
  const live = new Set<string>();
  const entries = new Map<string, number>();
  const amount = (text: string): number =>
    quantityToNumber(parseAmounts(JSON.parse(text) as Record<string, string>).get(name) ?? 0n);
  const states: LedgerAt[] = [];
  if (from > end) return states;
  await using watch = etcd.watches.open({ key: "/", rangeEnd: "0", startRevision: from });
  for await (const batch of watch) {
    if (batch.type === "events") {
      const byRevision = new Map<bigint, KvEvent[]>();
      for (const event of batch.events) {
        const { modRevision } = event.kv;
        byRevision.set(modRevision, [...(byRevision.get(modRevision) ?? []), event]);
      }
      for (const [revision, events] of byRevision) {
        for (const event of events) {
          const key = Buffer.from(event.kv.key).toString();
          const text = Buffer.from(event.kv.value).toString();
          if (key.startsWith(objects)) {
            if (event.type === "put") live.add(key);
            else live.delete(key);
          }
          if (!key.startsWith(ledger) || key.endsWith("/grants")) continue;
          if (event.type === "delete") entries.delete(key);
          else if (key.includes("/slots/"))
            entries.set(key, amount(JSON.stringify((JSON.parse(text) as { used: object }).used)));
          else entries.set(key, amount(text));
        }
        states.push({
          revision,
          live: live.size,
          used: [...entries.values()].reduce((sum, one) => sum + one, 0),
        });
      }
      if (batch.revision >= end) break;
    } else watch.requestProgress();
    if (batch.type === "progress" && batch.revision >= end) break;
  }
  return states;
}
