/** The client core on a real etcd: outcomes, failover, limits, restores and strangers. */

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../../src/base/time/clock.ts";
import { isStoreError } from "../../../../src/errors.ts";
import type { RequestEvent, StreamEvent } from "../../../../src/etcd/client/client-diagnostics.ts";
import { startLocalCluster } from "../../../../src/etcd/local/local-cluster.ts";
import { startLocalEtcd } from "../../../../src/etcd/local/local-etcd.ts";
import { etcdBinaries } from "../../../support/etcd/etcd-binaries.ts";
import { connect, isHealthy } from "../../../support/etcd/etcd-cases.ts";
import { etcdForAll } from "../../../support/etcd/real-etcd.ts";
import { failureOf } from "../../../support/failures.ts";
import { quietPorts } from "../../../support/peers/quiet-ports.ts";
import { TcpProxy } from "../../../support/peers/tcp-proxy.ts";
import { LeapClock } from "../../../support/time/leap-clock.ts";
import { boundMs, patientMs, until, withTimeEnough } from "../../../support/time/patience.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe.each(await etcdBinaries())("the client on etcd $version", ({ path: binary, version }) => {
  const lab = etcdForAll({ binary });

  test("reads, writes, deletes and nested transactions come back exact", async () => {
    const { header } = await lab.etcd.kv.put({ key: "a/1", value: "one" });
    const again = await lab.etcd.kv.put({ key: "a/1", value: "two", prevKv: true });
    expect(again.prevKv).toMatchObject({ value: bytes("one"), modRevision: header.revision, version: 1n });
    const txn = await lab.etcd.kv.txn({
      compare: [
        { key: "a/1", target: "mod", result: "=", operand: again.header.revision },
        { key: "a/", rangeEnd: "a0", target: "version", result: ">", operand: 0n },
        { key: "a/1", target: "value", result: "=", operand: "two" },
      ],
      success: [
        { type: "range", range: { key: "a/", rangeEnd: "a0" } },
        {
          type: "txn",
          txn: {
            compare: [{ key: "a/2", target: "create", result: "=", operand: 0n }],
            success: [{ type: "put", put: { key: "a/2", value: "" } }],
            failure: [],
          },
        },
        { type: "delete", delete: { key: "a/1", prevKv: true } },
      ],
      failure: [],
    });
    expect(txn.succeeded).toBe(true);
    expect(txn.responses.map((r) => r.type)).toEqual(["range", "txn", "delete"]);
    const list = await lab.etcd.kv.range({ key: "a/", rangeEnd: "a0", keysOnly: true });
    expect(list.kvs.map((kv) => kv.key)).toEqual([bytes("a/2")]);
    expect(lab.etcd.kv.highestRevision).toBe(list.header.revision);
  });

  test("a compacted revision is EXPIRED, one ahead FUTURE_VERSION, compacting again counts as done", async () => {
    const { header } = await lab.etcd.kv.put({ key: "c", value: "" });
    await lab.etcd.kv.compact(header.revision, { physical: true });
    await lab.etcd.kv.compact(header.revision);
    const old = await failureOf(lab.etcd.kv.range({ key: "c", revision: 1n }));
    expect(old).toMatchObject({ code: "EXPIRED", details: { reason: "compacted" } });
    const ahead = await failureOf(lab.etcd.kv.range({ key: "c", revision: header.revision + 1000n }));
    expect(ahead).toMatchObject({
      code: "FUTURE_VERSION",
      details: { requested: String(header.revision + 1000n) },
    });
  });

  test("refusals have their codes: too large, too many operations, no such lease", async () => {
    const large = await failureOf(lab.etcd.kv.put({ key: "l", value: new Uint8Array(1_700_000) }));
    expect(large.code).toBe("TOO_LARGE");
    const larger = await failureOf(lab.etcd.kv.put({ key: "l", value: new Uint8Array(3_000_000) }));
    expect(larger.code).toBe("TOO_LARGE");
    const success = Array.from({ length: 129 }, (_, i) => ({
      type: "put" as const,
      put: { key: `many/${i}`, value: "" },
    }));
    expect((await failureOf(lab.etcd.kv.txn({ compare: [], success, failure: [] }))).code).toBe(
      "INVALID_ARGUMENT",
    );
    expect(
      (await failureOf(lab.etcd.kv.put({ key: "l", value: "", lease: 0x1234_5678_9abc_def1n }))).code,
    ).toBe("NOT_FOUND");
  });

  test("a 50 MB list and 10 transactions of 140 KB arrive whole", async () => {
    const value = Buffer.alloc(500_000);
    for (let i = 0; i < 100; i += 2) {
      value.fill(i);
      const put = (n: number) => ({
        type: "put" as const,
        put: { key: `bulk/${String(n).padStart(3, "0")}`, value },
      });
      await lab.etcd.kv.txn({ compare: [], success: [put(i), put(i + 1)], failure: [] });
    }
    const { kvs } = await lab.etcd.kv.range(
      { key: "bulk/", rangeEnd: "bulk0" },
      { lane: "bulk", requestTimeoutMs: 60_000 },
    );
    expect(kvs.length).toBe(100);
    expect(kvs.every((kv, i) => kv.value.length === 500_000 && kv.value[499_999] === i - (i % 2))).toBe(true);
    const piece = new Uint8Array(14_000).fill(9);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, t) =>
        lab.etcd.kv.txn({
          compare: [],
          success: Array.from({ length: 10 }, (_, i) => ({
            type: "put" as const,
            put: { key: `pieces/${t}/${i}`, value: piece },
          })),
          failure: [],
        }),
      ),
    );
    expect(answers.every((answer) => answer.succeeded && answer.responses.length === 10)).toBe(true);
    expect((await lab.etcd.kv.range({ key: "pieces/", rangeEnd: "pieces0", countOnly: true })).count).toBe(
      100n,
    );
  });

  test("kept values of 1 KiB keep about 1 KiB, not the replies they came in", async () => {
    const value = new Uint8Array(1024).fill(5);
    for (let i = 0; i < 1000; i += 100) {
      await lab.etcd.kv.txn({
        compare: [],
        success: Array.from({ length: 100 }, (_, j) => ({
          type: "put" as const,
          put: { key: `kept/${String(i + j).padStart(4, "0")}`, value },
        })),
        failure: [],
      });
    }
    const kept: Uint8Array[] = [];
    for (let i = 0; i < 50; i++) {
      const { kvs } = await lab.etcd.kv.range({ key: "kept/", rangeEnd: "kept0" });
      kept.push(kvs[i]?.value ?? bytes(""));
    }
    const retained = new Set(kept.map((each) => each.buffer));
    const retainedBytes = [...retained].reduce((sum, buffer) => sum + buffer.byteLength, 0);
    expect(kept.length).toBe(50);
    expect(retainedBytes).toBeLessThan(50 * 1100);
  });

  test("a put whose answer is swallowed is applied once and reported OUTCOME_UNKNOWN, never doubled", async () => {
    await using proxy = await TcpProxy.start(lab.local.clientPort);
    const clock = new LeapClock();
    await using own = await connect([proxy.url], { clock });
    for (let round = 0; round < 10; round++) {
      const key = `swallowed/${round}`;
      await own.kv.range({ key }, { timeoutMs: 60_000 });
      proxy.set({ mode: "swallow" });
      const failing = failureOf(own.kv.put({ key, value: "mine" }));
      await until(async () => (await lab.etcd.kv.range({ key })).count === 1n);
      if (round % 2 === 0) proxy.cut();
      else clock.leap(patientMs);
      const error = await failing;
      expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", details: { key, writeId: "" } });
      proxy.set({ mode: "ok" });
      proxy.cut();
      const { kvs } = await lab.etcd.kv.range({ key });
      expect(kvs[0]?.version).toBe(1n);
    }
  });

  test("a create whose answer is swallowed is never reported as refused", async () => {
    await using proxy = await TcpProxy.start(lab.local.clientPort);
    const clock = new LeapClock();
    await using own = await connect([proxy.url], { clock });
    proxy.set({ mode: "swallow" });
    const create = failureOf(
      own.kv.txn({
        compare: [{ key: "once", target: "create", result: "=", operand: 0n }],
        success: [{ type: "put", put: { key: "once", value: "" } }],
        failure: [{ type: "range", range: { key: "once" } }],
      }),
    );
    await until(async () => (await lab.etcd.kv.range({ key: "once" })).count === 1n);
    clock.leap(patientMs);
    expect(await create).toMatchObject({ code: "OUTCOME_UNKNOWN", details: { key: "once" } });
    expect((await lab.etcd.kv.range({ key: "once" })).kvs[0]?.version).toBe(1n);
  });

  test("reads go on after every connection is cut", async () => {
    await using proxy = await TcpProxy.start(lab.local.clientPort);
    await using own = await connect([proxy.url]);
    for (let round = 0; round < 20; round++) {
      proxy.cut();
      expect((await own.kv.range({ key: "a/2" }, { timeoutMs: 60_000 })).count).toBe(1n);
    }
  });

  test("a poisoned caller costs healthy callers nothing", async () => {
    await using own = await connect(lab.local.endpoints);
    const stop = new AbortController();
    const poison = (async () => {
      while (!stop.signal.aborted) {
        // Deadlines that end while the answer is on its way, ended signals, and deadlines that make no sense.
        await own.kv.range({ key: "a/2" }, { timeoutMs: 0.05 }).catch(() => undefined);
        await own.kv.range({ key: "a/2" }, { timeoutMs: -1 }).catch(() => undefined);
        await own.kv
          .range({ key: "a/2" }, { signal: AbortSignal.abort(new Error("no")) })
          .catch(() => undefined);
        await systemClock.sleep(5);
      }
    })();
    const failures: unknown[] = [];
    const healthy = Array.from({ length: 32 }, async () => {
      for (let i = 0; i < 60; i++) await own.kv.range({ key: "a/2" }).catch((error) => failures.push(error));
    });
    await Promise.all(healthy);
    stop.abort();
    await poison;
    expect(failures).toEqual([]);
    expect(own.stats().endpoints[0]?.state).toBe("healthy");
  });

  test("ended calls never reach the wire", async () => {
    await using own = await connect(lab.local.endpoints);
    const before = own.stats().bytesSent;
    const reason = new Error("not wanted any more");
    await expect(own.kv.put({ key: "never", value: "" }, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect((await failureOf(own.kv.put({ key: "never", value: "" }, { timeoutMs: 0 }))).code).toBe(
      "INVALID_ARGUMENT",
    );
    expect(own.stats().bytesSent).toBe(before);
    expect((await lab.etcd.kv.range({ key: "never" })).count).toBe(0n);
  });

  test("no more requests than the limit are on their way, and all are answered in the end", async () => {
    await using proxy = await TcpProxy.start(lab.local.clientPort);
    await using own = await connect([proxy.url], { inFlightMax: 8 });
    let most = 0;
    const watch = setInterval(() => {
      const { inFlight } = own.stats();
      most = Math.max(most, inFlight);
    }, 1);
    await Promise.all(
      Array.from({ length: 500 }, (_, i) =>
        own.kv.put({ key: `line/${i}`, value: "" }, { timeoutMs: 60_000 }),
      ),
    );
    clearInterval(watch);
    expect(most).toBeLessThanOrEqual(8);
    expect((await lab.etcd.kv.range({ key: "line/", rangeEnd: "line0", countOnly: true })).count).toBe(500n);
    proxy.set({ mode: "swallow" });
    const stuck = Array.from({ length: 8 }, () =>
      own.kv.range({ key: "a" }, { timeoutMs: 120_000 }).catch(() => undefined),
    );
    const waiting = await failureOf(own.kv.put({ key: "late", value: "" }, { timeoutMs: 200 }));
    // It was still in line: certainly not applied.
    expect(waiting.code).toBe("DEADLINE");
    await own.close();
    await Promise.all(stuck);
  });

  test("nobody listening is UNAVAILABLE and names the cause", async () => {
    const [port] = await quietPorts(1);
    // A process that stands still for all that time has not heard of the refusal.
    const error = await withTimeEnough(2_000, async (timeoutMs) => {
      const failure = await failureOf(connect([`http://127.0.0.1:${port}`], { timeoutMs }));
      return failure.code === "UNAVAILABLE" && /refused/.test(failure.message) ? failure : undefined;
    });
    expect(error.message).toMatch(/connection refused/);
  });

  test("after close() calls reject CLOSED, those under way too", async () => {
    await using proxy = await TcpProxy.start(lab.local.clientPort);
    const own = await connect([proxy.url]);
    proxy.set({ mode: "swallow" });
    const read = failureOf(own.kv.range({ key: "a" }));
    const write = failureOf(own.kv.put({ key: "closing", value: "" }));
    // Handed to the connection it may still be here, and certainly not applied; etcd has it once it is applied.
    await until(async () => (await lab.etcd.kv.range({ key: "closing" })).kvs.length === 1);
    expect(own.stats().inFlight).toBe(2);
    await own.close();
    expect((await read).code).toBe("CLOSED");
    expect((await write).code).toBe("OUTCOME_UNKNOWN");
    expect((await failureOf(own.kv.range({ key: "a" }))).code).toBe("CLOSED");
    await own.close();
    await lab.etcd.kv.deleteRange({ key: "closing" });
  });

  test("diagnostics channels tell of every request and stream, and hold no key and no value", async () => {
    const events: (RequestEvent | StreamEvent)[] = [];
    const onEvent = (message: unknown): void => {
      events.push(message as RequestEvent | StreamEvent);
    };
    subscribe("keelson:etcd:request", onEvent);
    subscribe("keelson:etcd:stream", onEvent);
    try {
      await lab.etcd.kv.put({ key: "canary-key", value: "canary-value" });
      await failureOf(lab.etcd.kv.put({ key: "", value: "canary-value" }));
      const watch = lab.etcd.watches.open({ key: "canary-key" });
      await watch.ready();
      await watch[Symbol.asyncDispose]();
      await until(() => events.some(({ phase, method }) => phase === "end" && /Watch$/.test(method)));
    } finally {
      unsubscribe("keelson:etcd:request", onEvent);
      unsubscribe("keelson:etcd:stream", onEvent);
    }
    const puts = events.filter((event) => event.method === "/etcdserverpb.KV/Put");
    expect(puts.map((event) => [event.phase, "outcome" in event ? event.outcome : undefined])).toEqual([
      ["start", undefined],
      ["end", "OK"],
      ["start", undefined],
      ["end", "INVALID_ARGUMENT"],
    ]);
    expect(puts[1]).toMatchObject({ id: puts[0]?.id, endpoint: lab.local.endpoints[0] });
    const streams = events.filter((event) => event.method === "/etcdserverpb.Watch/Watch");
    expect(streams.map((event) => event.phase)).toEqual(["open", "end"]);
    expect(inspect(events, { depth: 8 })).not.toMatch(/canary/);
  });

  test("status, alarms, hash, members, auth state and snapshot answer", async () => {
    const [endpoint = ""] = lab.local.endpoints;
    const status = await lab.etcd.maintenance.status({ endpoint });
    expect(status).toMatchObject({ version, endpoint, isLearner: false });
    expect(status.leader).toBe(status.header.memberId);
    expect(await lab.etcd.serverVersion()).toBe(version);
    expect(await lab.etcd.maintenance.alarms()).toEqual([]);
    const { revision } = status.header;
    const first = await lab.etcd.maintenance.hashKv(revision, { endpoint });
    const second = await lab.etcd.maintenance.hashKv(revision, { endpoint });
    expect(second.hash).toBe(first.hash);
    await lab.etcd.maintenance.defragment({ endpoint });
    const { members } = await lab.etcd.cluster.members();
    expect(members.map((member) => member.id)).toEqual([status.header.memberId]);
    expect((await lab.etcd.auth.status()).enabled).toBe(false);
    let size = 0;
    let remaining = -1n;
    for await (const chunk of lab.etcd.maintenance.snapshot()) {
      size += chunk.bytes.length;
      remaining = chunk.remainingBytes;
    }
    expect(size % 512).toBe(32);
    expect(remaining).toBe(0n);
    for await (const chunk of lab.etcd.maintenance.snapshot()) {
      expect(chunk.bytes.length).toBeGreaterThan(0);
      break;
    }
    await until(() => lab.etcd.stats().openStreams === 0);
  });
});

describe("a full etcd", () => {
  test("refuses puts NO_SPACE, and its alarm goes by its exact id", async () => {
    await using server = await startLocalEtcd({ extraArgs: ["--quota-backend-bytes=4194304"] });
    await using etcd = await connect(server.endpoints);
    const [endpoint = ""] = server.endpoints;
    const value = new Uint8Array(500_000);
    let refused: unknown;
    for (let i = 0; i < 40 && refused === undefined; i++) {
      refused = await etcd.kv.put({ key: `fill/${i}`, value }).then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    expect(isStoreError(refused, "NO_SPACE")).toBe(true);
    // It is raised beside the answer, not before it.
    await until(async () => (await etcd.maintenance.alarms()).length > 0, "the alarm stands");
    const [alarm] = await etcd.maintenance.alarms();
    const { header } = await etcd.maintenance.status({ endpoint });
    expect(alarm).toEqual({ memberId: header.memberId, type: "NOSPACE" });
    const { header: deleted } = await etcd.kv.deleteRange({ key: "fill/", rangeEnd: "fill0" });
    await etcd.kv.compact(deleted.revision, { physical: true });
    await etcd.maintenance.defragment({ endpoint });
    if (alarm !== undefined) await etcd.maintenance.disarm(alarm);
    expect(await etcd.maintenance.alarms()).toEqual([]);
    await etcd.kv.put({ key: "again", value: "" });
  });
});

describe("three members", () => {
  test("calls go on within their time while one is killed, and while one is paused", async () => {
    await using cluster = await startLocalCluster({ size: 3 });
    await using etcd = await connect(cluster.endpoints, { requestTimeoutMs: 1_000 });
    const began = performance.now();
    const failures: unknown[] = [];
    const unknown: unknown[] = [];
    let done = 0;
    const stop = new AbortController();
    const workers = Array.from({ length: 8 }, async (_, w) => {
      for (let i = 0; !stop.signal.aborted; i++) {
        await etcd.kv
          .put({ key: `w/${w}/${i}`, value: "" }, { timeoutMs: 60_000 })
          .catch((error) => (isStoreError(error, "OUTCOME_UNKNOWN") ? unknown : failures).push(error));
        await etcd.kv
          .range({ key: `w/${w}/${i}` }, { timeoutMs: 60_000 })
          .catch((error) => failures.push(error));
        done++;
      }
    });
    for (const member of cluster.members) {
      for (const fault of ["kill", "pause"] as const) {
        await member[fault]();
        const from = done;
        await until(() => done > from + 40, "calls go on", 2 * boundMs);
        if (fault === "kill") await member.restart();
        else member.resume();
        await until(() => isHealthy(member.endpoints[0]));
      }
    }
    stop.abort();
    await Promise.all(workers);
    expect(failures).toEqual([]);
    // An unknown outcome costs its caller a whole request's time, or is of those on their way at a fault or an election.
    expect(unknown.length).toBeLessThan(8 * (3 * 6 + (performance.now() - began) / 1_000));
    const { kvs } = await etcd.kv.range({ key: "w/", rangeEnd: "w0", keysOnly: true }, { timeoutMs: 60_000 });
    expect(kvs.length).toBeGreaterThanOrEqual(done - unknown.length);
    expect(kvs.filter(({ version }) => version !== 1n)).toEqual([]);
  }, 600_000);

  test("work for one endpoint goes to that endpoint only", async () => {
    await using cluster = await startLocalCluster({ size: 3 });
    await using etcd = await connect(cluster.endpoints);
    const statuses = await Promise.all(
      etcd.endpoints.map((endpoint) => etcd.maintenance.status({ endpoint })),
    );
    const ids = new Set(statuses.map((each) => each.header.memberId));
    expect(ids.size).toBe(3);
    const [first] = statuses;
    if (first === undefined) throw new Error("three members");
    const to = [...ids].find((id) => id !== first.leader) ?? 0n;
    // Only the leader does it; on a slow machine that may be another one by now.
    await until(async () => {
      const { leader } = await etcd.maintenance.status({ endpoint: first.endpoint });
      const from = statuses.find((each) => each.header.memberId === leader)?.endpoint;
      if (leader === to || from === undefined) return leader === to;
      await etcd.maintenance.moveLeader(to, { endpoint: from }).catch((error: unknown) => {
        if (!isStoreError(error)) throw error;
      });
      return false;
    }, "the leader has moved");
    const error = await failureOf(etcd.maintenance.status({ endpoint: "http://127.0.0.1:1" }));
    expect(error.code).toBe("INVALID_ARGUMENT");
  });
});

describe("restores and strangers", () => {
  test("an etcd that comes back with an older state is a restore: noticed once, then the client goes on", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "keelson-restore-"));
    try {
      const [port, peerPort] = await quietPorts(2);
      const first = await startLocalEtcd({ clientPort: port, peerPort });
      await using etcd = await connect(first.endpoints);
      for (let i = 0; i < 30; i++) await etcd.kv.put({ key: "r", value: `${i}` });
      const high = etcd.kv.highestRevision;
      const watch = etcd.watches.open({ key: "r" });
      await watch.ready();
      const ended = failureOf(
        (async () => {
          for await (const batch of watch) void batch;
        })(),
      );
      await first.stop();
      await using second = await startLocalEtcd({ clientPort: port, peerPort, dataDir });
      expect(second.running).toBe(true);
      // Whoever reaches the new etcd first notices: a read under way then fails, one begun afterwards does not.
      const read = (): Promise<unknown> => etcd.kv.range({ key: "r" }, { timeoutMs: 60_000 });
      while (etcd.stats().restores === 0) {
        const failure: unknown = await read().then(
          () => undefined,
          (reason) => reason,
        );
        if (failure !== undefined) expect(failure).toMatchObject({ code: "UNAVAILABLE" });
      }
      expect((await ended).details).toMatchObject({ reason: "restored" });
      await until(async () => (await etcd.kv.range({ key: "r" }, { timeoutMs: 60_000 })).count === 0n);
      expect(etcd.kv.highestRevision).toBeLessThan(high);
      expect(etcd.stats().restores).toBe(1);
      await etcd.kv.put({ key: "r", value: "new" });
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  test("an endpoint of another cluster is set aside, named with both ids, and gets no write", async () => {
    await using ours = await startLocalEtcd({});
    await using theirs = await startLocalEtcd({ extraArgs: ["--initial-cluster-token=other"] });
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => {
      warnings.push(warning.message);
    };
    process.on("warning", onWarning);
    try {
      // Whichever is asked first is ours: make sure of it.
      await using proxy = await TcpProxy.start(theirs.clientPort);
      proxy.set({ mode: "reset" });
      await using etcd = await connect([...ours.endpoints, proxy.url]);
      await etcd.kv.put({ key: "mine", value: "" }, { timeoutMs: 60_000 });
      proxy.set({ mode: "ok" });
      const error = await failureOf(etcd.maintenance.status({ endpoint: proxy.url, timeoutMs: 60_000 }));
      expect(error).toMatchObject({ code: "UNAVAILABLE" });
      expect(error.message).toMatch(/belongs to cluster [0-9a-f]+, expected cluster [0-9a-f]+/);
      for (let i = 0; i < 50; i++) await etcd.kv.put({ key: `mine/${i}`, value: "" });
      expect(etcd.stats().endpoints.find((each) => each.url === proxy.url)?.state).toBe("quarantined");
      expect(etcd.stats().restores).toBe(0);
      await using other = await connect(theirs.endpoints);
      expect((await other.kv.range({ key: "mine", rangeEnd: "minf" })).count).toBe(0n);
      await until(() => warnings.some((text) => /belongs to cluster/.test(text)));
    } finally {
      process.off("warning", onWarning);
    }
  });

  test("a cluster replaced as a whole is a restore", async () => {
    const [port] = await quietPorts(1);
    const first = await startLocalEtcd({ clientPort: port });
    await using etcd = await connect(first.endpoints);
    await etcd.kv.put({ key: "r", value: "" });
    await first.stop();
    await using second = await startLocalEtcd({
      clientPort: port,
      extraArgs: ["--initial-cluster-token=new"],
    });
    expect(second.running).toBe(true);
    await until(async () =>
      etcd.kv.range({ key: "r" }, { timeoutMs: 5_000 }).then(
        ({ count }) => count === 0n,
        () => false,
      ),
    );
    expect(etcd.stats().restores).toBe(1);
  });
});
