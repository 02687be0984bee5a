import { createStore, type Resource } from "keelson";
import { memoryEtcd } from "keelson/testing";
import { describe, expect, test } from "vitest";
import { namespacedKind } from "../../support/kinds.ts";

interface Widget extends Resource {
  spec: { size: number };
}
const Widget = namespacedKind<Widget>("Widget");

describe("memoryEtcd()", () => {
  test("is of the version it is told: 3.6 tells the first operation that fails, those before it the first put", async () => {
    const reasons = async (version: string | undefined): Promise<string> => {
      await using etcd = memoryEtcd({ version });
      expect(await etcd.serverVersion()).toBe(version ?? "3.5.30");
      const txn = etcd.kv.txn({
        compare: [],
        success: [
          { type: "range", range: { key: "a", revision: 99n } },
          { type: "put", put: { key: "a", value: "", ignoreValue: true } },
        ],
        failure: [],
      });
      return await txn.then(
        () => "taken",
        (error: { readonly code: string }) => error.code,
      );
    };
    const [oldest, usual, newest] = [
      await reasons("3.4.23"),
      await reasons(undefined),
      await reasons("3.6.0"),
    ];
    expect([oldest, newest]).toEqual([usual, "FUTURE_VERSION"]);
    expect(usual).not.toBe(newest);
    for (const version of ["", "3.6", "4.0.0", 3.6]) {
      expect(() => memoryEtcd({ version: version as string })).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
    }
  });

  test("carries a whole store: writes, conflicts, lists, watches, quotas", async () => {
    await using etcd = memoryEtcd();
    await using store = await createStore({ etcd, kinds: [Widget], compaction: false });
    const widgets = store.resources(Widget);
    const controller = new AbortController();
    const watch = widgets.watch({ namespace: "default", signal: controller.signal });
    await watch.ready();
    const made = await widgets.create({ metadata: { namespace: "default", name: "a" }, spec: { size: 1 } });
    await widgets.update({ ...made, spec: { size: 2 } });
    await expect(widgets.update({ ...made, spec: { size: 3 } })).rejects.toMatchObject({ code: "CONFLICT" });
    await Promise.all(
      Array.from({ length: 16 }, () =>
        widgets.guaranteedUpdate({ namespace: "default", name: "a" }, (current) => ({
          ...current,
          spec: { size: current.spec.size + 1 },
        })),
      ),
    );
    await widgets.delete({ namespace: "default", name: "a" });
    const seen: string[] = [];
    for await (const event of watch) {
      if (event.type === "BOOKMARK") continue;
      seen.push(`${event.type} ${event.object.spec.size}`);
      if (event.type === "DELETED") break;
    }
    expect(seen).toEqual([
      "ADDED 1",
      ...Array.from({ length: 17 }, (_, i) => `MODIFIED ${i + 2}`),
      "DELETED 18",
    ]);
    await store.quotas.set("default", { hard: { "count/widgets": 1 } });
    await widgets.create({ metadata: { namespace: "default", name: "b" }, spec: { size: 1 } });
    await expect(
      widgets.create({ metadata: { namespace: "default", name: "c" }, spec: { size: 1 } }),
    ).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    expect((await widgets.list({ namespace: "default" })).items).toHaveLength(1);
  });

  test("two of them share nothing", async () => {
    await using one = memoryEtcd();
    await using two = memoryEtcd();
    await one.kv.put({ key: "/a", value: "1" });
    expect((await two.kv.range({ key: "/a" })).kvs).toEqual([]);
  });
});
