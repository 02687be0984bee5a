import { type Etcd, prefixEnd } from "keelson/etcd";
import { memoryEtcd } from "keelson/testing";
import { describe, expect, test } from "vitest";
import { LiveCounts } from "../../../../../tools/etcdctl-lite/commands/top/live-counts.ts";
import { requestFigures } from "../../../../../tools/etcdctl-lite/commands/top/request-figures.ts";
import { type TopFigures, topScreen } from "../../../../../tools/etcdctl-lite/commands/top/top-screen.ts";
import { keyGroup } from "../../../../../tools/etcdctl-lite/text/key-group.ts";

test.each([
  ["/registry/pods/default/web", 2, "/registry/pods/"],
  ["/registry/pods/default/web", 3, "/registry/pods/default/"],
  ["/registry/pods/default/web", 9, "/registry/pods/default/"],
  ["/registry", 2, "/"],
  ["app/config", 2, "app/"],
  ["app/config/x", 1, "app/"],
  ["plain", 2, ""],
  ["", 1, ""],
])("keyGroup(%j, %d) is %j", (key, depth, group) => {
  expect(keyGroup(key, depth)).toBe(group);
});

test("requests of all members are added up by method, whatever service they are of", () => {
  const page = [
    "# TYPE grpc_server_msg_received_total counter",
    'grpc_server_msg_received_total{grpc_method="Range",grpc_service="etcdserverpb.KV",grpc_type="unary"} 12',
    'grpc_server_msg_received_total{grpc_method="Watch",grpc_service="etcdserverpb.Watch",grpc_type="bidi_stream"} 3',
    'grpc_server_msg_received_total{grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"} 0',
    "etcd_debugging_mvcc_watcher_total 2",
  ].join("\n");
  const { requests, watchers, members } = requestFigures([page, undefined, page]);
  expect([...requests]).toEqual([
    ["Range", 24],
    ["Watch", 6],
  ]);
  expect({ watchers, members }).toEqual({ watchers: 4, members: 2 });
  expect(requestFigures([undefined])).toEqual({ requests: new Map(), watchers: 0, members: 0 });
});

describe("live counts", () => {
  const all = { key: Buffer.from("/"), rangeEnd: prefixEnd(Buffer.from("/")) };
  const options = { signal: new AbortController().signal, onKeys: () => {} };

  async function counted(etcd: Etcd): Promise<LiveCounts> {
    const counts = new LiveCounts((key) => keyGroup(key, 1));
    await counts.count(etcd, all, options);
    return counts;
  }

  test("follow every change, and are what a count at the end says", async () => {
    await using etcd = memoryEtcd();
    const { kv } = etcd;
    for (let at = 0; at < 2_500; at++) await kv.put({ key: `/a/${at}`, value: "12345" });
    await kv.put({ key: "/b/x", value: "x" });
    const counts = await counted(etcd);
    expect(counts.groups).toMatchObject([
      { prefix: "/a/", keys: 2_500 },
      { prefix: "/b/", keys: 1, bytes: 5 },
    ]);
    await using watch = etcd.watches.open({ ...all, startRevision: counts.revision + 1n, prevKv: true });
    await kv.put({ key: "/a/0", value: "shorter".slice(0, 2) });
    await kv.put({ key: "/c/new", value: "" });
    await kv.deleteRange({ key: "/b/x" });
    await kv.put({ key: "/b/x", value: "again" });
    const { header } = await kv.deleteRange({ key: "/a/1", rangeEnd: "/a/2" });
    for await (const batch of watch) {
      counts.take(batch);
      if (counts.revision >= header.revision) break;
    }
    const fresh = await counted(etcd);
    const plain = ({ groups }: LiveCounts): unknown =>
      groups.map(({ prefix, keys, bytes }) => [prefix, keys, bytes]);
    expect(plain(counts)).toEqual(plain(fresh));
    const b = counts.groups.find(({ prefix }) => prefix === "/b/");
    expect(b).toMatchObject({ puts: 1, deletes: 1 });
  });

  test("count groups beyond their bound together", async () => {
    const counts = new LiveCounts((key) => keyGroup(key, 1));
    const kv = { createRevision: 1n, modRevision: 1n, version: 1n, value: Buffer.from("v"), lease: 0n };
    const events = Array.from({ length: 10_050 }, (_, at) => ({
      type: "put" as const,
      kv: { ...kv, key: Buffer.from(`/${at}/k`) },
    }));
    const header = { clusterId: 1n, memberId: 1n, revision: 2n, raftTerm: 1n };
    counts.take({ type: "events", events, revision: 2n, header });
    expect(counts.groups).toHaveLength(10_001);
    expect(counts.groups[0]).toMatchObject({ prefix: "(others)", keys: 50 });
  });
});

describe("the screen", () => {
  const figures = { requests: new Map([["Range", 10]]), watchers: 1, members: 1 };
  const group = { prefix: "/a/", keys: 2, bytes: 1_500, puts: 0, deletes: 0 };
  const first: TopFigures = { revision: 5n, groups: [group, { ...group, prefix: "" }], figures, atMs: 1_000 };

  test("has totals at the first look", () => {
    expect(topScreen(first, undefined, undefined).split("\n")).toEqual([
      "revision 5   4 keys   3.0 kB   1 watch",
      "requests since start: Range 10",
      "",
      "PREFIX        KEYS   BYTES",
      "/a/           2      1.5 kB",
      "(no prefix)   2      1.5 kB",
      "",
    ]);
  });

  test("has rates since the look before, and says how many prefixes there is no room for", () => {
    const now: TopFigures = {
      revision: 9n,
      groups: [
        { ...group, puts: 5 },
        { ...group, prefix: "/new/", deletes: 1 },
      ],
      figures: {
        ...figures,
        requests: new Map([
          ["Range", 30],
          ["Txn", 1],
        ]),
      },
      atMs: 3_000,
    };
    const text = topScreen(now, first, 1);
    expect(text).toContain("requests/s: Range 10.0   Txn 0.5\n");
    expect(text).toMatch(/\/a\/ +2 +1\.5 kB +2\.5 +0\.0\nand 1 more prefixes\n$/);
  });

  test("says that members serve no metrics", () => {
    const text = topScreen({ ...first, figures: { ...figures, members: 0 } }, undefined, undefined);
    expect(text).toContain("no member serves metrics");
  });
});
