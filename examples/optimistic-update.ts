/**
 * Two ways to change an object that others change, too: `update` refuses a stale copy with CONFLICT, `guaranteedUpdate`
 * reads, changes and writes until it succeeds.
 */
import { createStore, defineKind, isStoreError, type Resource } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";

interface Counter extends Resource {
  count: number;
}
const counterKind = defineKind<Counter>({
  version: "v1",
  kind: "Counter",
  plural: "counters",
  scope: "Cluster",
});

await using local = await startLocalEtcd();
await using etcd = await connectEtcd({ endpoints: local.endpoints });
await using store = await createStore({ etcd, kinds: [counterKind] });
const counters = store.resources(counterKind);
const key = { name: "visitors" };

const copy = await counters.create({ metadata: key, count: 0 });
await counters.update({ ...copy, count: 1 });
try {
  // The copy is older than the write above.
  await counters.update({ ...copy, count: 100 });
  throw new Error("a stale copy was written");
} catch (error) {
  if (!isStoreError(error, "CONFLICT")) throw error;
  console.log(`${error.code}: expected version ${error.details.expected}, found ${error.details.actual}`);
}

let attempts = 0;
await Promise.all(
  Array.from({ length: 10 }, () =>
    counters.guaranteedUpdate(key, (current) => {
      attempts++;
      return { ...current, count: current.count + 1 };
    }),
  ),
);
const { count } = await counters.get(key);
console.log(`10 writers took ${attempts} attempts; the count is ${count}`);
if (count !== 11) throw new Error(`the count is ${count}, expected 11: a write was lost`);
