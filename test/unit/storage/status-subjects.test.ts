/** What a `metav1.Status` names, as Kubernetes does: the resource ("widgets"), for Invalid the kind ("Widget"). */
import { createStore, createWatchCache, StoreError } from "keelson";
import { memoryEtcd } from "keelson/testing";
import { expect, test } from "vitest";
import { widget, widgetKind } from "../../conformance/implementation.ts";

/** `details` of the Status, group and causes apart. */
async function namedBy(work: Promise<unknown>): Promise<object> {
  const error: unknown = await work.then(
    () => new Error("it succeeded"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof StoreError)) throw error;
  const { name, kind } = error.toStatus().details ?? {};
  return { code: error.code, name, kind };
}

test("toStatus() names the plural, the kind for Invalid, and a namespace that is missing", async () => {
  await using etcd = memoryEtcd();
  await using store = await createStore({ etcd, kinds: [widgetKind], compaction: false });
  const widgets = store.resources(widgetKind);
  const made = await widgets.create(widget("default", "a"));
  await widgets.update({ ...made, spec: { size: 7 } });
  await using cache = createWatchCache(widgets);
  await cache.ready();
  const key = { namespace: "default", name: "a" };
  const plural = { name: "a", kind: "widgets" };

  const missing = { namespace: "default", name: "b" };
  for (const reader of [widgets, cache]) {
    expect(await namedBy(reader.get(missing))).toEqual({ code: "NOT_FOUND", name: "b", kind: "widgets" });
  }
  expect(await namedBy(widgets.create(widget("default", "a")))).toEqual({
    code: "ALREADY_EXISTS",
    ...plural,
  });
  await store.quotas.set("default", { hard: { "count/widgets.example.com": 1 } });
  expect(await namedBy(widgets.update(made))).toEqual({ code: "CONFLICT", ...plural });
  expect(await namedBy(widgets.delete(key, { preconditions: { uid: "x" } }))).toEqual({
    code: "PRECONDITION_FAILED",
    ...plural,
  });
  expect(await namedBy(widgets.create(widget("default", "b")))).toEqual({
    code: "QUOTA_EXCEEDED",
    name: "b",
    kind: "widgets",
  });
  expect(await namedBy(widgets.create({ ...widget("default", "c"), spec: { size: -1 } }))).toEqual({
    code: "INVALID_OBJECT",
    name: "c",
    kind: "Widget",
  });
  expect(await namedBy(widgets.create(widget("nowhere", "d")))).toEqual({
    code: "NAMESPACE_NOT_FOUND",
    name: "nowhere",
    kind: "namespaces",
  });
});

test("details have both: the kind and the plural", async () => {
  await using etcd = memoryEtcd();
  await using store = await createStore({ etcd, kinds: [widgetKind], compaction: false });
  await expect(store.resources(widgetKind).get({ namespace: "default", name: "b" })).rejects.toMatchObject({
    details: { group: "example.com", kind: "Widget", plural: "widgets", name: "b" },
  });
});
