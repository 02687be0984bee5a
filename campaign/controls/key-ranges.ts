/** N10: the range of a namespace is taken without the slash at its end, so "a" reaches into "a-b" and "ab". */
import { type Etcd, prefixEnd } from "keelson/etcd";
import type { Control } from "./control.ts";
import { Doc, docsPrefix, Lab, until } from "./lab.ts";
import { RecordedDocs, RecordedWatch } from "./recorded-docs.ts";
import { withKv } from "./with-kv.ts";

const namespacePrefix = `${docsPrefix}a/`;

/** Ranges of the namespace lose their slash. */
function withoutSlash(etcd: Etcd): Etcd {
  const key = namespacePrefix.slice(0, -1);
  const widened = <R extends { readonly key: unknown; readonly rangeEnd?: unknown }>(request: R): R =>
    request.key === namespacePrefix && request.rangeEnd !== undefined
      ? { ...request, key, rangeEnd: prefixEnd(key) }
      : request;
  return {
    ...withKv(etcd, { range: (request, call) => etcd.kv.range(widened(request), call) }),
    watches: {
      stats: () => etcd.watches.stats(),
      open: (request, call) => etcd.watches.open(widened(request), call),
    },
  };
}

export const prefixWithoutSlash: Control = {
  name: "N10",
  sabotage: "the key range of a namespace lacks its last slash",
  caughtBy: ["C1", "C3"],
  rules: ["list is not the log", "filter"],
  duration: "short",
  async play({ sabotaged, binary }) {
    await using lab = await Lab.open({ binary });
    const honest = (await lab.store(lab.etcd)).resources(Doc);
    const etcd = await lab.connect();
    const store = (await lab.store(sabotaged ? withoutSlash(etcd) : etcd)).resources(Doc);
    const start = await new RecordedDocs(lab, "writer", honest).create("first", "v-first");
    const resourceVersion = start?.metadata.resourceVersion;
    const filter = { prefix: namespacePrefix };
    const watch = new RecordedWatch(lab, store, { namespace: "a", resourceVersion, filter });
    await watch.ready();
    for (const namespace of ["a-b", "ab", "a"]) {
      await new RecordedDocs(lab, `writer-${namespace}`, honest, namespace).create("x", `v-${namespace}`);
    }
    await until(() => watch.seen.has(`${namespacePrefix}x`), "the namespace's own change is seen");
    await watch.stop();
    await new RecordedDocs(lab, "reader", store).list();
    await lab.recordTruth(docsPrefix);
    return { history: lab.history() };
  },
};
