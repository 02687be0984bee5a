/**
 * N2 and N14: what a client makes of a write whose answer it did not get.
 *
 *   right   unknown until it is settled behind a fence
 *   N2      sent again, and the answer to that is told: "conflict" for a write that was applied
 *   N14     looked for once; not there is taken for "not applied": it lands afterwards
 */
import { isStoreError, StoreError } from "keelson";
import type { Etcd, TxnRequest } from "keelson/etcd";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import type { Control } from "./control.ts";
import { HeldRequests } from "./held-requests.ts";
import { Doc, docsPrefix, Lab, until } from "./lab.ts";
import { RecordedDocs } from "./recorded-docs.ts";
import { withKv } from "./with-kv.ts";

/** Sends again what may have been applied. */
function retriesBlindly(etcd: Etcd): Etcd {
  return withKv(etcd, {
    txn: async (request, call) => {
      for (;;) {
        try {
          return await etcd.kv.txn(request, call);
        } catch (error) {
          if (!isStoreError(error, "OUTCOME_UNKNOWN")) throw error;
        }
      }
    },
  });
}

export const retriedWrites: Control = {
  name: "N2",
  sabotage: "a write is sent again after its answer was lost, and the last answer is told",
  caughtBy: ["C7"],
  rules: ["told failed, is applied"],
  duration: "short",
  async play({ sabotaged, binary }) {
    await using lab = await Lab.open({ binary });
    const proxy = lab.use(await TcpProxy.start(lab.server.clientPort));
    const etcd = await lab.connect({ endpoints: proxy.url });
    const store = await lab.store(sabotaged ? retriesBlindly(etcd) : etcd);
    const docs = new RecordedDocs(lab, "writer", store.resources(Doc));
    const doc = await docs.create("x", "v1");
    if (doc === undefined) throw new Error("the first write was refused");
    const before = await versionOf(lab, "x");
    // etcd acts, and nobody hears of it.
    proxy.set({ mode: "swallow" });
    const updated = docs.update(doc, "v2");
    await until(async () => (await versionOf(lab, "x")) > before, "the update is applied");
    proxy.set({ mode: "ok" });
    proxy.cut();
    await updated;
    await lab.recordTruth(docsPrefix);
    return { history: lab.history() };
  },
};

/** Takes one look through `other` for the truth about a write without an answer. */
function believesOneLook(etcd: Etcd, other: Etcd): Etcd {
  return withKv(etcd, {
    txn: async (request, call) => {
      try {
        return await etcd.kv.txn(request, call);
      } catch (error) {
        const key = keyOf(request);
        if (!isStoreError(error, "OUTCOME_UNKNOWN") || key === undefined) throw error;
        const { kvs } = await other.kv.range({ key: key.name });
        if ((kvs[0]?.modRevision ?? 0n) !== key.guard) throw error;
        throw new StoreError("UNAVAILABLE", `Cannot write "${key.name}": looked for it, it is not there`, {
          retryAfterMs: 1_000,
        });
      }
    },
  });
}

/** The document a txn changes, and the version it must have for that. */
function keyOf({ compare }: TxnRequest): { readonly name: string; readonly guard: bigint } | undefined {
  for (const condition of compare) {
    const name = String(condition.key);
    if (condition.target === "mod" && name.startsWith(docsPrefix)) return { name, guard: condition.operand };
  }
  return undefined;
}

/** Longer than a loaded machine needs to apply what is let go, since etcd gives up at the client's deadline too. */
const writeTimeoutMs = 1_500;

export const believedLook: Control = {
  name: "N14",
  sabotage: "after a timeout one linearizable read decides that a write was not applied",
  caughtBy: ["C7"],
  rules: ["told failed, is applied"],
  duration: "short",
  async play({ sabotaged, binary }) {
    await using lab = await Lab.open({ binary });
    // What a paused member does to a request, but surely: it lies there, and is acted upon after all.
    const held = lab.use(await HeldRequests.start(lab.server.clientPort));
    const etcd = await lab.connect({ endpoints: held.url });
    const store = await lab.store(sabotaged ? believesOneLook(etcd, lab.etcd) : etcd);
    const docs = new RecordedDocs(lab, "writer", store.resources(Doc));
    const doc = await docs.create("x", "v1");
    if (doc === undefined) throw new Error("the first write was refused");
    const before = await versionOf(lab, "x");
    held.hold("v2-late");
    await docs.update(doc, "v2-late", writeTimeoutMs);
    held.release();
    await until(async () => (await versionOf(lab, "x")) > before, "the write lands");
    await lab.recordTruth(docsPrefix);
    return { history: lab.history() };
  },
};

async function versionOf(lab: Lab, name: string): Promise<bigint> {
  const { kvs } = await lab.etcd.kv.range({ key: `${docsPrefix}a/${name}` });
  return kvs[0]?.modRevision ?? 0n;
}
