/** Password auth on a real etcd: tokens that expire under load, secrets that stay secret, users and roles. */
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startLocalEtcd } from "../../../../src/etcd/local/local-etcd.ts";
import type { Etcd } from "../../../../src/etcd/ports/etcd.ts";
import { connect } from "../../../support/etcd/etcd-cases.ts";
import { processForAll } from "../../../support/etcd/real-etcd.ts";
import { failureOf } from "../../../support/failures.ts";
import { TcpProxy } from "../../../support/peers/tcp-proxy.ts";
import { until } from "../../../support/time/patience.ts";

const password = "canary-8f2a51-password";
const root = { username: "root", password, allowPlaintext: true };
const authenticate = "/etcdserverpb.Auth/Authenticate";

describe.each(["etcd3", "http2"])("password auth over %s", (transport) => {
  let admin: Etcd;
  const lab = processForAll({ extraArgs: ["--bcrypt-cost=4"] });
  beforeAll(async () => {
    const open = await connect(lab.local.endpoints, { transport });
    await open.auth.userAdd("root", { password });
    await open.auth.roleAdd("root");
    await open.auth.userGrantRole("root", "root");
    await open.auth.enable();
    await open.close();
    admin = await connect(lab.local.endpoints, { auth: root, transport });
  });
  afterAll(async () => {
    await admin.close();
  });

  /** Every token of root's is worth nothing from here on, as when its time is over: etcd drops them with the old password. */
  const expireTokens = (): Promise<void> => admin.auth.userChangePassword("root", password);

  test("S34: a password over plaintext is refused unless it is allowed", async () => {
    const error = await failureOf(
      connect(lab.local.endpoints, { auth: { username: "root", password }, transport }),
    );
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", details: { argument: "auth" } });
  });

  test("S37: a wrong password is UNAUTHENTICATED, names the user and asks etcd once", async () => {
    const auth = { username: "root", password: "canary-wrong", allowPlaintext: true };
    const error = await failureOf(connect(lab.local.endpoints, { auth, transport }));
    expect(error).toMatchObject({ code: "UNAUTHENTICATED", details: { username: "root" } });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/canary/);
  });

  test("no password where one is needed is UNAUTHENTICATED", async () => {
    await using nobody = await connect(lab.local.endpoints, { transport });
    expect((await failureOf(nobody.kv.range({ key: "a" }))).code).toBe("UNAUTHENTICATED");
    expect((await failureOf(nobody.kv.put({ key: "a", value: "" }))).code).toBe("UNAUTHENTICATED");
  });

  test("users and roles hold: read without write is PERMISSION_DENIED", async () => {
    await admin.auth.userAdd("reader", { password: "p" });
    await admin.auth.roleAdd("reading");
    const key = new TextEncoder().encode("shared/");
    const rangeEnd = new TextEncoder().encode("shared0");
    await admin.auth.roleGrantPermission("reading", { type: "read", key, rangeEnd });
    await admin.auth.userGrantRole("reader", "reading");
    expect(await admin.auth.roleGet("reading")).toEqual([{ type: "read", key, rangeEnd }]);
    expect(await admin.auth.userGet("reader")).toEqual(["reading"]);
    expect([...(await admin.auth.userList())].sort()).toEqual(["reader", "root"]);
    await admin.kv.put({ key: "shared/1", value: "x" });
    const auth = { username: "reader", password: "p", allowPlaintext: true };
    await using reader = await connect(lab.local.endpoints, { auth, transport });
    expect((await reader.kv.range({ key: "shared/1" })).count).toBe(1n);
    expect((await failureOf(reader.kv.put({ key: "shared/1", value: "y" }))).code).toBe("PERMISSION_DENIED");
    expect((await failureOf(reader.kv.range({ key: "other" }))).code).toBe("PERMISSION_DENIED");
    await admin.auth.roleRevokePermission("reading", key, rangeEnd);
    expect((await failureOf(reader.kv.range({ key: "shared/1" }))).code).toBe("PERMISSION_DENIED");
    await admin.auth.userRevokeRole("reader", "reading");
    await admin.auth.userDelete("reader");
    await admin.auth.roleDelete("reading");
  });

  test("tokens that expire under 100 callers: every call answered, one new token at a time", async () => {
    await using etcd = await connect(lab.local.endpoints, { auth: root, transport });
    await etcd.kv.put({ key: "load", value: "" });
    const rounds = 4;
    let answered = 0;
    for (let round = 0; round < rounds; round++) {
      // All idle until the token is gone, then all at once: the worst case for a storm.
      await expireTokens();
      await Promise.all(
        Array.from({ length: 100 }, async (_, i) => {
          if (i % 2 === 0) await etcd.kv.range({ key: "load" }, { timeoutMs: 60_000 });
          else await etcd.kv.put({ key: "load", value: `${i}` }, { timeoutMs: 60_000 });
          answered++;
        }),
      );
    }
    expect(answered).toBe(100 * rounds);
    expect(etcd.stats().requests[authenticate] ?? 0).toBe(1 + rounds);
  });

  test("a watch opened with an expired token heals", async () => {
    await using etcd = await connect(lab.local.endpoints, { auth: root, transport });
    await expireTokens();
    await using watch = etcd.watches.open({ key: "healed" });
    await watch.ready();
    await etcd.kv.put({ key: "healed", value: "" });
    for await (const batch of watch) if (batch.type === "events") break;
  });

  test("a snapshot is taken with auth on, also when the token has just expired", async () => {
    await using etcd = await connect(lab.local.endpoints, { auth: root, transport });
    await expireTokens();
    let size = 0;
    for await (const chunk of etcd.maintenance.snapshot({ timeoutMs: 60_000 })) size += chunk.bytes.length;
    expect(size % 512).toBe(32);
  });

  test("S33: neither password nor token shows in errors, stats or inspection", async () => {
    await using proxy = await TcpProxy.start(lab.local.clientPort);
    const etcd = await connect([proxy.url], { auth: root, transport });
    await etcd.kv.put({ key: "a", value: "canary-value" });
    proxy.set({ mode: "swallow" });
    const seen: unknown[] = [
      await failureOf(etcd.kv.put({ key: "a", value: "canary-value" }, { timeoutMs: 300 })),
    ];
    proxy.set({ mode: "reset" });
    seen.push(await failureOf(etcd.kv.range({ key: "a" }, { timeoutMs: 300 })), etcd.stats(), etcd);
    await etcd.close();
    seen.push(await failureOf(etcd.kv.range({ key: "a" })));
    const text = seen.map((each) => inspect(each, { depth: 12, showHidden: true })).join("\n");
    expect(text).not.toMatch(/canary/);
    // Simple tokens look like "abcdefghijklmnop.17".
    expect(text).not.toMatch(/[A-Za-z]{16}\.\d+/);
  });

  test("auth switched off under a client with a password: it goes on", async () => {
    await using own = await startLocalEtcd({ extraArgs: ["--bcrypt-cost=4"] });
    await using etcd = await connect(own.endpoints, { auth: root, transport });
    await etcd.kv.put({ key: "off", value: "" });
    await etcd.auth.userAdd("root", { password });
    await etcd.auth.roleAdd("root");
    await etcd.auth.userGrantRole("root", "root");
    await etcd.auth.enable();
    await until(async () => (await etcd.kv.range({ key: "off" })).count === 1n);
    await etcd.auth.disable();
    expect((await etcd.kv.range({ key: "off" })).count).toBe(1n);
  });
});
