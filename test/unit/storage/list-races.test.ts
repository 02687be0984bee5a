/** Lists and collections while etcd is compacted, members differ and other writers go on. */
import { createStore } from "keelson";
import { describe, expect, test } from "vitest";
import { decodeRangeResponse } from "../../../src/etcd/wire/kv.ts";
import { rangeRequest } from "../../../src/etcd/wire/kv-server.ts";
import { refusals } from "../../../src/testing/refusal.ts";
import { widget, widgetKind } from "../../conformance/implementation.ts";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";

const rangePath = "/etcdserverpb.KV/Range";
/** More than the first page a store reads of a kind it does not know yet. */
const many = 150;

async function filled(lab: MemoryLab): Promise<void> {
  await using store = await createStore({ etcd: lab.connect(), kinds: [widgetKind], compaction: false });
  const drafts = Array.from({ length: many }, (_, i) =>
    widget("default", `w-${i}`, i, { labels: { app: "a" } }),
  );
  const outcomes = await store.resources(widgetKind).createMany(drafts);
  expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual([]);
}

describe("list()", () => {
  test("of the latest state begins anew when a compaction overtakes it between two pages", async () => {
    await using lab = new MemoryLab();
    await filled(lab);
    let compactions = 0;
    const etcd = lab.connect({
      answer: (method, request, server) => {
        const pinned = method === rangePath && (rangeRequest.decode(request).revision ?? 0n) > 0n;
        if (pinned && compactions === 0) {
          compactions++;
          server.mvcc.put({ key: "/elsewhere", value: "x" });
          server.mvcc.compact(server.mvcc.revision);
        }
        return server.call(method, request);
      },
    });
    await using store = await createStore({ etcd, kinds: [widgetKind], compaction: false });
    const { items, resourceVersion } = await store.resources(widgetKind).list({ namespace: "default" });
    expect(items).toHaveLength(many);
    expect(compactions).toBe(1);
    expect(BigInt(resourceVersion)).toBeGreaterThanOrEqual(lab.server.mvcc.compactedRevision);
  });

  test('"any" is answered though a member that is behind is asked for a later page', async () => {
    await using lab = new MemoryLab();
    await filled(lab);
    let refused = 0;
    const etcd = lab.connect({
      answer: (method, request, server) => {
        if (method === rangePath) {
          const { revision = 0n, serializable } = rangeRequest.decode(request);
          if (serializable === true && revision > 0n) {
            refused++;
            throw refusals.future();
          }
        }
        return server.call(method, request);
      },
    });
    await using store = await createStore({ etcd, kinds: [widgetKind], compaction: false });
    const { items } = await store.resources(widgetKind).list({ read: { consistency: "any" } });
    expect(items).toHaveLength(many);
    expect(refused).toBeGreaterThan(0);
  });
});

describe("deleteCollection()", () => {
  test("leaves an object that stopped matching after it was listed", async () => {
    await using lab = new MemoryLab();
    await using writer = await createStore({ etcd: lab.connect(), kinds: [widgetKind], compaction: false });
    const widgets = writer.resources(widgetKind);
    const made = await widgets.create(widget("default", "moved", 1, { labels: { app: "a" } }));
    await widgets.create(widget("default", "kept-to", 1, { labels: { app: "a" } }));
    let moved = false;
    const etcd = lab.connect({
      async answer(method, request, server) {
        const reply = server.call(method, request);
        if (method !== rangePath || moved) return reply;
        const { kvs } = decodeRangeResponse(reply);
        const listed =
          kvs.length === 2 &&
          Buffer.from(kvs[1]?.key ?? "")
            .toString()
            .endsWith("/default/moved");
        if (!listed) return reply;
        moved = true;
        await widgets.update({ ...made, metadata: { ...made.metadata, labels: { app: "b" } } });
        return reply;
      },
    });
    await using store = await createStore({ etcd, kinds: [widgetKind], compaction: false });
    const { deleted } = await store
      .resources(widgetKind)
      .deleteCollection({ namespace: "default", labelSelector: "app=a" });
    expect([moved, deleted]).toEqual([true, 1]);
    const { items } = await widgets.list({ namespace: "default" });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(["moved"]);
  });
});
