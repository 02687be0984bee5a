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

const name: readonly unknown[] = [undefined, null, 5, {}, ["a"]];
const number: readonly unknown[] = [undefined, null, 5, "5", "x", Number.NaN, {}];
const positional: readonly (readonly [string, readonly unknown[], (etcd: Etcd, value: never) => unknown])[] =
  [
    ["kv.compact", number, ({ kv }, revision) => kv.compact(revision)],
    ["leases.revoke", number, ({ leases }, id) => leases.revoke(id)],
    ["leases.timeToLive", number, ({ leases }, id) => leases.timeToLive(id)],
    ["leases.keepAliveOnce", number, ({ leases }, id) => leases.keepAliveOnce(id)],
    ["cluster.remove", number, ({ cluster }, id) => cluster.remove(id)],
    ["cluster.promote", number, ({ cluster }, id) => cluster.promote(id)],
    ["cluster.update", number, ({ cluster }, id) => cluster.update(id, { peerUrls: ["http://127.0.0.1:1"] })],
    [
      "maintenance.hashKv",
      number,
      ({ maintenance, endpoints }, revision) =>
        maintenance.hashKv(revision, { endpoint: endpoints[0] ?? "" }),
    ],
    [
      "maintenance.moveLeader",
      number,
      ({ maintenance, endpoints }, id) => maintenance.moveLeader(id, { endpoint: endpoints[0] ?? "" }),
    ],
    ["auth.userAdd", name, ({ auth }, user) => auth.userAdd(user, { password: "p" })],
    ["auth.userGet", name, ({ auth }, user) => auth.userGet(user)],
    ["auth.userDelete", name, ({ auth }, user) => auth.userDelete(user)],
    ["auth.userChangePassword, the name", name, ({ auth }, user) => auth.userChangePassword(user, "p")],
    ["auth.userChangePassword, the password", name, ({ auth }, word) => auth.userChangePassword("u", word)],
    ["auth.userGrantRole, the user", name, ({ auth }, user) => auth.userGrantRole(user, "r")],
    ["auth.userGrantRole, the role", name, ({ auth }, role) => auth.userGrantRole("u", role)],
    ["auth.userRevokeRole", name, ({ auth }, user) => auth.userRevokeRole(user, "r")],
    ["auth.roleAdd", name, ({ auth }, role) => auth.roleAdd(role)],
    ["auth.roleGet", name, ({ auth }, role) => auth.roleGet(role)],
    ["auth.roleDelete", name, ({ auth }, role) => auth.roleDelete(role)],
    ["auth.roleRevokePermission, the role", name, ({ auth }, role) => auth.roleRevokePermission(role, "k")],
    ["auth.roleRevokePermission, the key", name, ({ auth }, key) => auth.roleRevokePermission("r", key)],
  ];

describe("arguments of another type", () => {
  test.each(positional)("%s", async (_, values, send) => {
    await using etcd = memoryEtcd();
    const before = etcd.stats().requests;
    for (const value of values) {
      const error: unknown = await Promise.resolve(send(etcd, value as never)).then(
        () => "it was sent",
        (reason: unknown) => reason,
      );
      expect(error, String(value)).toMatchObject({ code: "INVALID_ARGUMENT" });
    }
    expect(etcd.stats().requests).toEqual(before);
  });
});
