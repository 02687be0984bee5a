/** Quotas and the life of their namespace: they may come before it, and go with it. */
import { createStore } from "keelson";
import { memoryEtcd } from "keelson/testing";
import { expect, test } from "vitest";
import { widget, widgetKind } from "../../conformance/implementation.ts";

test("a quota set before its namespace is created holds from the namespace's first object on", async () => {
  await using etcd = memoryEtcd();
  await using store = await createStore({ etcd, kinds: [widgetKind], compaction: false });
  const widgets = store.resources(widgetKind);
  const limit = { hard: { "count/widgets.example.com": 1 } };
  await expect(store.quotas.set("later", limit)).resolves.toMatchObject({ namespace: "later" });
  await expect(widgets.create(widget("later", "a"))).rejects.toMatchObject({ code: "NAMESPACE_NOT_FOUND" });
  await store.namespaces.create({ metadata: { name: "later" } });
  await widgets.create(widget("later", "a"));
  await expect(widgets.create(widget("later", "b"))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
});
