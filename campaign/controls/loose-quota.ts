/** N8: a quota's ledger is kept beside the object's transaction instead of in it, so there are revisions at which it is wrong. */
import type { Etcd, TxnOp } from "keelson/etcd";
import { replayLedger } from "../../test/support/quota-log.ts";
import type { Control } from "./control.ts";
import { Doc, docsPrefix, Lab } from "./lab.ts";
import { RecordedDocs } from "./recorded-docs.ts";
import { withKv } from "./with-kv.ts";

const ledgers = "/keelson/registry/quotas/";
const hard = 5;

const isOfLedger = (op: TxnOp): boolean => op.type === "put" && String(op.put.key).startsWith(ledgers);

/** Writes the ledger part of a document's transaction in a second one, right after it. */
function writesLedgerLater(etcd: Etcd): Etcd {
  return withKv(etcd, {
    txn: async (request, call) => {
      const changesDoc = request.success.some(
        (op) => op.type === "put" && String(op.put.key).startsWith(docsPrefix),
      );
      const later = request.success.filter(isOfLedger);
      if (!changesDoc || later.length === 0) return etcd.kv.txn(request, call);
      const success = request.success.filter((op) => !isOfLedger(op));
      const answer = await etcd.kv.txn({ ...request, success }, call);
      if (answer.succeeded) await etcd.kv.txn({ compare: [], success: later, failure: [] });
      return answer;
    },
  });
}

export const ledgerApart: Control = {
  name: "N8",
  sabotage: "the quota's ledger is written in a transaction of its own, after the object's",
  caughtBy: ["C5"],
  rules: ["used is not live"],
  duration: "short",
  async play({ sabotaged, binary }) {
    await using lab = await Lab.open({ binary });
    const etcd = await lab.connect();
    const store = await lab.store(sabotaged ? writesLedgerLater(etcd) : etcd);
    const docs = new RecordedDocs(lab, "writer", store.resources(Doc));
    await store.quotas.set("a", { hard: { "count/docs": hard } });
    const from = BigInt(await store.currentResourceVersion()) + 1n;
    for (const name of ["one", "two"]) await docs.create(name, `v-${name}`);
    await docs.delete("one");
    const states = await replayLedger(lab.etcd, {
      from,
      objects: `${docsPrefix}a/`,
      ledger: `${ledgers}a/ledger/default/`,
      name: "count/docs",
    });
    for (const state of states) {
      lab.sink.write({ line: "quota", quota: "a/default", amount: "count/docs", hard, ...state });
    }
    return { history: lab.history() };
  },
};
