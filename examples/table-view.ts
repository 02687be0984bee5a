/**
 * Views: the same reads and watches, but of values derived from the object. A table row is computed from the metadata
 * segment alone (the body is not decoded); bytes for HTTP are encoded once for all readers.
 */
import { createStore, createWatchCache, defineKind, defineView, jsonView, type Resource } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";

interface Report extends Resource {
  body: string;
}
const reportKind = defineKind<Report>({
  version: "v1",
  kind: "Report",
  plural: "reports",
  scope: "Namespaced",
});
let made = 0;
const rowView = defineView<Report, string>({
  name: "row",
  from: "metadata",
  project: ({ metadata }) => {
    made += 1;
    return `${metadata.name.padEnd(12)} ${metadata.labels?.["team"] ?? "-"}`;
  },
});

await using local = await startLocalEtcd();
await using etcd = await connectEtcd({ endpoints: local.endpoints });
await using store = await createStore({ etcd, kinds: [reportKind] });
const reports = store.resources(reportKind);
await reports.createMany(
  ["budget", "outlook", "staff"].map((name, i) => ({
    metadata: { namespace: "default", name, labels: { team: i === 1 ? "sales" : "finance" } },
    body: "many pages ".repeat(1000),
  })),
);

await using cache = createWatchCache(reports);
await cache.ready();
const rows = cache.as(rowView);
for (let i = 0; i < 3; i++) await rows.list();
const { items } = await rows.list({ labelSelector: "team=finance" });
console.log(items.join("\n"));
console.log(`${made} rows made for 11 handed out`);

const first = await cache.as(jsonView).get({ namespace: "default", name: "budget" });
const again = await cache.as(jsonView).get({ namespace: "default", name: "budget" });
console.log(`${first.byteLength} bytes of JSON, the same bytes for the next reader: ${first === again}`);
