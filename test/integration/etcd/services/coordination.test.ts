/** Locks and elections: one holder at a time, fenced, in one line with etcdctl's own; over a real etcd and the one in memory. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { campaign, type Etcd, leaderOf, lock, observeLeader, startLocalEtcd } from "keelson/etcd";
import { memoryEtcd } from "keelson/testing";
import { describe, expect, test } from "vitest";
import { etcdBinaries } from "../../../support/etcd/etcd-binaries.ts";
import { clientOf } from "../../../support/etcd/snapshot-lab.ts";
import { skipNote } from "../../../support/skip-note.ts";

type Open = () => Promise<{ readonly etcd: Etcd; readonly other: Etcd; close(): Promise<void> }>;

const worlds: (readonly [string, Open])[] = [
  [
    "in memory",
    () => {
      const etcd = memoryEtcd();
      return Promise.resolve({ etcd, other: etcd, close: () => etcd.close() });
    },
  ],
  ...(await etcdBinaries()).map(({ version, path }): readonly [string, Open] => [
    version,
    async () => {
      const local = await startLocalEtcd({ binary: path });
      const [etcd, other] = [await clientOf(local), await clientOf(local)];
      return {
        etcd,
        other,
        async close() {
          await etcd.close();
          await other.close();
          await local.stop();
        },
      };
    },
  ]),
];

const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  let done = false;
  promise.then(
    () => (done = true),
    () => (done = true),
  );
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  return done;
};

describe.each(worlds)("over etcd %s", (_, open) => {
  test("of 20 claimants each holds the lock once, one at a time, in the order of their fences", async () => {
    const { etcd, other, close } = await open();
    let holders = 0;
    let most = 0;
    const fences: bigint[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        await using held = await lock(i % 2 === 0 ? etcd : other, "jobs", { ttlSeconds: 30 });
        most = Math.max(most, ++holders);
        fences.push(held.revision);
        // A rival that came too early would be seen here.
        await etcd.kv.range({ key: "x" });
        holders--;
      }),
    );
    expect(most).toBe(1);
    expect(fences).toEqual([...fences].sort((a, b) => (a < b ? -1 : 1)));
    expect(new Set(fences).size).toBe(20);
    expect((await etcd.kv.range({ key: "jobs/", rangeEnd: "jobs0" })).kvs).toEqual([]);
    await close();
  });

  test("a claimant that gives up leaves the line: by timeoutMs, and by its signal with the signal's reason", async () => {
    const { etcd, other, close } = await open();
    const held = await lock(etcd, "jobs", { ttlSeconds: 30 });
    await expect(lock(other, "jobs", { ttlSeconds: 30, timeoutMs: 100 })).rejects.toMatchObject({
      code: "DEADLINE",
    });
    const end = new AbortController();
    const waiting = lock(other, "jobs", { ttlSeconds: 30, signal: end.signal });
    const reason = new Error("no longer wanted");
    end.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    const { kvs } = await etcd.kv.range({ key: "jobs/", rangeEnd: "jobs0" });
    expect(kvs.map(({ key }) => Buffer.from(key).toString())).toEqual([held.key]);
    await held[Symbol.asyncDispose]();
    await using next = await lock(other, "jobs", { ttlSeconds: 30 });
    expect(next.revision > held.revision).toBe(true);
    await next[Symbol.asyncDispose]();
    await close();
  });

  test("a holder whose key or lease is gone is told, and its fence refuses what it still writes", async () => {
    const { etcd, other, close } = await open();
    for (const end of ["key", "lease"] as const) {
      const held = await lock(etcd, "jobs", { ttlSeconds: 30 });
      const guarded = (): Promise<{ readonly succeeded: boolean }> =>
        etcd.kv.txn({
          compare: [held.fence],
          success: [{ type: "put", put: { key: "work", value: end } }],
          failure: [],
        });
      expect((await guarded()).succeeded).toBe(true);
      const lost = new Promise((resolve) => held.lost.addEventListener("abort", resolve, { once: true }));
      if (end === "key") await other.kv.deleteRange({ key: held.key });
      else await other.leases.revoke(BigInt(`0x${held.key.split("/")[1]}`));
      await lost;
      expect((await guarded()).succeeded).toBe(false);
      await held[Symbol.asyncDispose]();
    }
    await close();
  });

  test("bad arguments are refused before anything is sent", async () => {
    const { etcd, close } = await open();
    await expect(lock(etcd, "")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(lock(etcd, "x", { ttlSeconds: 1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(lock(etcd, "x", { ttlSeconds: 2.5 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    const misspelt = { ttl: 5 } as object;
    await expect(lock(etcd, "x", misspelt)).rejects.toThrow("did you mean");
    await close();
  });

  test("observers see each leader, its proclamations, and that nobody leads", async () => {
    const { etcd, other, close } = await open();
    const end = new AbortController();
    const seen: (string | undefined)[] = [];
    let wake: () => void = () => {};
    const observing = (async () => {
      for await (const leader of observeLeader(other, "masters", { signal: end.signal })) {
        seen.push(leader === undefined ? undefined : Buffer.from(leader.value).toString());
        wake();
      }
    })();
    const until = async (value: string | undefined): Promise<void> => {
      while (seen.at(-1) !== value || seen.length === 0)
        await new Promise<void>((resolve) => (wake = resolve));
    };
    await until(undefined);
    const first = await campaign(etcd, "masters", "one", { ttlSeconds: 30 });
    await until("one");
    await first.proclaim("one, ready");
    await until("one, ready");
    const second = campaign(other, "masters", "two", { ttlSeconds: 30 });
    expect(await settled(second)).toBe(false);
    expect(await leaderOf(other, "masters")).toMatchObject({ key: first.key, revision: first.revision });
    await first[Symbol.asyncDispose]();
    const leading = await second;
    await until("two");
    await expect(first.proclaim("too late")).rejects.toBeDefined();
    await leading[Symbol.asyncDispose]();
    await until(undefined);
    end.abort();
    await observing;
    await close();
  });
});

const [{ path } = { path: "" }] = await etcdBinaries();
const etcdctl = join(dirname(path), "etcdctl");

const withoutTool = !existsSync(etcdctl);

test.skipIf(withoutTool)(
  `etcdctl's lock and keelson's stand in one line${skipNote(withoutTool, "no etcdctl beside this etcd")}`,
  async () => {
    await using local = await startLocalEtcd({ binary: path });
    await using etcd = await clientOf(local);
    const held = await lock(etcd, "jobs", { ttlSeconds: 30 });
    const [endpoint = ""] = local.endpoints;
    const rival = spawn(etcdctl, ["--endpoints", endpoint, "lock", "jobs"], {
      env: { ...process.env, ETCDCTL_API: "3" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let printed = "";
    const got = new Promise<void>((resolve) => {
      rival.stdout.on("data", (part: Buffer) => {
        printed += part.toString();
        resolve();
      });
    });
    // It stands in the line, behind ours.
    while ((await etcd.kv.range({ key: "jobs/", rangeEnd: "jobs0" })).kvs.length < 2) {
      await new Promise(setImmediate);
    }
    expect(printed).toBe("");
    const mine = lock(etcd, "jobs", { ttlSeconds: 30 });
    await held[Symbol.asyncDispose]();
    await got;
    expect(printed).toMatch(/^jobs\/[0-9a-f]+\n/);
    expect(await settled(mine)).toBe(false);
    rival.kill("SIGTERM");
    await (await mine)[Symbol.asyncDispose]();
  },
);
