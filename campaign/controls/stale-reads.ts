/** N1: reads that a member answers alone. A partitioned follower keeps returning old states. */
import { connectEtcd, type Etcd, startLocalCluster } from "keelson/etcd";
import { patientMs } from "../../test/support/time/patience.ts";
import { PeerNetwork } from "../cluster/peer-network.ts";
import type { Control } from "./control.ts";
import { Doc, docsPrefix, Lab, until } from "./lab.ts";
import { RecordedDocs } from "./recorded-docs.ts";
import { withKv } from "./with-kv.ts";

/** A member that does not answer within this time is skipped for another one. */
const requestTimeoutMs = 1_000;

/** Asks one member and accepts its answer. */
function readsAlone(etcd: Etcd, endpoint: string): Etcd {
  return withKv(etcd, {
    range: (request, call) =>
      String(request.key).startsWith(docsPrefix)
        ? etcd.kv.range({ ...request, serializable: true }, { ...call, endpoint })
        : etcd.kv.range(request, call),
  });
}

export const serializableReads: Control = {
  name: "N1",
  sabotage: "reads are serializable: one member answers them by itself",
  caughtBy: ["C1", "C2"],
  rules: ["stale read", "not linearizable"],
  duration: "long",
  async play({ sabotaged, binary }) {
    await using peers = new PeerNetwork();
    await using cluster = await startLocalCluster({
      binary,
      extraArgs: ["--unsafe-no-fsync"],
      advertise: async ({ index, peerPort }) => ({ peerUrl: await peers.advertise(index, peerPort) }),
    });
    const urls = cluster.members.map(({ endpoints: [url = ""] }) => url);
    const control = await connectEtcd({ endpoints: urls });
    const { members } = await control.cluster.members();
    const ids = cluster.members.map(({ name }) => members.find((one) => one.name === name)?.id ?? 0n);
    peers.learn(ids);
    const { leader } = await control.maintenance.status({ endpoint: urls[0] ?? "" });
    await control.close();
    const alone = ids.findIndex((id) => id !== leader);
    const others = [0, 1, 2].filter((index) => index !== alone);
    const aloneUrl = urls[alone] ?? "";

    await using lab = Lab.over(await connectEtcd({ endpoints: others.map((index) => urls[index] ?? "") }));
    const reading = lab.use(await connectEtcd({ endpoints: urls, requestTimeoutMs, timeoutMs: patientMs }));
    const writer = new RecordedDocs(lab, "writer", (await lab.store(lab.etcd)).resources(Doc));
    const store = await lab.store(sabotaged ? readsAlone(reading, aloneUrl) : reading);
    const reader = new RecordedDocs(lab, "reader", store.resources(Doc));
    await writer.create("x", "v1");
    await until(async () => {
      const call = { endpoint: aloneUrl };
      const { kvs } = await reading.kv.range({ key: `${docsPrefix}a/x`, serializable: true }, call);
      return kvs.length > 0;
    }, "the follower has the first write");
    for (const other of others) {
      peers.cut(other, alone);
      peers.cut(alone, other);
    }
    // If the partitioned member has become the leader in between, a first write may have an unknown outcome.
    await until(async () => {
      const doc = await writer.get("x");
      return doc !== undefined && (await writer.update(doc, lab.nextName("v"))) !== undefined;
    }, "a write without the follower is applied");
    await until(async () => (await reader.get("x")) !== undefined, "the reader is answered");
    for (const other of others) {
      peers.heal(other, alone);
      peers.heal(alone, other);
    }
    await lab.recordTruth(docsPrefix);
    return { history: lab.history() };
  },
};
