/** addKind that ends at any of its requests: the kind is open and on record, or not open. */
import { createStore, defineKind, isStoreError, type Resource } from "keelson";
import { expect, test } from "vitest";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";
import { namespacedKind } from "../../support/kinds.ts";

const kind = namespacedKind("Foo");

for (const sent of [true, false]) {
  test(`a kind is open only when it is on record, wherever addKind ends (the request ${sent ? "sent" : "not sent"})`, async () => {
    let steps = 0;
    for (let at = 1; ; at++) {
      await using lab = new MemoryLab();
      const abort = new AbortController();
      let [begun, asked, ended] = [false, 0, false];
      const etcd = lab.connect({
        async answer(method, request, server) {
          if (!begun || !method.startsWith("/etcdserverpb.KV/") || ++asked !== at) {
            return server.call(method, request);
          }
          ended = true;
          if (sent) server.call(method, request);
          abort.abort(new Error("enough"));
          return await new Promise<Uint8Array>(() => {});
        },
      });
      await using store = await createStore({ etcd, kinds: [], compaction: false });
      begun = true;
      const added = await store.addKind(kind, { signal: abort.signal }).then(
        () => true,
        () => false,
      );
      begun = false;
      const isOpen = store.kinds.includes(kind);
      const onRecord = lab.server.mvcc.range({ key: "/keelson/registry/kinds/foos" }).kvs.length > 0;
      expect(isOpen).toBe(added);
      expect(isOpen && !onRecord).toBe(false);
      if (!ended) break;
      expect(added).toBe(false);
      expect(() => store.resources(kind)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
      // And it can be added after all.
      await store.addKind(kind);
      await store.resources(kind).create({ metadata: { namespace: "default", name: "a" } });
      steps++;
    }
    expect(steps).toBeGreaterThan(1);
  });
}

test("a kind that nests with another is refused before anything is on record", async () => {
  await using lab = new MemoryLab();
  await using store = await createStore({ etcd: lab.connect(), kinds: [kind], compaction: false });
  const inner = defineKind<Resource>({
    version: "v1",
    kind: "Bar",
    plural: "bars",
    scope: "Cluster",
    keyPath: "foos/bars",
  });
  const refused = await store.addKind(inner).catch((error: unknown) => error);
  expect(isStoreError(refused, "INVALID_ARGUMENT")).toBe(true);
  expect(lab.server.mvcc.range({ key: "/keelson/registry/kinds/foos/bars" }).kvs).toEqual([]);
});
