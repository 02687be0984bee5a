import { StoreError } from "keelson";
import { expect, test } from "vitest";
import { CacheCounters } from "../../../../src/watch/bounds/cache-counters.ts";
import { cacheLimits } from "../../../../src/watch/bounds/cache-options.ts";
import { EtcdPath } from "../../../../src/watch/freshness/etcd-path.ts";
import { ManualClock } from "../../../support/time/manual-clock.ts";

interface Sent {
  resolve(value: number): void;
  reject(error: unknown): void;
}

function lab() {
  const clock = new ManualClock();
  const counters = new CacheCounters();
  const path = new EtcdPath(clock, counters);
  const sent: Sent[] = [];
  const read = (): Promise<number> => new Promise((resolve, reject) => sent.push({ resolve, reject }));
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { clock, counters, path, sent, read, settle };
}

test("equal reads: one under way, one behind it for all who come later", async () => {
  const { path, sent, read, settle, counters } = lab();
  const first = path.read("list", read);
  const later = Array.from({ length: 999 }, () => path.read("list", read));
  await settle();
  expect(sent).toHaveLength(1);
  sent[0]?.resolve(1);
  expect(await first).toBe(1);
  await settle();
  expect(sent).toHaveLength(2);
  // Read after they asked: the answer of the first one is not theirs.
  sent[1]?.resolve(2);
  expect(new Set(await Promise.all(later))).toEqual(new Set([2]));
  expect(counters).toMatchObject({ etcdReads: 2, etcdReadsShared: 999 });
});

test("other reads: a few at a time, a bounded number waiting, the rest NOT_READY", async () => {
  const { path, sent, read, settle } = lab();
  const { etcdReadsMax, etcdReadsWaitingMax } = cacheLimits;
  const all = Array.from({ length: etcdReadsMax + etcdReadsWaitingMax }, (_, i) =>
    path.read(`get ${i}`, read),
  );
  await settle();
  expect(sent).toHaveLength(etcdReadsMax);
  await expect(path.read("one too many", read)).rejects.toMatchObject({
    code: "NOT_READY",
    details: { retryAfterMs: cacheLimits.retryAfterMs },
  });
  for (let i = 0; i < all.length; i++) {
    sent[i]?.resolve(i);
    await settle();
  }
  expect(await Promise.all(all)).toEqual(all.map((_, i) => i));
});

test("after failures in a row nothing is sent for a while, then one try decides", async () => {
  const { path, sent, read, settle, clock } = lab();
  const away = new StoreError("UNAVAILABLE", "away", { retryAfterMs: 1 });
  for (let i = 0; i < cacheLimits.breakerFailures; i++) {
    const failing = path.read(`get ${i}`, read);
    await settle();
    sent[i]?.reject(away);
    await expect(failing).rejects.toBe(away);
  }
  await expect(path.read("get", read)).rejects.toMatchObject({
    code: "UNAVAILABLE",
    details: { reason: "breaker open" },
  });
  expect(sent).toHaveLength(cacheLimits.breakerFailures);
  await clock.advance(cacheLimits.breakerOpenMs);
  const again = path.read("get", read);
  await settle();
  sent.at(-1)?.resolve(7);
  expect(await again).toBe(7);
});
