/** Watches under etcd's own authentication: expired tokens are healed, missing rights are told. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Etcd } from "../../../../src/etcd/ports/etcd.ts";
import { prefixEnd } from "../../../../src/etcd/ports/prefix-end.ts";
import { etcdBinaries } from "../../../support/etcd/etcd-binaries.ts";
import { collect, connect, fill } from "../../../support/etcd/etcd-cases.ts";
import { processForAll } from "../../../support/etcd/real-etcd.ts";
import { failureOf } from "../../../support/failures.ts";
import { TcpProxy } from "../../../support/peers/tcp-proxy.ts";
import { until, within } from "../../../support/time/patience.ts";

describe.each(await etcdBinaries())("watches under auth on etcd $version", ({ path: binary }) => {
  let root: Etcd;
  const rootAuth = { username: "root", password: "secret", allowPlaintext: true };
  const someAuth = { username: "some", password: "other", allowPlaintext: true };
  const lab = processForAll({ binary, extraArgs: ["--auth-token-ttl=2"] });
  beforeAll(async () => {
    await using open = await connect(lab.local.endpoints);
    await open.auth.userAdd("root", { password: "secret" });
    await open.auth.roleAdd("root").catch(() => {});
    await open.auth.userGrantRole("root", "root");
    await open.auth.userAdd("some", { password: "other" });
    await open.auth.roleAdd("some");
    await open.auth.roleGrantPermission("some", {
      type: "readwrite",
      key: Buffer.from("/some/"),
      rangeEnd: prefixEnd("/some/"),
    });
    await open.auth.userGrantRole("some", "some");
    await open.auth.enable();
    root = await connect(lab.local.endpoints, { auth: rootAuth });
  });
  afterAll(async () => {
    await root.close();
  });

  test("a watch opened again after its token has expired goes on without a gap", async () => {
    await using proxy = await TcpProxy.start(lab.local.clientPort);
    await using etcd = await connect([proxy.url], { auth: someAuth });
    await using watch = etcd.watches.open({ key: "/some/", rangeEnd: prefixEnd("/some/") });
    const { revision } = await watch.ready();
    const seen: bigint[] = [];
    const reading = collect(watch, revision + 20n, (batch) => {
      if (batch.type === "events") seen.push(...batch.events.map((event) => event.kv.modRevision));
    });
    await fill(root, "/some/", { revisions: 10 });
    await until(() => seen.length === 10);
    // The token is not used on an open stream, and so expires.
    const end = performance.now() + 5000;
    await until(() => performance.now() > end);
    proxy.cut();
    await fill(root, "/some/", { revisions: 10 });
    await within(reading, "the changes after the cut");
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => revision + 1n + BigInt(i)));
  }, 60_000);

  test("a watch outside the user's rights is PERMISSION_DENIED", async () => {
    await using etcd = await connect(lab.local.endpoints, { auth: someAuth });
    await using watch = etcd.watches.open({ key: "/other/", rangeEnd: prefixEnd("/other/") });
    expect(await within(failureOf(collect(watch, 1n)), "the refusal")).toMatchObject({
      code: "PERMISSION_DENIED",
    });
    expect(await failureOf(watch.ready())).toMatchObject({ code: "PERMISSION_DENIED" });
  });
});
