/** S20 of the bad-input list: many lists at once hold a bounded part of the data, and all of them are answered. */
import { createStore } from "keelson";
import { memoryEtcd } from "keelson/testing";
import { expect, test } from "vitest";
import { limits } from "../../src/resource/model/limits.ts";
import { namespacedKind } from "../support/kinds.ts";
import { until } from "../support/time/patience.ts";

const Widget = namespacedKind("Widget");

test("S20: lists beyond the bound wait in line, leave it when aborted, and are answered in turn", async () => {
  await using etcd = memoryEtcd();
  let [underWay, most] = [0, 0];
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const range: typeof etcd.kv.range = async (request, call) => {
    const isList = request.key === "/registry/widgets/";
    if (!isList) return etcd.kv.range(request, call);
    most = Math.max(most, ++underWay);
    try {
      await gate;
      return await etcd.kv.range(request, call);
    } finally {
      underWay--;
    }
  };
  const kv = new Proxy(etcd.kv, {
    get: (target, name) => {
      if (name === "range") return range;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  await using store = await createStore({ etcd: { ...etcd, kv }, kinds: [Widget] });
  const widgets = store.resources(Widget);
  await widgets.create({ metadata: { namespace: "default", name: "w" } });
  const lists = Array.from({ length: limits.concurrentListsMax + 36 }, () => widgets.list());
  await until(() => underWay === limits.concurrentListsMax);
  const leaving = new AbortController();
  const left = widgets.list({ signal: leaving.signal });
  leaving.abort(new Error("no more patience"));
  await expect(left).rejects.toThrow("no more patience");
  // Single objects do not stand in that line.
  await widgets.get({ namespace: "default", name: "w" });
  expect((await widgets.list({ namespace: "default", fieldSelector: "metadata.name=w" })).items).toHaveLength(
    1,
  );
  open();
  for (const { items } of await Promise.all(lists)) expect(items).toHaveLength(1);
  expect(most).toBe(limits.concurrentListsMax);
});
