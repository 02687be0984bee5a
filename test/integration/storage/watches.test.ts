/** Watches on a real etcd: nothing lost, doubled or out of order, whatever happens to connections and members. */
import { describe, expect, test } from "vitest";
import { startLocalCluster } from "../../../src/etcd/local/local-cluster.ts";
import { startLocalEtcd } from "../../../src/etcd/local/local-etcd.ts";
import { prefixEnd } from "../../../src/etcd/ports/prefix-end.ts";
import type { WatchBatch } from "../../../src/etcd/ports/watches.ts";
import { hasFix } from "../../../src/etcd/versions/version.ts";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { collect, connect, fill, isHealthy, putSurely } from "../../support/etcd/etcd-cases.ts";
import { etcdForAll } from "../../support/etcd/real-etcd.ts";
import { failureOf } from "../../support/failures.ts";
import { TcpProxy } from "../../support/peers/tcp-proxy.ts";
import { ManualClock } from "../../support/time/manual-clock.ts";
import { until, within } from "../../support/time/patience.ts";

/** Revisions of all events, in the order they came. */
function revisionsOf(batches: readonly WatchBatch[]): readonly bigint[] {
  return batches.flatMap((batch) =>
    batch.type === "events" ? batch.events.map((e) => e.kv.modRevision) : [],
  );
}

const range = (prefix: string) => ({ key: prefix, rangeEnd: prefixEnd(prefix) });

describe.each(await etcdBinaries())("watches on etcd $version", ({ path: binary, version }) => {
  const lab = etcdForAll({ binary });

  test.each([
    { what: "small values", revisions: 6000, perTxn: 1, valueBytes: 64, cutBytes: 120_000 },
    { what: "100 KB values", revisions: 240, perTxn: 1, valueBytes: 100_000, cutBytes: 4_500_000 },
    {
      what: "transactions of ten 100 KB values",
      revisions: 24,
      perTxn: 10,
      valueBytes: 100_000,
      cutBytes: 4_500_000,
    },
  ])(
    "a history with $what is replayed under repeated cuts: none lost, doubled or out of order",
    async ({ what, revisions, perTxn, valueBytes, cutBytes }) => {
      const prefix = `/cuts/${what}/`;
      const before = (await lab.etcd.kv.range({ key: "x" })).header.revision;
      const last = await fill(lab.etcd, prefix, { revisions, perTxn, valueBytes });
      await using proxy = await TcpProxy.start(lab.local.clientPort);
      proxy.cutAfterBytes(cutBytes);
      await using etcd = await connect([proxy.url]);
      await using watch = etcd.watches.open({ ...range(prefix), startRevision: before + 1n });
      const batches = await within(collect(watch, last), "the replay", 120_000);
      const seen = revisionsOf(batches);
      const wanted = Array.from(
        { length: revisions * perTxn },
        (_, i) => before + 1n + BigInt(Math.floor(i / perTxn)),
      );
      expect(seen.length).toBe(wanted.length);
      expect(seen.every((revision, i) => revision === wanted[i])).toBe(true);
      expect(proxy.cuts).toBeGreaterThan(2);
      // Whole revisions only: the next batch never goes on with the revision the last one ended in.
      const ends = batches.flatMap((batch) => (batch.type === "events" ? [batch.revision] : []));
      expect(new Set(ends).size).toBe(ends.length);
      expect(etcd.watches.stats()).toMatchObject({ duplicates: 0, faults: 0 });
    },
    150_000,
  );

  test("live changes arrive once and in order while connections are cut at random", async () => {
    const prefix = "/live/";
    await using proxy = await TcpProxy.start(lab.local.clientPort);
    await using etcd = await connect([proxy.url]);
    await using watch = etcd.watches.open({ ...range(prefix) });
    const { revision: from } = await watch.ready();
    const seen: bigint[] = [];
    const end = Buffer.from(`${prefix}end`);
    const reading = (async () => {
      for await (const batch of watch) {
        if (batch.type !== "events") continue;
        seen.push(...batch.events.map((e) => e.kv.modRevision));
        if (batch.events.some((e) => end.equals(e.kv.key))) return;
      }
    })();
    const cutting = setInterval(() => proxy.cut(), 150);
    await fill(lab.etcd, prefix, { revisions: 1500, perTxn: 2, valueBytes: 4000 });
    clearInterval(cutting);
    await lab.etcd.kv.put({ key: end, value: "" });
    await within(reading, "the last change");
    expect(seen.length).toBe(3001);
    expect(seen.every((revision, i) => i === 0 || revision >= (seen[i - 1] ?? 0n))).toBe(true);
    expect(seen[0]).toBe(from + 1n);
    expect(new Set(seen).size).toBe(1501);
  }, 90_000);

  test("a transaction of ten 140 KB values arrives in one batch although etcd sends it in pieces", async () => {
    await using watch = lab.etcd.watches.open({ ...range("/whole/"), prevKv: true });
    await watch.ready();
    await fill(lab.etcd, "/whole/", { revisions: 1, perTxn: 10, valueBytes: 140_000 });
    const last = await fill(lab.etcd, "/whole/", { revisions: 1, perTxn: 10, valueBytes: 140_000 });
    const batches = await within(collect(watch, last), "both transactions");
    const events = batches.flatMap((batch) => (batch.type === "events" ? [batch.events] : []));
    expect(events.map((whole) => whole.length)).toEqual([10, 10]);
    const previous = batches.at(-1);
    expect(
      previous?.type === "events" && previous.events.every((e) => e.prevKv?.value.length === 140_000),
    ).toBe(true);
  });

  test("a compaction while disconnected ends the watch EXPIRED with the compacted revision", async () => {
    await using proxy = await TcpProxy.start(lab.local.clientPort);
    await using etcd = await connect([proxy.url]);
    await using watch = etcd.watches.open({ ...range("/gone/") });
    await watch.ready();
    const iterator = watch[Symbol.asyncIterator]();
    await iterator.next();
    const end = failureOf(
      (async () => {
        while ((await iterator.next()).done !== true);
      })(),
    );
    proxy.set({ mode: "reset" });
    const last = await fill(lab.etcd, "/gone/", { revisions: 50 });
    await lab.etcd.kv.compact(last - 5n);
    proxy.set({ mode: "ok" });
    const error = await within(end, "the end of the watch");
    expect(error).toMatchObject({
      code: "EXPIRED",
      details: { compacted: `${last - 5n}`, reason: "compacted" },
    });
  });

  test("a start below the compacted revision is EXPIRED, for ready() and for the loop", async () => {
    const last = await fill(lab.etcd, "/old/", { revisions: 20 });
    await lab.etcd.kv.compact(last);
    await using watch = lab.etcd.watches.open({ ...range("/old/"), startRevision: last - 10n });
    const error = await within(failureOf(collect(watch, last)), "the loop's end");
    expect(error).toMatchObject({ code: "EXPIRED", details: { compacted: `${last}` } });
    expect(await failureOf(watch.ready())).toBe(error);
  });

  test("a deletion at the compacted revision is seen, or the watch is EXPIRED: never lost in silence", async () => {
    await lab.etcd.kv.put({ key: "/tomb/a", value: "1" });
    const { header } = await lab.etcd.kv.deleteRange({ key: "/tomb/a" });
    await lab.etcd.kv.compact(header.revision, { physical: true });
    await lab.etcd.kv.put({ key: "/tomb/b", value: "1" });
    await using watch = lab.etcd.watches.open({ ...range("/tomb/"), startRevision: header.revision });
    const outcome = within(collect(watch, header.revision), "an answer");
    if (hasFix(version, ["3.4.36", "3.5.18"])) {
      expect(revisionsOf(await outcome)[0]).toBe(header.revision);
    } else {
      expect(await failureOf(outcome)).toMatchObject({
        code: "EXPIRED",
        details: { compacted: `${header.revision}` },
      });
    }
  });

  test("a start in the future is FUTURE_VERSION with both revisions", async () => {
    const { header } = await lab.etcd.kv.range({ key: "x" });
    await using watch = lab.etcd.watches.open({ ...range("/f/"), startRevision: header.revision + 1000n });
    const error = await within(failureOf(collect(watch, 0n)), "the refusal");
    expect(error).toMatchObject({
      code: "FUTURE_VERSION",
      details: { requested: `${header.revision + 999n}` },
    });
  });

  test("a start a little ahead of etcd waits until etcd is there", async () => {
    // It waits for 3 s, which begin when etcd is there.
    const clock = new ManualClock();
    await using etcd = await connect(lab.local.endpoints, { clock, requestTimeoutMs: 1_000_000 });
    const { header } = await lab.etcd.kv.range({ key: "x" });
    await using watch = etcd.watches.open({ ...range("/ahead/"), startRevision: header.revision + 3n });
    let over = false;
    const reading = collect(watch, header.revision + 3n).finally(() => {
      over = true;
    });
    await fill(lab.etcd, "/ahead/", { revisions: 3 });
    await until(async () => {
      await clock.advance(100);
      return over;
    }, "the event");
    expect(revisionsOf(await reading)).toEqual([header.revision + 3n]);
  });

  test("progress says how far the stream is, where the etcd can be trusted with it", async () => {
    await using watch = lab.etcd.watches.open({ ...range("/quiet/") });
    await watch.ready();
    const { header } = await lab.etcd.kv.put({ key: "/elsewhere", value: "1" });
    const asking = setInterval(() => watch.requestProgress(), 50);
    const found = (async () => {
      for await (const batch of watch) {
        if (batch.type === "progress" && batch.revision >= header.revision) return batch.revision;
        if (batch.type === "events") return undefined;
      }
      return undefined;
    })();
    if (hasFix(version, ["3.4.25", "3.5.8"])) {
      expect(await within(found, "progress")).toBe(header.revision);
    } else {
      await lab.etcd.kv.put({ key: "/quiet/a", value: "1" });
      expect(await within(found, "the event")).toBeUndefined();
    }
    clearInterval(asking);
  });

  test("a consumer that stops reading costs bounded memory and misses nothing", async () => {
    const prefix = "/slow/";
    await using watch = lab.etcd.watches.open({ ...range(prefix) });
    await watch.ready();
    const iterator = watch[Symbol.asyncIterator]();
    await iterator.next();
    const held = lab.etcd.stats().bytesReceived;
    await using writer = await connect(lab.local.endpoints);
    const last = await fill(writer, prefix, { revisions: 1000, valueBytes: 100_000 });
    // 100 MB have been written; what the watching client took from the network is its window and no more.
    expect(lab.etcd.stats().bytesReceived - held).toBeLessThan(5_000_000);
    let count = 0;
    for (let got = 0n; got < last; ) {
      const { value } = await within(iterator.next(), "an event");
      if (value?.type !== "events") continue;
      count += value.events.length;
      got = value.revision;
    }
    expect(count).toBe(1000);
  }, 120_000);

  test.each(["abort", "return", "dispose"] as const)(
    "%s settles a pending next() at once, without an error",
    async (how) => {
      const controller = new AbortController();
      const watch = lab.etcd.watches.open({ ...range("/end/") }, { signal: controller.signal });
      const iterator = watch[Symbol.asyncIterator]();
      expect((await iterator.next()).value).toMatchObject({ type: "created" });
      const pending = iterator.next();
      if (how === "abort") controller.abort(new Error("enough"));
      else if (how === "return") await iterator.return?.();
      else await watch[Symbol.asyncDispose]();
      expect(await within(pending, "the end")).toEqual({ done: true, value: undefined });
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
      expect(lab.etcd.watches.stats().open).toBe(0);
    },
  );

  test("closing the client ends a watch CLOSED", async () => {
    const etcd = await connect(lab.local.endpoints);
    const watch = etcd.watches.open({ ...range("/end/") });
    await watch.ready();
    const reading = failureOf(collect(watch, 1n << 62n));
    await etcd.close();
    expect(await within(reading, "the end")).toMatchObject({ code: "CLOSED" });
  });

  test("an etcd killed and started again is watched on from where it was", async () => {
    await using own = await startLocalEtcd({ binary });
    await using etcd = await connect(own.endpoints);
    await using watch = etcd.watches.open({ ...range("/again/") });
    const { revision } = await watch.ready();
    const seen: WatchBatch[] = [];
    const reading = collect(watch, revision + 40n, (batch) => seen.push(batch));
    await fill(etcd, "/again/", { revisions: 20 });
    await until(() => revisionsOf(seen).length === 20);
    await own.kill();
    await own.restart();
    await fill(etcd, "/again/", { revisions: 20 });
    await within(reading, "the changes after the restart");
    expect(revisionsOf(seen)).toEqual(Array.from({ length: 40 }, (_, i) => revision + 1n + BigInt(i)));
  });

  test("a watch moves away from a paused member of three and misses nothing", async () => {
    await using cluster = await startLocalCluster({ size: 3, binary });
    await using etcd = await connect(cluster.endpoints);
    await using watch = etcd.watches.open({ ...range("/move/") }, {});
    const { revision } = await watch.ready();
    // Pausing each in turn surely hits the one that carries the watch.
    const seen: WatchBatch[] = [];
    let last = revision;
    const reading = (async () => {
      for await (const batch of watch) seen.push(batch);
    })();
    for (const member of cluster.members) {
      const rest = cluster.members.filter((other) => other !== member);
      await using writer = await connect(
        rest.map((other) => other.advertisedUrl),
        { requestTimeoutMs: 2000 },
      );
      await member.pause();
      for (let i = 0; i < 30; i++) last = await putSurely(writer, `/move/${i}`);
      // A put whose answer was lost may land after the one that was told of. Keepalive takes 10 s + 5 s, an election 1 to 2 s.
      await until(() => (revisionsOf(seen).at(-1) ?? 0n) >= last, "the watch has moved away", 90_000);
      member.resume();
      await until(() => isHealthy(member.endpoints[0]));
    }
    await watch[Symbol.asyncDispose]();
    await reading;
    await using again = etcd.watches.open({ ...range("/move/"), startRevision: revision + 1n });
    const truth = await within(collect(again, last), "the history once more");
    // A put whose answer was lost may still land after the last one that was waited for.
    const upToLast = (batches: readonly WatchBatch[]): readonly bigint[] =>
      revisionsOf(batches).filter((r) => r <= last);
    expect(upToLast(seen)).toEqual(upToLast(truth));
    expect(revisionsOf(seen).length).toBeGreaterThanOrEqual(90);
  }, 400_000);
});
