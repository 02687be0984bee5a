/** Leases on a real etcd: granted for certain, kept alive through faults, lost before etcd lets them go. */
import { describe, expect, test } from "vitest";
import { isStoreError } from "../../../../src/errors.ts";
import { startLocalCluster } from "../../../../src/etcd/local/local-cluster.ts";
import { startLocalEtcd } from "../../../../src/etcd/local/local-etcd.ts";
import { etcdBinaries } from "../../../support/etcd/etcd-binaries.ts";
import { connect } from "../../../support/etcd/etcd-cases.ts";
import { etcdForAll } from "../../../support/etcd/real-etcd.ts";
import { failureOf } from "../../../support/failures.ts";
import { TcpProxy } from "../../../support/peers/tcp-proxy.ts";
import { LeapClock } from "../../../support/time/leap-clock.ts";
import { ManualClock } from "../../../support/time/manual-clock.ts";
import { until, within, withTimeEnough } from "../../../support/time/patience.ts";

describe.each(await etcdBinaries())("leases on etcd $version", ({ path: binary }) => {
  const lab = etcdForAll({ binary });

  test("are granted, listed, looked at, kept alive and revoked under exact 64-bit ids", async () => {
    const id = 0x7fff_ffff_ffff_fff1n;
    expect(await lab.etcd.leases.grant({ ttlSeconds: 600, id })).toEqual({ id, ttlSeconds: 600 });
    expect(await failureOf(lab.etcd.leases.grant({ ttlSeconds: 600, id }))).toMatchObject({
      code: "ALREADY_EXISTS",
    });
    await lab.etcd.kv.put({ key: "/leased", value: "1", lease: id });
    const status = await lab.etcd.leases.timeToLive(id, { keys: true });
    expect(status).toMatchObject({ id, grantedTtlSeconds: 600 });
    expect(status.keys.map((key) => Buffer.from(key).toString())).toEqual(["/leased"]);
    expect(await lab.etcd.leases.list()).toContain(id);
    expect(await lab.etcd.leases.keepAliveOnce(id)).toEqual({ ttlSeconds: 600 });
    await lab.etcd.leases.revoke(id);
    await lab.etcd.leases.revoke(id);
    expect((await lab.etcd.kv.range({ key: "/leased" })).kvs).toEqual([]);
    expect(await lab.etcd.leases.timeToLive(id)).toMatchObject({ ttlSeconds: -1 });
    expect(await lab.etcd.leases.keepAliveOnce(id)).toEqual({ ttlSeconds: -1 });
  });

  test.each([0, -1, Number.NaN, 1e10])("refuse a TTL of %s", async (ttlSeconds) => {
    expect(await failureOf(lab.etcd.leases.grant({ ttlSeconds }))).toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  test("a grant whose answer was swallowed is one lease, and known", async () => {
    await using proxy = await TcpProxy.start(lab.local.clientPort);
    await using troubled = await connect([proxy.url]);
    const before = new Set(await lab.etcd.leases.list());
    proxy.set({ mode: "swallow" });
    const granting = troubled.leases.grant({ ttlSeconds: 600 }, { timeoutMs: 60_000 });
    await until(async () => (await lab.etcd.leases.list()).length > before.size);
    proxy.cut();
    proxy.set({ mode: "ok" });
    const { id, ttlSeconds } = await within(granting, "the grant");
    expect(ttlSeconds).toBe(600);
    expect((await lab.etcd.leases.list()).filter((one) => !before.has(one))).toEqual([id]);
  });

  test("a held lease lives past its TTL, and goes with its keys when revoked or disposed", async () => {
    // A machine that stands still for longer than the TTL loses it, as it must: then with a longer one.
    const lease = await withTimeEnough(2_000, async (ttlMs) => {
      const held = await lab.etcd.leases.hold({ ttlSeconds: ttlMs / 1000 });
      const put = { key: "/held", value: "1", lease: held.id };
      await lab.etcd.kv.put(put).catch((error: unknown) => {
        if (!isStoreError(error, "NOT_FOUND")) throw error;
      });
      const end = performance.now() + 2.5 * ttlMs;
      await until(() => performance.now() > end || held.lost.aborted, "its TTL, twice and a half", 4 * ttlMs);
      const there = (await lab.etcd.kv.range({ key: "/held" })).kvs.length === 1;
      if (!held.lost.aborted && there) return held;
      await held[Symbol.asyncDispose]();
      return undefined;
    });
    await lease[Symbol.asyncDispose]();
    expect((await lab.etcd.kv.range({ key: "/held" })).kvs).toEqual([]);
    const other = await lab.etcd.leases.hold({ ttlSeconds: 30 });
    await other.revoke();
    expect(await lab.etcd.leases.list()).not.toContain(other.id);
    expect(other.lost.aborted).toBe(false);
  });

  test("a lease revoked by another is lost at the next ping", async () => {
    const clock = new LeapClock();
    await using client = await connect(lab.local.endpoints, { clock });
    await using lease = await client.leases.hold({ ttlSeconds: 60 });
    await using other = await connect(lab.local.endpoints);
    await other.leases.revoke(lease.id);
    // A third of its TTL: the ping is due, and nothing else is.
    clock.leap(21_000);
    await until(() => lease.lost.aborted);
    expect(lease.lost.reason).toMatchObject({ code: "NOT_FOUND" });
  });

  test("a lease of an etcd that is paused is lost before etcd could have let it go", async () => {
    await using own = await startLocalEtcd({ binary });
    const clock = new ManualClock();
    await using client = await connect(own.endpoints, { clock, requestTimeoutMs: 1000 });
    const began = clock.monotonicMs();
    await using lease = await client.leases.hold({ ttlSeconds: 4 });
    await own.pause();
    for (let ms = 0; ms < 10_000 && !lease.lost.aborted; ms += 50) await clock.advance(50);
    // Not later than TTL after the last ping that can have succeeded, and not without having tried.
    expect(lease.lost.aborted).toBe(true);
    expect(clock.monotonicMs() - began).toBeLessThan(4000);
    expect(clock.monotonicMs() - began).toBeGreaterThan(2000);
    own.resume();
  });

  test("shared leases: one for many keys, which expire together and not early", async () => {
    // By whose clock no time passes while the machine stands still: a lease whose time is half over is not shared any more.
    await using client = await connect(lab.local.endpoints, { clock: new ManualClock() });
    const share = async (): Promise<{ id: bigint; began: number }> => {
      for (;;) {
        const began = performance.now();
        const ids = await Promise.all(Array.from({ length: 50 }, () => client.leases.shared(3)));
        expect(new Set(ids).size).toBe(1);
        const [id = 0n] = ids;
        try {
          await client.kv.put({ key: "/shared", value: "1", lease: id });
          return { id, began };
        } catch (error) {
          // Over before it could be used: the machine stood still.
          if (!isStoreError(error, "NOT_FOUND")) throw error;
          client.leases.forgetShared(id);
        }
      }
    };
    const { id, began } = await share();
    await until(async () => (await client.kv.range({ key: "/shared" })).kvs.length === 0);
    expect(performance.now() - began).toBeGreaterThan(3000);
    client.leases.forgetShared(id);
    expect(await client.leases.shared(3)).not.toBe(id);
  });

  test("a held lease survives the member that carries its stream, killed or paused", async () => {
    await withTimeEnough(12_000, async (ttlMs) => {
      await using cluster = await startLocalCluster({ size: 3, binary });
      await using client = await connect(cluster.endpoints, { requestTimeoutMs: 2000 });
      await using lease = await client.leases.hold({ ttlSeconds: ttlMs / 1000 });
      const [a, b, c] = cluster.members;
      if (a === undefined || b === undefined || c === undefined) throw new Error("three members");
      // Each for longer than the TTL, so that without moving on it would be lost.
      const outlived = async (): Promise<boolean> => {
        const end = performance.now() + ttlMs + 1_000;
        await until(() => performance.now() > end || lease.lost.aborted, "its TTL", 3 * ttlMs);
        return !lease.lost.aborted;
      };
      await a.kill();
      if (!(await outlived())) return undefined;
      await a.restart();
      await b.kill();
      if (!(await outlived())) return undefined;
      await b.restart();
      // Not resumed: a leader that wakes up late may revoke what it slept over (etcd before 3.4.38 and 3.5.23).
      await c.pause();
      return (await outlived()) ? true : undefined;
    });
  }, 400_000);
});
