/** Every request of the ports with a name it does not have: refused by name before anything is sent, wherever in it the name stands. */
import type { Etcd } from "keelson/etcd";
import { memoryEtcd } from "keelson/testing";
import { describe, expect, test } from "vitest";

const stray: object = { qqqqqq: 1 };
const put = { key: "a", value: "b" };
const of = (op: object): never => ({ compare: [], success: [op], failure: [] }) as never;

type Send = (etcd: Etcd) => Promise<unknown>;
const requests: readonly (readonly [string, Send])[] = [
  ["kv.range", ({ kv }) => kv.range({ key: "a", ...stray })],
  ["kv.put", ({ kv }) => kv.put({ ...put, ...stray })],
  ["kv.deleteRange", ({ kv }) => kv.deleteRange({ key: "a", ...stray })],
  ["kv.txn", ({ kv }) => kv.txn({ compare: [], success: [], failure: [], ...stray })],
  [
    "a compare",
    ({ kv }) => {
      const compare = { key: "a", target: "mod", result: "=", operand: 0n, ...stray } as const;
      return kv.txn({ compare: [compare], success: [], failure: [] });
    },
  ],
  ["a put in a txn", ({ kv }) => kv.txn(of({ type: "put", put: { ...put, ...stray } }))],
  ["a range in a txn", ({ kv }) => kv.txn(of({ type: "range", range: { key: "a", ...stray } }))],
  ["a delete in a txn", ({ kv }) => kv.txn(of({ type: "delete", delete: { key: "a", ...stray } }))],
  ["an operation", ({ kv }) => kv.txn(of({ type: "put", put, ...stray }))],
  [
    "a txn in a txn",
    ({ kv }) => kv.txn(of({ type: "txn", txn: of({ type: "put", put: { ...put, ...stray } }) })),
  ],
  ["leases.grant", ({ leases }) => leases.grant({ ttlSeconds: 60, ...stray })],
  ["leases.hold", ({ leases }) => leases.hold({ ttlSeconds: 60, ...stray })],
  [
    "maintenance.disarm",
    ({ maintenance }) => maintenance.disarm({ memberId: 1n, type: "NOSPACE", ...stray }),
  ],
  ["cluster.add", ({ cluster }) => cluster.add({ peerUrls: ["http://127.0.0.1:1"], ...stray })],
  ["auth.userAdd", ({ auth }) => auth.userAdd("a", { password: "b", ...stray })],
  [
    "auth.roleGrantPermission",
    ({ auth }) => {
      const key = Buffer.from("a");
      return auth.roleGrantPermission("a", { type: "read", key, rangeEnd: undefined, ...stray });
    },
  ],
];

describe("requests with a name that is not known", () => {
  test.each(requests)("%s", async (_, send) => {
    await using etcd = memoryEtcd();
    const before = etcd.stats().requests;
    const error: unknown = await send(etcd).then(
      () => "it was sent",
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("qqqqqq"),
    });
    expect(etcd.stats().requests).toEqual(before);
  });

  test("the nearest name is proposed, and an operation without its tag is no operation", async () => {
    await using etcd = memoryEtcd();
    await expect(etcd.kv.range({ key: "a", rangeend: "b" } as never)).rejects.toThrow(
      /did you mean "rangeEnd"/,
    );
    await expect(etcd.kv.txn(of({ type: "get", range: { key: "a" } }))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });
});
