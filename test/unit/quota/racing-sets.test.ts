/** Two processes that set the same quota at the same time. */
import { createStore } from "keelson";
import { expect, test } from "vitest";
import { rangeRequest } from "../../../src/etcd/wire/kv-server.ts";
import { widget, widgetKind } from "../../conformance/implementation.ts";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";

test("a quota counted by one process stays counted when the other's count was overtaken by a compaction", async () => {
  await using lab = new MemoryLab();
  const options = { kinds: [widgetKind], compaction: false } as const;
  await using fast = await createStore({ etcd: lab.connect(), ...options });
  for (const name of ["a", "b"]) await fast.resources(widgetKind).create(widget("default", name));
  const hard = { "count/widgets.example.com": 2 };
  let overtaken = false;
  const etcd = lab.connect({
    async answer(method, request, server) {
      const asked = method === "/etcdserverpb.KV/Range" ? rangeRequest.decode(request) : undefined;
      const isCount = Buffer.from(asked?.key ?? "")
        .toString()
        .includes("/widgets/");
      if (isCount && (asked?.revision ?? 0n) > 0n && !overtaken) {
        overtaken = true;
        await fast.quotas.set("default", { hard });
        server.mvcc.put({ key: "/elsewhere", value: "x" });
        server.mvcc.compact(server.mvcc.revision);
      }
      return server.call(method, request);
    },
  });
  await using slow = await createStore({ etcd, ...options });
  await slow.quotas.set("default", { hard });
  expect(overtaken).toBe(true);
  expect((await fast.quotas.get("default")).used).toEqual({ "count/widgets.example.com": 2 });
  await expect(fast.resources(widgetKind).create(widget("default", "c"))).rejects.toMatchObject({
    code: "QUOTA_EXCEEDED",
  });
});
