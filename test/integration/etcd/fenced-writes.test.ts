/** Fenced writes on a real etcd: an outcome is the truth, whatever became of the answer. */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { CallScope } from "../../../src/base/call.ts";
import { StoreError } from "../../../src/errors.ts";
import type { FencedWrite } from "../../../src/etcd/fenced/fenced-write.ts";
import { createFencedWrites } from "../../../src/etcd/fenced/fenced-writes.ts";
import { startLocalCluster } from "../../../src/etcd/local/local-cluster.ts";
import { startLocalEtcd } from "../../../src/etcd/local/local-etcd.ts";
import type { Etcd } from "../../../src/etcd/ports/etcd.ts";
import { prefixEnd } from "../../../src/etcd/ports/prefix-end.ts";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { connect, isHealthy } from "../../support/etcd/etcd-cases.ts";
import { etcdForAll } from "../../support/etcd/real-etcd.ts";
import { failureOf } from "../../support/failures.ts";
import { TcpProxy } from "../../support/peers/tcp-proxy.ts";
import { LeapClock } from "../../support/time/leap-clock.ts";
import { until, within } from "../../support/time/patience.ts";

const root = "/keelson/registry";

function put(key: string, guard: bigint, sizeBytes = 16): FencedWrite {
  const writeId = new Uint8Array(randomBytes(16));
  const value = Buffer.concat([writeId, Buffer.alloc(sizeBytes)]);
  return { key, guard, writeId, change: { type: "put", value } };
}

function remove(key: string, guard: bigint): FencedWrite {
  return { key, guard, writeId: new Uint8Array(randomBytes(16)), change: { type: "delete" } };
}

describe.each(await etcdBinaries())("fenced writes on etcd $version", ({ path: binary }) => {
  const lab = etcdForAll({ binary });

  const stored = async (key: string) => (await lab.etcd.kv.range({ key })).kvs[0];

  /** A client whose answers can be swallowed: requests reach etcd, answers do not. */
  async function troubled(clock?: LeapClock): Promise<{ proxy: TcpProxy; etcd: Etcd } & AsyncDisposable> {
    const proxy = await TcpProxy.start(lab.local.clientPort);
    const etcd = await connect([proxy.url], { clock });
    return {
      proxy,
      etcd,
      async [Symbol.asyncDispose]() {
        await etcd.close();
        await proxy.close();
      },
    };
  }

  test("a write is one round trip once the session stands; guards decide", async () => {
    await using etcd = await connect(lab.local.endpoints);
    await using writes = createFencedWrites({ etcd, root });
    const created = await writes.write(put("/registry/a", 0n));
    expect(created.outcome).toBe("applied");
    const before = etcd.stats().requests;
    const first = put("/registry/b", 0n);
    const applied = await writes.write(first);
    const after = etcd.stats().requests;
    const sent = Object.keys(after).filter((path) => after[path] !== before[path]);
    expect(sent).toEqual(["/etcdserverpb.KV/Txn"]);
    expect((after["/etcdserverpb.KV/Txn"] ?? 0) - (before["/etcdserverpb.KV/Txn"] ?? 0)).toBe(1);
    const revision = applied.outcome === "applied" ? applied.revision : 0n;
    expect((await stored("/registry/b"))?.modRevision).toBe(revision);

    const again = await writes.write(put("/registry/b", 0n));
    expect(again).toMatchObject({ outcome: "refused", current: { modRevision: revision } });
    const stale = await writes.write(put("/registry/b", revision - 1n));
    expect(stale).toMatchObject({ outcome: "refused", current: { modRevision: revision } });
    expect(await writes.write(put("/registry/b", revision))).toMatchObject({ outcome: "applied" });
    const now = await stored("/registry/b");
    expect(now?.version).toBe(2n);
    expect(await writes.write(remove("/registry/b", now?.modRevision ?? 0n))).toMatchObject({
      outcome: "applied",
    });
    expect(await stored("/registry/b")).toBeUndefined();
    expect(await writes.write(put("/registry/b", now?.modRevision ?? 0n))).toMatchObject({
      outcome: "refused",
      current: undefined,
    });
    expect(await writes.write(put("/registry/b", 0n))).toMatchObject({ outcome: "applied" });
  });

  test("ops ride along, compares refuse, and reads answer in their order", async () => {
    await using etcd = await connect(lab.local.endpoints);
    await using writes = createFencedWrites({ etcd, root });
    const ledger = "/keelson/registry/ledger";
    const write: FencedWrite = {
      ...put("/registry/c", 0n),
      compares: [{ key: ledger, target: "version", result: "=", operand: 0n }],
      ops: [{ type: "put", put: { key: ledger, value: "1" } }],
      reads: [{ key: ledger }, { key: "/registry/c" }],
    };
    expect(await writes.write(write)).toMatchObject({ outcome: "applied" });
    const refused = await writes.write({ ...write, ...put("/registry/d", 0n) });
    expect(refused.outcome === "refused" && refused.reads?.map((read) => read.kvs.length)).toEqual([1, 1]);
    expect(refused).toMatchObject({ current: undefined });
    expect(await stored("/registry/d")).toBeUndefined();
  });

  test("an answer swallowed after the commit: a create, an update and a delete are applied once and say so", async () => {
    await using trouble = await troubled();
    const { proxy, etcd } = trouble;
    await using writes = createFencedWrites({ etcd, root });
    await writes.write(put("/registry/warm", 0n));
    const swallowed = async (write: FencedWrite, done: () => Promise<boolean>): Promise<bigint> => {
      proxy.set({ mode: "swallow" });
      const outcome = writes.write(write, { timeoutMs: 30_000 });
      await until(done);
      proxy.cut();
      proxy.set({ mode: "ok" });
      const settled = await within(outcome, "the outcome");
      expect(settled.outcome).toBe("applied");
      return settled.outcome === "applied" ? settled.revision : 0n;
    };
    for (let i = 0; i < 4; i++) {
      const key = `/registry/swallowed/${i}`;
      const created = await swallowed(put(key, 0n), async () => (await stored(key)) !== undefined);
      expect(await stored(key)).toMatchObject({ version: 1n, modRevision: created });
      const updated = await swallowed(put(key, created), async () => (await stored(key))?.version === 2n);
      expect(await stored(key)).toMatchObject({ version: 2n, modRevision: updated });
      const deleted = await swallowed(remove(key, updated), async () => (await stored(key)) === undefined);
      expect(deleted).toBeGreaterThan(updated);
    }
    expect(writes.stats()).toMatchObject({ unknown: 12, settledApplied: 12, unsettled: 0 });
  }, 120_000);

  test("an answer swallowed, then overwritten or deleted by another: still applied, at its own revision", async () => {
    await using trouble = await troubled();
    const { proxy, etcd } = trouble;
    await using writes = createFencedWrites({ etcd, root });
    await writes.write(put("/registry/warm2", 0n));
    for (const fate of ["overwritten", "deleted", "deleted and made again"]) {
      const key = `/registry/then/${fate}`;
      proxy.set({ mode: "swallow" });
      const outcome = writes.write(put(key, 0n), { timeoutMs: 30_000 });
      await until(async () => (await stored(key)) !== undefined);
      const mine = (await stored(key))?.modRevision;
      if (fate !== "overwritten") await lab.etcd.kv.deleteRange({ key });
      if (fate !== "deleted") await lab.etcd.kv.put({ key, value: "theirs" });
      proxy.cut();
      proxy.set({ mode: "ok" });
      expect(await within(outcome, fate)).toEqual({ outcome: "applied", revision: mine });
    }
  }, 60_000);

  test("a delete whose answer was swallowed is not confused with another's delete of the same object", async () => {
    await using trouble = await troubled();
    const { proxy, etcd } = trouble;
    await using writes = createFencedWrites({ etcd, root });
    const created = await writes.write(put("/registry/mine", 0n));
    const guard = created.outcome === "applied" ? created.revision : 0n;
    // The request is lost, not the answer; meanwhile another deletes.
    proxy.set({ mode: "blackhole" });
    const outcome = writes.write(remove("/registry/mine", guard), { timeoutMs: 30_000 });
    await until(() => writes.stats().unknown === 0 && etcd.stats().inFlight > 0);
    await lab.etcd.kv.deleteRange({ key: "/registry/mine" });
    proxy.cut();
    proxy.set({ mode: "ok" });
    expect(await within(outcome, "the outcome")).toMatchObject({ outcome: "refused", current: undefined });
  }, 60_000);

  test("a hundred writes at once, answers cut at random: every outcome is true and nothing is applied twice", async () => {
    await using trouble = await troubled();
    const { proxy, etcd } = trouble;
    await using writes = createFencedWrites({ etcd, root });
    await writes.write(put("/registry/warm3", 0n));
    const keys = Array.from({ length: 300 }, (_, i) => `/registry/many/${i}`);
    const queue = keys.values();
    const outcomes = new Map<string, bigint>();
    const worker = async (): Promise<void> => {
      for (const key of queue) {
        const outcome = await writes.write(put(key, 0n), { timeoutMs: 60_000 });
        if (outcome.outcome === "applied") outcomes.set(key, outcome.revision);
        // Wherever the others are. By progress, not by the hour: a slow machine gets on between two cuts, too.
        if (outcomes.size % 10 === 0) proxy.cut();
        await delay(2);
      }
    };
    await within(Promise.all(Array.from({ length: 100 }, worker)), "all writes", 90_000);
    expect(proxy.cuts).toBeGreaterThan(0);
    expect(outcomes.size).toBe(keys.length);
    for (const key of keys) {
      expect(await stored(key)).toMatchObject({ version: 1n, modRevision: outcomes.get(key) });
    }
  }, 120_000);

  test("a call that cannot be settled in time is OUTCOME_UNKNOWN with its details, an aborted one rejects with its reason", async () => {
    const clock = new LeapClock();
    await using trouble = await troubled(clock);
    const { proxy, etcd } = trouble;
    await using writes = createFencedWrites({ etcd, root });
    await writes.write(put("/registry/warm4", 0n));
    proxy.set({ mode: "swallow" });
    const write = put("/registry/unknown", 0n);
    const failing = failureOf(writes.write(write, { timeoutMs: 60_000 }));
    await until(async () => (await stored("/registry/unknown")) !== undefined);
    clock.leap(60_000);
    const error = await within(failing, "the end of its time");
    expect(error).toMatchObject({
      code: "OUTCOME_UNKNOWN",
      details: { writeId: Buffer.from(write.writeId).toString("hex"), key: "/registry/unknown", guard: "0" },
    });
    const controller = new AbortController();
    const aborted = writes.write(put("/registry/aborted", 0n), { signal: controller.signal });
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(within(aborted, "the abort")).rejects.toBe(reason);
    proxy.cut();
    proxy.set({ mode: "ok" });
    expect(await writes.write(put("/registry/after", 0n))).toMatchObject({ outcome: "applied" });
  }, 60_000);

  test("a deadline that comes as the caller's signal never tells DEADLINE of a write that was sent", async () => {
    const clock = new LeapClock();
    await using trouble = await troubled(clock);
    const { proxy, etcd } = trouble;
    await using writes = createFencedWrites({ etcd, root });
    await writes.write(put("/registry/warm8", 0n));
    proxy.set({ mode: "swallow" });
    // Once while the write waits for its answer, once while it is being settled, once in a group.
    const outcomes = [
      { key: "/registry/cut-sent", signalMs: 5_000, timeoutMs: 100_000 },
      { key: "/registry/cut-settling", signalMs: 40_000, timeoutMs: 60_000 },
    ].map(async ({ key, signalMs, timeoutMs }) => {
      using scope = new CallScope({ timeoutMs: signalMs }, etcd.clock, "write");
      return await failureOf(writes.write(put(key, 0n), { signal: scope.signal, timeoutMs }));
    });
    await until(async () => (await stored("/registry/cut-sent")) !== undefined);
    await until(async () => (await stored("/registry/cut-settling")) !== undefined);
    // The first one's signal; the second one's request, half its time; its signal, while it is being settled.
    clock.leap(6_000);
    clock.leap(25_000);
    await until(() => writes.stats().fences > 0, "it is being settled");
    clock.leap(10_000);
    for (const error of await within(Promise.all(outcomes), "the outcomes")) {
      expect(error.code).toBe("OUTCOME_UNKNOWN");
    }
    using scope = new CallScope({ timeoutMs: 5_000 }, etcd.clock, "write");
    const keys = ["/registry/cut-group/1", "/registry/cut-group/2"];
    const writing = writes.writeMany(
      keys.map((key) => put(key, 0n)),
      { signal: scope.signal, timeoutMs: 30_000 },
    );
    await until(() => etcd.stats().inFlight > 0, "the group is under way");
    clock.leap(6_000);
    const group = await within(writing, "the group");
    // Sent or not, none of them may claim not to be applied when it is.
    for (const [i, outcome] of group.entries()) {
      if (!(outcome instanceof StoreError)) throw new Error("no answer came");
      if (outcome.code !== "OUTCOME_UNKNOWN") expect(await stored(keys[i] ?? "")).toBeUndefined();
    }
    expect(await stored("/registry/cut-sent")).toBeDefined();
    proxy.cut();
    proxy.set({ mode: "ok" });
  }, 60_000);

  test("an answer lost whose history is compacted away stays unknown, and is said to be", async () => {
    await using trouble = await troubled();
    const { proxy, etcd } = trouble;
    await using writes = createFencedWrites({ etcd, root });
    await writes.write(put("/registry/warm7", 0n));
    proxy.set({ mode: "swallow" });
    const outcome = failureOf(writes.write(put("/registry/lost-history", 0n), { timeoutMs: 30_000 }));
    await until(async () => (await stored("/registry/lost-history")) !== undefined);
    const { header } = await lab.etcd.kv.deleteRange({ key: "/registry/lost-history" });
    await lab.etcd.kv.put({ key: "/registry/elsewhere", value: "1" });
    await lab.etcd.kv.compact(header.revision + 1n);
    proxy.cut();
    proxy.set({ mode: "ok" });
    expect(await within(outcome, "the outcome")).toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(writes.stats()).toMatchObject({ unknown: 1, unsettled: 1 });
  }, 60_000);

  test("an etcd that is not there: UNAVAILABLE or DEADLINE, and certainly not applied", async () => {
    const gone = await startLocalEtcd({ binary });
    await using etcd = await connect(gone.endpoints, { requestTimeoutMs: 2_000 });
    await using writes = createFencedWrites({ etcd, root });
    await writes.write(put("/registry/x", 0n), { timeoutMs: 60_000 });
    await gone.stop();
    // The connection's end is seen first: a write sent into it could only be unknown.
    await until(
      async () => (await failureOf(etcd.kv.range({ key: "x" }, { timeoutMs: 1000 }))).code === "UNAVAILABLE",
    );
    const error = await failureOf(writes.write(put("/registry/y", 0n), { timeoutMs: 2000 }));
    expect(["UNAVAILABLE", "DEADLINE"]).toContain(error.code);
  });

  test("a session whose lease is revoked behind its back is replaced without an error", async () => {
    await using etcd = await connect(lab.local.endpoints);
    await using writes = createFencedWrites({ etcd, root: "/keelson/revoked" });
    await writes.write(put("/registry/l0", 0n));
    const sessions = await lab.etcd.kv.range({
      key: "/keelson/revoked/sessions/",
      rangeEnd: prefixEnd("/keelson/revoked/sessions/"),
    });
    const lease = sessions.kvs[0]?.lease ?? 0n;
    expect(lease).not.toBe(0n);
    await lab.etcd.leases.revoke(lease);
    const results = await Promise.all([1, 2, 3].map((i) => writes.write(put(`/registry/l${i}`, 0n))));
    expect(results.map((r) => r.outcome)).toEqual(["applied", "applied", "applied"]);
    expect(writes.stats().sessions).toBe(2);
  });

  test("close() gives the session's keys back", async () => {
    // It waits half a second for etcd to take them back, and leaves them to the lease's end otherwise.
    await using etcd = await connect(lab.local.endpoints, { clock: new LeapClock(400) });
    const writes = createFencedWrites({ etcd, root: "/keelson/closed" });
    await writes.write(put("/registry/closed", 0n));
    await writes.close();
    await writes.close();
    const { kvs } = await lab.etcd.kv.range({
      key: "/keelson/closed/sessions/",
      rangeEnd: prefixEnd("/keelson/closed/sessions/"),
    });
    expect(kvs).toEqual([]);
    expect(await failureOf(writes.write(put("/registry/closed2", 0n)))).toMatchObject({ code: "CLOSED" });
  });

  test("a create made before a delete was answered retries past the tombstone: never a false refusal", async () => {
    await using etcd = await connect(lab.local.endpoints);
    await using writes = createFencedWrites({ etcd, root });
    await writes.write(put("/registry/ghost", 0n));
    // Another client makes and deletes the key behind this one's back, so its highest revision is older than the tombstone.
    await using other = createFencedWrites({ etcd: lab.etcd, root });
    const made = await other.write(put("/registry/fresh", 0n));
    expect(await other.write(remove("/registry/fresh", made.revision))).toMatchObject({ outcome: "applied" });
    expect(await writes.write(put("/registry/fresh", 0n))).toMatchObject({ outcome: "applied" });
    expect(writes.stats().graveRetries).toBe(1);
  });

  test("out of space: creates are NO_SPACE, pure deletes go on, also when answers are lost", async () => {
    await using small = await startLocalEtcd({ binary, extraArgs: ["--quota-backend-bytes=16777216"] });
    await using proxy = await TcpProxy.start(small.clientPort);
    await using etcd = await connect([proxy.url]);
    await using admin = await connect(small.endpoints);
    await using writes = createFencedWrites({ etcd, root });
    const made: [string, bigint][] = [];
    let failure: unknown;
    for (let i = 0; failure === undefined && i < 100; i++) {
      const key = `/registry/big/${i}`;
      await writes.write(put(key, 0n, 500_000)).then(
        (outcome) => made.push([key, outcome.outcome === "applied" ? outcome.revision : 0n]),
        (error: unknown) => (failure = error),
      );
    }
    expect(failure).toMatchObject({ code: "NO_SPACE" });
    expect(made.length).toBeGreaterThan(5);
    const pure = ([key, guard]: [string, bigint]): FencedWrite => ({
      ...remove(key, guard),
      withoutPuts: true,
    });
    const [a, b, c, d] = made;
    if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error("too few");
    expect(await failureOf(writes.write(remove(...a)))).toMatchObject({ code: "NO_SPACE" });
    expect(await writes.write(pure(a))).toMatchObject({ outcome: "applied" });
    // Every slot is used up by a fence that had to delete its key; then there is only the guard.
    for (const [i, one] of made.slice(1, 9).entries()) {
      if (i === 4 || i === 5) {
        // All four slots are gone: that there is no space for a new session is learned here, with answers.
        expect(await writes.write(pure(one))).toMatchObject({ outcome: "applied" });
        continue;
      }
      proxy.set({ mode: "swallow" });
      const outcome = writes.write(pure(one), { timeoutMs: 30_000 });
      await until(async () => (await admin.kv.range({ key: one[0] })).kvs.length === 0);
      proxy.cut();
      proxy.set({ mode: "ok" });
      expect(await within(outcome, "the delete")).toMatchObject({ outcome: "applied" });
    }
    expect(writes.stats()).toMatchObject({ fences: 4, unsettled: 0 });
  }, 120_000);

  test("writeMany(): independent outcomes, in order, in few transactions", async () => {
    await using etcd = await connect(lab.local.endpoints);
    await using writes = createFencedWrites({ etcd, root });
    const taken = await writes.write(put("/registry/bulk/7", 0n));
    const revision = taken.outcome === "applied" ? taken.revision : 0n;
    const before = etcd.stats().requests["/etcdserverpb.KV/Txn"] ?? 0;
    const outcomes = await writes.writeMany(
      Array.from({ length: 300 }, (_, i) => put(`/registry/bulk/${i}`, 0n)),
    );
    const sent = (etcd.stats().requests["/etcdserverpb.KV/Txn"] ?? 0) - before;
    expect(sent).toBeLessThanOrEqual(8);
    expect(outcomes.map((o) => (o instanceof StoreError ? o.code : o.outcome))).toEqual(
      Array.from({ length: 300 }, (_, i) => (i === 7 ? "refused" : "applied")),
    );
    expect(outcomes[7]).toMatchObject({ outcome: "refused", current: { modRevision: revision } });
    const deletes = await Promise.all(
      outcomes.map((o, i) =>
        o instanceof StoreError || o.outcome !== "applied"
          ? put(`/registry/bulk/${i}`, 0n)
          : remove(`/registry/bulk/${i}`, o.revision),
      ),
    );
    const gone = await writes.writeMany(deletes);
    expect(gone.filter((o) => !(o instanceof StoreError) && o.outcome === "applied").length).toBe(299);
    const left = await lab.etcd.kv.range({ key: "/registry/bulk/", rangeEnd: prefixEnd("/registry/bulk/") });
    expect(left.kvs.length).toBe(1);
  });

  test("writeMany(): a key given twice is written in the order given; a dead lease fails its own write only", async () => {
    await using etcd = await connect(lab.local.endpoints);
    await using writes = createFencedWrites({ etcd, root });
    const twice = await writes.writeMany([
      put("/registry/t", 0n),
      put("/registry/t", 0n),
      put("/registry/u", 0n),
    ]);
    expect(twice.map((o) => (o instanceof StoreError ? o.code : o.outcome))).toEqual([
      "applied",
      "refused",
      "applied",
    ]);
    const dead = put("/registry/dead", 0n);
    const mixed = await writes.writeMany([
      put("/registry/v", 0n),
      { ...dead, change: { type: "put", value: dead.writeId, lease: 4711n } },
      put("/registry/w", 0n),
    ]);
    expect(mixed.map((o) => (o instanceof StoreError ? o.code : o.outcome))).toEqual([
      "applied",
      "NOT_FOUND",
      "applied",
    ]);
  });

  test("writeMany(): answers lost, every write is applied once and said to be", async () => {
    await using trouble = await troubled();
    const { proxy, etcd } = trouble;
    await using writes = createFencedWrites({ etcd, root });
    // Opens the connection that bulk travels on.
    await writes.writeMany([put("/registry/warm5", 0n), put("/registry/warm6", 0n)]);
    proxy.set({ mode: "swallow" });
    const keys = Array.from({ length: 40 }, (_, i) => `/registry/lost/${i}`);
    const outcome = writes.writeMany(
      keys.map((key) => put(key, 0n)),
      { timeoutMs: 30_000 },
    );
    await until(async () => (await stored("/registry/lost/39")) !== undefined);
    proxy.cut();
    proxy.set({ mode: "ok" });
    const outcomes = await within(outcome, "the outcomes");
    expect(outcomes.map((o) => (o instanceof StoreError ? o.code : o.outcome))).toEqual(
      keys.map(() => "applied"),
    );
    for (const key of keys) expect(await stored(key)).toMatchObject({ version: 1n });
  }, 60_000);

  test("a member of three paused or killed: writes go on within their time, each applied once", async () => {
    await using cluster = await startLocalCluster({ size: 3, binary });
    await using etcd = await connect(cluster.endpoints, { requestTimeoutMs: 2000 });
    await using writes = createFencedWrites({ etcd, root });
    for (const [turn, member] of cluster.members.entries()) {
      await writes.write(put(`/registry/turn/${turn}`, 0n), { timeoutMs: 60_000 });
      const keys = Array.from({ length: 40 }, (_, i) => `/registry/go/${turn}/${i}`);
      const queue = keys.values();
      const worker = async (): Promise<void> => {
        for (const key of queue) {
          const outcome = await writes.write(put(key, 0n), { timeoutMs: 60_000 });
          expect(outcome.outcome).toBe("applied");
        }
      };
      if (turn === 1) await member.kill();
      else await member.pause();
      await Promise.all(Array.from({ length: 8 }, worker));
      if (turn === 1) await member.restart();
      else member.resume();
      for (const key of keys) {
        const { kvs } = await etcd.kv.range({ key }, { timeoutMs: 60_000 });
        expect(kvs[0]?.version).toBe(1n);
      }
    }
  }, 400_000);

  test("a create held up in a paused member never rises after a later delete of that name", async () => {
    await using cluster = await startLocalCluster({ size: 3, binary });
    for (let round = 0; round < 6; round++) {
      const member = cluster.members[round % 3];
      if (member === undefined) throw new Error("three members");
      await using only = await connect([member.advertisedUrl], { requestTimeoutMs: 1000 });
      await using late = createFencedWrites({ etcd: only, root });
      await late.write(put(`/registry/warm/${round}`, 0n), { timeoutMs: 60_000 });
      await using other = await connect(
        cluster.members.filter((m) => m !== member).map((m) => m.advertisedUrl),
      );
      await using writes = createFencedWrites({ etcd: other, root });
      const keys = Array.from({ length: 20 }, (_, i) => `/registry/late/${round}/${i}`);
      const creates = keys.map((key) =>
        late.write(put(key, 0n), { timeoutMs: 2000 }).catch((error: unknown) => error),
      );
      await member.pause();
      const reported = await Promise.all(creates);
      // Each name is deleted, as an API server would: what the late create has made, or what another client makes of that name.
      for (const [i, key] of keys.entries()) {
        for (let deleted = false; !deleted; ) {
          const made = await writes.write(put(key, 0n), { timeoutMs: 30_000 });
          const guard = made.outcome === "applied" ? made.revision : made.current?.modRevision;
          if (guard === undefined) continue;
          const outcome = await writes.write(remove(key, guard), { timeoutMs: 30_000 });
          deleted = outcome.outcome === "applied";
        }
        expect(reported[i]).toSatisfy(
          (outcome: unknown) => outcome instanceof StoreError || typeof outcome === "object",
        );
      }
      member.resume();
      await until(() => isHealthy(member.endpoints[0]));
      // Its held-up requests are done before one that it takes now.
      await only.kv.range({ key: "x" }, { timeoutMs: 60_000 });
      await delay(300);
      const { kvs } = await other.kv.range({
        key: `/registry/late/${round}/`,
        rangeEnd: prefixEnd(`/registry/late/${round}/`),
      });
      expect(kvs.map((kv) => Buffer.from(kv.key).toString())).toEqual([]);
    }
  }, 400_000);
});
