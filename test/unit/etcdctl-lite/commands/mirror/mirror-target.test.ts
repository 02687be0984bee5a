import { StoreError } from "keelson";
import { type Etcd, type Kv, readOnlyEtcd, type TxnRequest, type TxnResponse } from "keelson/etcd";
import { memoryEtcd } from "keelson/testing";
import { expect, test } from "vitest";
import { MirrorTarget } from "../../../../../tools/etcdctl-lite/commands/mirror/mirror-target.ts";

const position = (revision: bigint) => ({ cluster: "1", revision });
const put = (key: string, value: string) => ({ type: "put", put: { key, value } }) as const;
const lost = new StoreError("OUTCOME_UNKNOWN", "no answer", { writeId: "", key: "" });

/** An etcd whose transactions go through `send`. */
function through(etcd: Etcd, send: (request: TxnRequest, kv: Kv) => Promise<TxnResponse>): Etcd {
  const { leases } = etcd;
  const kv: Kv = {
    range: (request, call) => etcd.kv.range(request, call),
    put: (request, call) => etcd.kv.put(request, call),
    deleteRange: (request, call) => etcd.kv.deleteRange(request, call),
    compact: (revision, call) => etcd.kv.compact(revision, call),
    txn: (request) => send(request, etcd.kv),
    highestRevision: 0n,
  };
  return { ...readOnlyEtcd(etcd), leases, kv };
}

async function open(etcd: Etcd, checkpoint?: string): Promise<MirrorTarget> {
  const { target } = await MirrorTarget.open(etcd, {
    call: {},
    signal: new AbortController().signal,
    checkpoint: checkpoint === undefined ? undefined : Buffer.from(checkpoint),
    warn: () => {},
  });
  return target;
}

async function storedValue(etcd: Etcd, key: string): Promise<string | undefined> {
  const [found] = (await etcd.kv.range({ key })).kvs;
  return found === undefined ? undefined : Buffer.from(found.value).toString();
}

test.each([undefined, "checkpoint"])(
  "a transaction whose answer is lost is not applied twice (checkpoint %s)",
  async (checkpoint) => {
    await using etcd = memoryEtcd();
    let sent = 0;
    const losing = through(etcd, async (request, kv) => {
      const answer = await kv.txn(request);
      if (++sent === 1) throw lost;
      return answer;
    });
    await using target = await open(losing, checkpoint);
    await target.apply([put("k", "1")], position(5n));
    expect((await etcd.kv.range({ key: "k" })).kvs[0]?.version).toBe(1n);
    await target.apply([put("k", "2")], position(6n));
    expect(await storedValue(etcd, "k")).toBe("2");
  },
);

test.each([undefined, "checkpoint"])(
  "a transaction that arrives late overwrites nothing newer (checkpoint %s)",
  async (checkpoint) => {
    await using etcd = memoryEtcd();
    const late: TxnRequest[] = [];
    const holding = through(etcd, (request, kv) => {
      if (late.length > 0) return kv.txn(request);
      late.push(request);
      return Promise.reject(lost);
    });
    await using target = await open(holding, checkpoint);
    await target.apply([put("k", "old"), put("gone", "old")], position(5n));
    await target.apply([put("k", "new")], position(6n));
    await target.apply([{ type: "delete", delete: { key: "gone" } }], position(7n));
    const [request] = late;
    expect(request).toBeDefined();
    if (request !== undefined) expect((await etcd.kv.txn(request)).succeeded).toBe(false);
    expect([await storedValue(etcd, "k"), await storedValue(etcd, "gone")]).toEqual(["new", undefined]);
  },
);

test("two mirrors on one checkpoint: the second change by the other is refused", async () => {
  await using etcd = memoryEtcd();
  await using one = await open(etcd, "checkpoint");
  await using other = await open(etcd, "checkpoint");
  await one.apply([put("k", "1")], position(5n));
  await expect(other.apply([put("k", "2")], position(4n))).rejects.toThrow("was changed by somebody else");
  expect(await storedValue(etcd, "k")).toBe("1");
});

test("the position is where the next one goes on", async () => {
  await using etcd = memoryEtcd();
  {
    await using target = await open(etcd, "checkpoint");
    await target.apply([put("k", "1")], { ...position(9n), copyFrom: Buffer.from("\0\xff", "latin1") });
  }
  const options = { call: {}, signal: new AbortController().signal, warn: () => {} };
  const checkpoint = Buffer.from("checkpoint");
  const again = await MirrorTarget.open(etcd, { ...options, checkpoint });
  expect(again.position).toEqual({ cluster: "1", revision: 9n, copyFrom: Buffer.from("\0\xff", "latin1") });
  await etcd.kv.put({ key: "checkpoint", value: "{}" });
  await expect(MirrorTarget.open(etcd, { ...options, checkpoint })).rejects.toThrow("holds no checkpoint");
});
