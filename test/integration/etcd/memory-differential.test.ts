/**
 * The in-memory etcd against a real one: the same random requests, byte for byte, must get the same answers and the
 * same refusals. Revisions are compared from the start of each run.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemRandom } from "../../../src/base/random.ts";
import { systemClock } from "../../../src/base/time/clock.ts";
import { type LocalEtcd, startLocalEtcd } from "../../../src/etcd/local/local-etcd.ts";
import type {
  Compare,
  KeyValue,
  RangeRequest,
  TxnOp,
  TxnOpResponse,
  TxnRequest,
} from "../../../src/etcd/ports/messages.ts";
import { http2Transport } from "../../../src/etcd/transport/http2/transport-http2.ts";
import { type Transport, TransportFailure } from "../../../src/etcd/transport/transport.ts";
import {
  decodeTxnResponse,
  encodeCompactionRequest,
  encodeRangeRequest,
  encodeTxnRequest,
} from "../../../src/etcd/wire/kv.ts";
import { leaseGrantRequest, leaseIdRequest } from "../../../src/etcd/wire/lease.ts";
import { MemoryServer } from "../../../src/testing/memory-server.ts";
import { EtcdRefusal } from "../../../src/testing/refusal.ts";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";

let real: LocalEtcd;
let transport: Transport;
let runs = 0;

/** A world to run commands in; revisions are relative to where the run began. */
interface World {
  readonly base: bigint;
  send(path: `/${string}/${string}`, request: Uint8Array): Promise<Uint8Array>;
}

const revisionOf = async (world: Omit<World, "base">): Promise<bigint> =>
  decodeTxnResponse(
    await world.send("/etcdserverpb.KV/Txn", encodeTxnRequest({ compare: [], success: [], failure: [] })),
  ).header.revision;

async function realWorld(): Promise<World> {
  const send: World["send"] = (path, request) => transport.unary(path, request, { timeoutMs: 60_000 });
  return { base: await revisionOf({ send }), send };
}

async function memoryWorld(): Promise<World & Disposable> {
  const server = new MemoryServer({ clock: systemClock, version: real.version });
  const send: World["send"] = async (path, request) => server.call(path, request);
  return { base: await revisionOf({ send }), send, [Symbol.dispose]: () => server.close() };
}

type Command =
  | { readonly type: "txn"; readonly txn: TxnRequest }
  | { readonly type: "compact"; readonly back: number }
  | { readonly type: "revoke" };

/** What a command gives, free of ids and absolute revisions. */
async function outcome(world: World, command: Command, lease: bigint): Promise<unknown> {
  try {
    if (command.type === "revoke") {
      await world.send("/etcdserverpb.Lease/LeaseRevoke", leaseIdRequest.encode({ id: lease }));
      return "revoked";
    }
    if (command.type === "compact") {
      const revision = (await revisionOf(world)) - BigInt(command.back);
      if (revision <= world.base) return "nothing of this run";
      await world.send("/etcdserverpb.KV/Compact", encodeCompactionRequest({ revision, physical: true }));
      return "compacted";
    }
    const reply = decodeTxnResponse(
      await world.send("/etcdserverpb.KV/Txn", encodeTxnRequest(absolute(command.txn, world.base))),
    );
    return {
      revision: reply.header.revision - world.base,
      succeeded: reply.succeeded,
      responses: reply.responses.map((response) => plain(response, world.base)),
    };
  } catch (error) {
    if (error instanceof TransportFailure) return [error.code, error.text];
    if (error instanceof EtcdRefusal) return [error.code, error.message];
    throw error;
  }
}

/** Revisions in a generated transaction count from the base. */
function absolute(txn: TxnRequest, base: bigint): TxnRequest {
  const ops = (list: readonly TxnOp[]): TxnOp[] =>
    list.map((op) => {
      if (op.type === "txn") return { type: "txn", txn: absolute(op.txn, base) };
      if (op.type !== "range" || op.range.revision === undefined) return op;
      return { type: "range", range: { ...op.range, revision: op.range.revision + base } };
    });
  const compare = txn.compare.map((one) =>
    (one.target === "mod" || one.target === "create") && one.operand > 0n
      ? { ...one, operand: one.operand + base }
      : one,
  );
  return { compare, success: ops(txn.success), failure: ops(txn.failure) };
}

function plain(response: TxnOpResponse, base: bigint): unknown {
  const kv = (one: KeyValue): unknown => ({
    key: Buffer.from(one.key).toString(),
    value: Buffer.from(one.value).toString(),
    create: one.createRevision - base,
    mod: one.modRevision - base,
    version: one.version,
    lease: one.lease,
  });
  switch (response.type) {
    case "range":
      return { kvs: response.range.kvs.map(kv), more: response.range.more, count: response.range.count };
    case "put":
      return { prev: response.put.prevKv === undefined ? undefined : kv(response.put.prevKv) };
    case "delete":
      return { deleted: response.delete.deleted, prev: response.delete.prevKvs.map(kv) };
    case "txn":
      return {
        succeeded: response.txn.succeeded,
        responses: response.txn.responses.map((inner) => plain(inner, base)),
      };
  }
}

/** Commands over six keys of one run; `prefix` keeps runs on the real store apart. */
function commands(prefix: string, lease: bigint): fc.Arbitrary<readonly Command[]> {
  const key = fc.constantFrom("a", "a/", "a/b", "b", "\u00e9", "z").map((name) => prefix + name);
  const ranged = fc.record({ key, rangeEnd: fc.option(key, { nil: undefined }) });
  const value = fc.string({ maxLength: 8 });
  const revision = fc.option(fc.bigInt(1n, 25n), { nil: undefined });
  const range = fc
    .record({
      at: ranged,
      limit: fc.constantFrom(undefined, 1, 2, 5),
      revision,
      keysOnly: fc.boolean(),
      countOnly: fc.boolean(),
      sortOrder: fc.constantFrom("none", "ascend", "descend"),
      sortTarget: fc.constantFrom("key", "mod", "version"),
    })
    .map(({ at, ...rest }): TxnOp => ({ type: "range", range: { ...at, ...rest } as RangeRequest }));
  const put = fc
    .record({
      key,
      value,
      lease: fc.constantFrom(undefined, lease),
      prevKv: fc.boolean(),
      ignore: fc.constantFrom("", "value", "lease"),
    })
    .map(
      ({ ignore, ...rest }): TxnOp => ({
        type: "put",
        put: {
          ...rest,
          value: ignore === "value" ? "" : rest.value,
          lease: ignore === "lease" ? undefined : rest.lease,
          ignoreValue: ignore === "value",
          ignoreLease: ignore === "lease",
        },
      }),
    );
  const remove = fc
    .record({ at: ranged, prevKv: fc.boolean() })
    .map(({ at, prevKv }): TxnOp => ({ type: "delete", delete: { ...at, prevKv } }));
  const compare = fc
    .record({
      at: ranged,
      result: fc.constantFrom("=", "!=", ">", "<"),
      on: fc.oneof(
        fc.record({ target: fc.constantFrom("mod", "create", "version"), operand: fc.bigInt(0n, 20n) }),
        fc.record({ target: fc.constant("lease"), operand: fc.constantFrom(0n, lease) }),
        fc.record({ target: fc.constant("value"), operand: value }),
      ),
    })
    .map(({ at, result, on }) => ({ ...at, result, ...on }) as Compare);
  const leaf = fc.array(fc.oneof({ weight: 2, arbitrary: put }, range, remove), { maxLength: 3 });
  const shape = (ops: fc.Arbitrary<TxnOp[]>): fc.Arbitrary<TxnRequest> =>
    fc.record({ compare: fc.array(compare, { maxLength: 2 }), success: ops, failure: ops });
  const nested = shape(leaf).map((txn): TxnOp => ({ type: "txn", txn }));
  const txn = shape(
    fc.array(fc.oneof({ weight: 3, arbitrary: put }, range, remove, nested), { maxLength: 4 }),
  );
  return fc.array(
    fc.oneof(
      { weight: 12, arbitrary: txn.map((one): Command => ({ type: "txn", txn: one })) },
      { weight: 1, arbitrary: fc.nat(6).map((back): Command => ({ type: "compact", back })) },
      { weight: 1, arbitrary: fc.constant<Command>({ type: "revoke" }) },
    ),
    { minLength: 1, maxLength: 25 },
  );
}

describe.each(await etcdBinaries())("the in-memory etcd as $version", ({ path }) => {
  beforeAll(async () => {
    real = await startLocalEtcd({ binary: path, extraArgs: ["--unsafe-no-fsync"] });
    const url = new URL(real.endpoints[0] ?? "");
    transport = http2Transport({
      endpoint: { url: url.href, secure: false, host: url.hostname, port: Number(url.port) },
      keepaliveTimeMs: 10_000,
      keepaliveTimeoutMs: 5_000,
      clock: systemClock,
      random: systemRandom,
    });
  });

  afterAll(async () => {
    await transport.close();
    await real.stop();
  });

  test("answers random transactions, compactions and revocations as a real etcd does", {
    timeout: 180_000,
  }, async () => {
    const lease = 0x1234_5678_9abcn;
    await fc.assert(
      fc.asyncProperty(
        fc.constant(`/run-${Date.now()}-`).chain((prefix) => commands(prefix, lease)),
        async (list) => {
          runs++;
          // Every run begins without the keys of the one before.
          await transport
            .unary("/etcdserverpb.Lease/LeaseRevoke", leaseIdRequest.encode({ id: lease }))
            .catch(() => {});
          await transport.unary(
            "/etcdserverpb.KV/Txn",
            encodeTxnRequest({
              compare: [],
              success: [{ type: "delete", delete: { key: "/run-", rangeEnd: "/run." } }],
              failure: [],
            }),
          );
          const one = await realWorld();
          using two = await memoryWorld();
          for (const world of [one, two]) {
            await world.send(
              "/etcdserverpb.Lease/LeaseGrant",
              leaseGrantRequest.encode({ id: lease, ttlSeconds: 600 }),
            );
          }
          for (const [index, command] of list.entries()) {
            expect(await outcome(two, command, lease), `command ${index}`).toEqual(
              await outcome(one, command, lease),
            );
          }
        },
      ),
      { numRuns: Number(process.env["DIFFERENTIAL_RUNS"] ?? 150) },
    );
    expect(runs).toBeGreaterThan(0);
  });

  test("refuses an empty key, too many operations and unknown methods with etcd's own words", async () => {
    using memory = await memoryWorld();
    const world = await realWorld();
    const put: TxnOp = { type: "put", put: { key: "/same", value: "" } };
    const requests: TxnRequest[] = [
      { compare: [], success: [{ type: "put", put: { key: "", value: "x" } }], failure: [] },
      {
        compare: [],
        success: Array.from(
          { length: 129 },
          (_, i) => ({ type: "put", put: { key: `/k${i}`, value: "" } }) as TxnOp,
        ),
        failure: [],
      },
      { compare: [], success: [put, put], failure: [] },
      { compare: [], success: [put], failure: [put] },
      { compare: [], success: [{ type: "put", put: { key: "/k", value: "", lease: 77n } }], failure: [] },
    ];
    for (const txn of requests) {
      expect(await outcome(memory, { type: "txn", txn }, 1n)).toEqual(
        await outcome(world, { type: "txn", txn }, 1n),
      );
    }
    await expect(memory.send("/etcdserverpb.KV/Range", encodeRangeRequest({ key: "" }))).rejects.toThrow(
      "key is not provided",
    );
    await expect(memory.send("/etcdserverpb.Auth/UserList", new Uint8Array(0))).rejects.toThrow(
      "not part of",
    );
  });
});
