/** Compaction in turns: the clock key's protocol, with Kubernetes' and other keelson processes, and out of space. */

import { createStore } from "keelson";
import { beforeEach, describe, expect, test } from "vitest";
import { startLocalEtcd } from "../../../src/etcd/local/local-etcd.ts";
import { Compactor, compactionClockKey } from "../../../src/storage/bookkeeping/compaction.ts";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { connect, text } from "../../support/etcd/etcd-cases.ts";
import { etcdForAll } from "../../support/etcd/real-etcd.ts";
import { failureOf } from "../../support/failures.ts";
import { until } from "../../support/time/patience.ts";

describe.each(await etcdBinaries())("compaction of etcd $version", ({ path: binary }) => {
  const lab = etcdForAll({ binary });
  beforeEach(async () => {
    await lab.etcd.kv.deleteRange({ key: compactionClockKey });
  });

  const put = async (): Promise<bigint> =>
    (await lab.etcd.kv.put({ key: "/c/x", value: "1" })).header.revision;
  const clock = async (): Promise<{ version: bigint; value: string } | undefined> => {
    const [kv] = (await lab.etcd.kv.range({ key: compactionClockKey })).kvs;
    return kv && { version: kv.version, value: text(kv.value) };
  };
  const isReadable = async (revision: bigint): Promise<boolean> => {
    try {
      await lab.etcd.kv.range({ key: "/c/x", revision });
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: "EXPIRED" });
      return false;
    }
  };

  test("the first round compacts nothing, each later one what was there a round ago", async () => {
    const before = await put();
    const compactor = new Compactor(lab.etcd.kv);
    await compactor.round();
    expect(await clock()).toEqual({ version: 1n, value: "0" });
    expect(await isReadable(before)).toBe(true);
    const between = await put();
    await compactor.round();
    // Up to the revision of the first round's own write: what came after it stays.
    expect(await clock()).toEqual({ version: 2n, value: String(between - 1n) });
    expect(await isReadable(before)).toBe(false);
    expect(await isReadable(between - 2n)).toBe(false);
    expect(await isReadable(between - 1n)).toBe(true);
    expect(await isReadable(between)).toBe(true);
    await compactor.round();
    expect(await isReadable(between)).toBe(false);
  });

  test("of many processes one compacts in each round, and the last interval always stays", async () => {
    const compactors = Array.from({ length: 4 }, () => new Compactor(lab.etcd.kv));
    let [ago, now] = [0n, await put()];
    for (let round = 1; round <= 8; round++) {
      // Some other one first each time.
      const order = compactors.map((_, i) => compactors[(i + round) % compactors.length]);
      for (const compactor of order) await compactor?.round();
      expect((await clock())?.version).toBe(BigInt(round));
      if (ago > 0n) expect(await isReadable(now)).toBe(true);
      if (round > 2) expect(await isReadable(ago)).toBe(false);
      [ago, now] = [now, await put()];
    }
  });

  test("a clock moved on by another API server is taken over, not fought", async () => {
    const compactor = new Compactor(lab.etcd.kv);
    await compactor.round();
    const kept = await put();
    for (let i = 0; i < 3; i++) await lab.etcd.kv.put({ key: compactionClockKey, value: "7" });
    await compactor.round();
    expect(await clock()).toEqual({ version: 4n, value: "7" });
    expect(await isReadable(kept)).toBe(true);
    await compactor.round();
    expect((await clock())?.version).toBe(5n);
    expect(await isReadable(kept)).toBe(false);
  });

  test("a clock that somebody deleted starts again", async () => {
    const compactor = new Compactor(lab.etcd.kv);
    await compactor.round();
    await compactor.round();
    await lab.etcd.kv.deleteRange({ key: compactionClockKey });
    await compactor.round();
    await compactor.round();
    expect((await clock())?.version).toBe(1n);
  });

  test("a store compacts each interval, and not at all when told so", async () => {
    await using off = await createStore({ etcd: lab.etcd, kinds: [], prefix: "/off", compaction: false });
    expect(await clock()).toBeUndefined();
    await using on = await createStore({
      etcd: lab.etcd,
      kinds: [],
      prefix: "/on",
      compaction: { intervalMs: 20 },
    });
    const revision = await put();
    await until(async () => !(await isReadable(revision)), "the store compacts");
    await on.close();
    await off.close();
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, "5"])(
    "interval %s is refused",
    async (intervalMs) => {
      const compaction = { intervalMs: intervalMs as number };
      const error = await failureOf(createStore({ etcd: lab.etcd, kinds: [], compaction }));
      expect(error).toMatchObject({
        code: "INVALID_ARGUMENT",
        details: { argument: "compaction.intervalMs" },
      });
    },
  );

  test("out of space compaction goes on without its clock", async () => {
    await using full = await startLocalEtcd({
      binary,
      extraArgs: ["--quota-backend-bytes", String(16 * 1024 * 1024)],
    });
    await using client = await connect(full.endpoints);
    const compactor = new Compactor(client.kv);
    await compactor.round();
    const value = new Uint8Array(1024 * 1024).fill(1);
    let failure: unknown;
    for (let i = 0; i < 64 && failure === undefined; i++) {
      failure = await client.kv.put({ key: "/full/x", value }).then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    expect(failure).toMatchObject({ code: "NO_SPACE" });
    const { header } = await client.kv.range({ key: "/full/x" });
    await compactor.round();
    await compactor.round();
    const at = (revision: bigint) => client.kv.range({ key: "/full/x", revision });
    await expect(at(header.revision - 1n)).rejects.toMatchObject({ code: "EXPIRED" });
    await at(header.revision);
    const [kv] = (await client.kv.range({ key: compactionClockKey })).kvs;
    expect(kv?.version).toBe(1n);
    // And a store still opens there, for reads.
    await using store = await createStore({ etcd: client, kinds: [] });
    expect((await store.namespaces.list()).items).toEqual([]);
    const health = await store.health({ timeoutMs: 60_000 });
    expect(health.ok).toBe(false);
    expect(health.alarms).toContain("NOSPACE");
    expect(health.problems.join("\n")).toMatch(/out of space.*disarm/s);
  });
});
