/** Room that lies in very many slots, a little in each, is gathered for a write that needs all of it. */
import { createStore, type Resource } from "keelson";
import { expect, test } from "vitest";
import { QuotaKeys } from "../../../src/quota/model/quota-keys.ts";
import { KeySpace } from "../../../src/resource/model/keys.ts";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";
import { namespacedKind } from "../../support/kinds.ts";

interface Job extends Resource {
  spec: { size: number };
}
const kind = namespacedKind<Job>("Job", { measure: (job) => ({ slots: job.spec.size }) });

test("a write gets room that 150 dead slots hold together", async () => {
  await using lab = new MemoryLab();
  await using store = await createStore({ etcd: lab.connect(), kinds: [kind], compaction: false });
  const { resourceVersion } = await store.quotas.set("default", { hard: { slots: 150 } });
  const keys = new QuotaKeys(new KeySpace("/registry"));
  const spec = lab.server.mvcc.range({ key: keys.spec("default") }).kvs[0];
  const { rules } = JSON.parse(Buffer.from(spec?.value ?? "").toString()) as {
    rules: { generation: string }[];
  };
  const ledger = keys.ledger("default", "default", rules[0]?.generation ?? "");
  for (let i = 0; i < 150; i++) {
    const value = JSON.stringify({ used: {}, room: { slots: "1" }, grantedAt: resourceVersion });
    lab.server.mvcc.put({ key: ledger.slot(`dead-${i}`), value });
  }
  const metadata = { namespace: "default", name: "large" };
  await store.resources(kind).create({ metadata, spec: { size: 140 } });
  expect((await store.quotas.get("default")).used).toEqual({ slots: 140 });
});
