/** Quotas: limits that are charged in the write's own transaction, so concurrent writes cannot exceed them. */
import { createStore, defineKind, isStoreError, type Resource } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";

interface Task extends Resource {
  spec: { cpu: string };
}
const taskKind = defineKind<Task>({
  version: "v1",
  kind: "Task",
  plural: "tasks",
  scope: "Namespaced",
  measure: ({ spec }) => ({ "requests.cpu": spec.cpu }),
});

await using local = await startLocalEtcd();
await using etcd = await connectEtcd({ endpoints: local.endpoints });
await using store = await createStore({ etcd, kinds: [taskKind] });
const tasks = store.resources(taskKind);
const task = (name: string, cpu: string) => ({ metadata: { namespace: "default", name }, spec: { cpu } });

await tasks.create(task("early", "500m"));
const { used } = await store.quotas.set("default", { hard: { "count/tasks": 10, "requests.cpu": 2 } });
console.log(`counted before the limit holds: ${used["requests.cpu"]} CPU`);

const results = await Promise.allSettled(
  Array.from({ length: 8 }, (_, i) => tasks.create(task(`task-${i}`, "500m"))),
);
const made = results.filter((result) => result.status === "fulfilled").length;
const [refusal] = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
if (made !== 3 || !isStoreError(refusal, "QUOTA_EXCEEDED"))
  throw new Error(`${made} tasks were created, expected 3`);
for (const { name, used, requested, hard } of refusal.details.violations) {
  console.log(`refused: ${name} used ${used} + requested ${requested} > ${hard}`);
}
await tasks.delete({ namespace: "default", name: "early" });
await tasks.create(task("late", "500m"));
const status = await store.quotas.get("default");
console.log(`in use: ${status.used["count/tasks"]} tasks, ${status.used["requests.cpu"]} CPU`);
if (status.used["requests.cpu"] !== 2) throw new Error("the ledger is wrong");
