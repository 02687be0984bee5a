/** A client with some calls of its `Kv` port replaced: the base of most sabotage. */
import type { Etcd, Kv } from "keelson/etcd";

/** Its inner client is closed separately. */
export function withKv(etcd: Etcd, members: Partial<Omit<Kv, "highestRevision">>): Etcd {
  const { kv } = etcd;
  return {
    ...etcd,
    kv: {
      range: (request, call) => kv.range(request, call),
      put: (request, call) => kv.put(request, call),
      deleteRange: (request, call) => kv.deleteRange(request, call),
      txn: (request, call) => kv.txn(request, call),
      compact: (revision, call) => kv.compact(revision, call),
      get highestRevision() {
        return kv.highestRevision;
      },
      ...members,
    },
  };
}
