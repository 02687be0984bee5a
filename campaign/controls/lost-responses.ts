/**
 * N2 and N14: how a client handles a write with a lost response.
 *
 *   right   unknown until it is settled behind a fence
 *   N2      sent again, and the answer to that is returned: "conflict" for a write that was applied
 *   N14     looked for once; not there is taken for "not applied": it lands afterwards
 */
import { isStoreError, type ResourceStore, StoreError } from "keelson";
import type { Etcd, TxnResponse } from "keelson/etcd";
import { TcpProxy } from "../../test/support/peers/tcp-proxy.ts";
import type { Control } from "./control.ts";
import { HeldRequests } from "./held-requests.ts";
import { Doc, docsPrefix, Lab, until, within } from "./lab.ts";
import { type DocCalls, RecordedDocs, stateOf } from "./recorded-docs.ts";
import { withKv } from "./with-kv.ts";

/** Sends a write again that may have been applied, and does not check whose value makes the second one fail. */
function retriesBlindly(etcd: Etcd): Etcd {
  return withKv(etcd, {
    txn: async (request, call) => {
      for (let attempt = 1; ; attempt++) {
        try {
          const answer = await etcd.kv.txn(request, call);
          return attempt === 1 || answer.succeeded ? answer : withoutValues(answer);
        } catch (error) {
          if (!isStoreError(error, "OUTCOME_UNKNOWN")) throw error;
        }
      }
    },
  });
}

/** A repeated write recognises itself by the value it finds; this hides that value. */
function withoutValues(answer: TxnResponse): TxnResponse {
  const responses = answer.responses.map((response, at) =>
    at === 0 && response.type === "range"
      ? { ...response, range: { ...response.range, kvs: [], count: 0n } }
      : response,
  );
  return { ...answer, responses };
}

export const retriedWrites: Control = {
  name: "N2",
  sabotage: "a write is sent again after its answer was lost, and the last answer is returned",
  caughtBy: ["C7"],
  rules: ["reported failed, is applied"],
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
    // etcd applies it, and its response is lost.
    proxy.set({ mode: "swallow" });
    const updated = docs.update(doc, "v2");
    await until(async () => (await versionOf(lab, "x")) > before, "the update is applied");
    // In this order: a response in flight is lost with its connection.
    proxy.cut();
    proxy.set({ mode: "ok" });
    await updated;
    await lab.recordTruth(docsPrefix);
    return { history: lab.history() };
  },
};

/** Decides the outcome of an update without a response by one read through `lab`. */
function believesOneLook(store: ResourceStore<Doc>, lab: Lab): DocCalls {
  return {
    create: (draft, options) => store.create(draft, options),
    get: (key, options) => store.get(key, options),
    list: (options) => store.list(options),
    delete: (key, options) => store.delete(key, options),
    update: async (doc, options) => {
      try {
        return await store.update(doc, options);
      } catch (error) {
        if (!isStoreError(error, "OUTCOME_UNKNOWN")) throw error;
        const { name, resourceVersion } = doc.metadata;
        if ((await versionOf(lab, name)) !== BigInt(resourceVersion)) throw error;
        throw new StoreError("UNAVAILABLE", `Cannot update "${name}": looked for it, it is not there`, {
          retryAfterMs: 1_000,
        });
      }
    },
  };
}

const writeTimeoutMs = 1_200;
const landWithinMs = 3_000;
const triesMax = 8;

export const believedLook: Control = {
  name: "N14",
  sabotage: "after a timeout one linearizable read decides that a write was not applied",
  caughtBy: ["C7"],
  rules: ["reported failed, is applied"],
  duration: "short",
  async play({ sabotaged, binary }) {
    await using lab = await Lab.open({ binary });
    // The reliable form of what a paused member does to a request: it waits, and is executed later.
    const held = lab.use(await HeldRequests.start(lab.server.clientPort));
    const etcd = await lab.connect({ endpoints: held.url });
    const store = (await lab.store(etcd)).resources(Doc);
    const docs = new RecordedDocs(lab, "writer", sabotaged ? believesOneLook(store, lab) : store);
    await docs.create("x", "v1");
    // etcd honours the client's deadline: on a busy machine even the released request may be too late.
    for (let tries = 1, landed = false; !landed; tries++) {
      if (tries > triesMax) throw new Error(`no held write has landed in ${triesMax} tries`);
      const doc = await docs.get("x");
      if (doc === undefined) throw new Error("the object cannot be read");
      const value = `late-${tries}`;
      held.hold(value);
      await docs.update(doc, value, writeTimeoutMs);
      const { revision } = stateOf(doc);
      landed =
        held.release() && (await within(landWithinMs, async () => (await versionOf(lab, "x")) > revision));
    }
    await lab.recordTruth(docsPrefix);
    return { history: lab.history() };
  },
};

async function versionOf(lab: Lab, name: string): Promise<bigint> {
  const { kvs } = await lab.etcd.kv.range({ key: `${docsPrefix}a/${name}` });
  return kvs[0]?.modRevision ?? 0n;
}
