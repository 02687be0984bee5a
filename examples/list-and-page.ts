/**
 * List by namespace, label and field, and page through a long list: every page shows the version of the first page,
 * even if objects change in between.
 */
import { createStore, defineKind, type Resource } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";

interface Job extends Resource {
  spec: { queue: string };
}
const jobKind = defineKind<Job>({
  group: "batch.example.com",
  version: "v1",
  kind: "Job",
  plural: "jobs",
  scope: "Namespaced",
  fields: { "spec.queue": (job) => job.spec.queue },
});

await using local = await startLocalEtcd();
await using etcd = await connectEtcd({ endpoints: local.endpoints });
await using store = await createStore({ etcd, kinds: [jobKind], namespaces: "open" });
const jobs = store.resources(jobKind);

const outcomes = await jobs.createMany(
  Array.from({ length: 25 }, (_, i) => ({
    metadata: {
      namespace: i % 2 === 0 ? "team-a" : "team-b",
      name: `job-${i}`,
      labels: { shift: i < 10 ? "day" : "night" },
    },
    spec: { queue: i % 5 === 0 ? "fast" : "slow" },
  })),
);
console.log(`${outcomes.filter((outcome) => !(outcome instanceof Error)).length} jobs created`);

const inTeam = await jobs.list({ namespace: "team-a" });
const atNight = await jobs.list({ labelSelector: "shift in (night)" });
const fast = await jobs.list({ fieldSelector: "spec.queue=fast" });
console.log(
  `${inTeam.items.length} in team-a, ${atNight.items.length} at night, ${fast.items.length} in the fast queue`,
);

let seen = 0;
let continueToken: string | undefined;
do {
  const page = await jobs.list({ limit: 10, continueToken });
  if (continueToken === undefined) await jobs.delete({ namespace: "team-b", name: "job-23" });
  seen += page.items.length;
  console.log(`page of ${page.items.length} at version ${page.resourceVersion}`);
  continueToken = page.continueToken;
} while (continueToken !== undefined);

if (seen !== 25)
  throw new Error(`the pages together hold ${seen} jobs, expected the 25 of the first page's version`);
