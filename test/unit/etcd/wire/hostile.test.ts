/** Damaged and hostile bytes: a WireError or a message, never anything else, and never memory beyond the input. */
import { describe, expect, it } from "vitest";
import * as kv from "../../../../src/etcd/wire/kv.ts";
import * as server from "../../../../src/etcd/wire/kv-server.ts";
import { statusResponse } from "../../../../src/etcd/wire/maintenance.ts";
import { WireError } from "../../../../src/etcd/wire/reader.ts";
import * as watch from "../../../../src/etcd/wire/watch.ts";
import { seededRandom } from "../../../support/seeded-random.ts";

const header = { clusterId: 0xcdf818194e3a8c32n, memberId: 0x8e9e05c52164694dn, revision: 7n, raftTerm: 2n };
const pod = {
  key: Buffer.from("/registry/pods/default/web-1"),
  value: Buffer.alloc(300, 7),
  createRevision: 2n,
  modRevision: 7n,
  version: 3n,
  lease: 0x7587_1234_5678_9abcn,
};
const range = server.rangeResponse.encode({ header, kvs: [pod, pod], more: true, count: 9n });
const txn = server.txnResponse.encode({
  header,
  succeeded: true,
  responses: [
    { type: "range", range: { header, kvs: [pod], more: false, count: 1n } },
    { type: "txn", txn: { header, succeeded: false, responses: [{ type: "put", put: { header } }] } },
  ],
});
const events = watch.encodeWatchReply({
  header,
  watchId: 1n,
  created: false,
  canceled: false,
  compactRevision: 0n,
  cancelReason: "",
  fragment: false,
  events: [{ type: "put", kv: pod, prevKv: pod }],
});
const messages = [
  ["RangeResponse", range, kv.decodeRangeResponse],
  ["TxnResponse", txn, kv.decodeTxnResponse],
  ["WatchResponse", events, watch.decodeWatchReply],
] as const;

const outcome = (decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): unknown => {
  try {
    return decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return undefined;
  }
};

describe("damaged messages", () => {
  it.each(messages)("%s cut at every length gives a message or a WireError", (_name, bytes, decode) => {
    for (let length = 0; length < bytes.length; length++) outcome(decode, bytes.subarray(0, length));
  });

  it.each(messages)("%s with every byte changed gives a message or a WireError", (_name, bytes, decode) => {
    const random = seededRandom(7);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << random.below(8));
      outcome(decode, damaged);
    }
  });

  it("random bytes give a message or a WireError", () => {
    const random = seededRandom(11);
    for (let round = 0; round < 8_000; round++) {
      const bytes = random.bytes(random.below(60));
      for (const [, , decode] of messages) outcome(decode, bytes);
      outcome(statusResponse.decode, bytes);
    }
  });

  it.each([
    ["a length beyond the end", [0x12, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ["an endless varint", [0x20, ...Array<number>(11).fill(0x80)]],
    ["field number 0", [0x02, 0x00]],
    ["a group", [0x7b]],
    ["a number cut short", [0x18, 0x80]],
  ])("refuses %s with the place", (_name, bytes) => {
    expect(() => kv.decodeRangeResponse(Uint8Array.from(bytes))).toThrow(/Cannot decode message at byte \d+/);
  });

  it("refuses transactions nested a thousand deep instead of exhausting the stack", () => {
    let bytes: Uint8Array = new Uint8Array(0);
    const field = (number: number, body: Uint8Array): Uint8Array => {
      const length: number[] = [];
      for (let rest = body.length; ; rest >>= 7) {
        if (rest < 128) {
          length.push(rest);
          break;
        }
        length.push((rest & 127) | 128);
      }
      return Buffer.concat([Uint8Array.from([(number << 3) | 2, ...length]), body]);
    };
    for (let depth = 0; depth < 1000; depth++) bytes = field(3, field(4, bytes));
    expect(() => kv.decodeTxnResponse(bytes)).toThrow(/nest deeper/);
  });
});

describe("values", () => {
  it("decoded values are copies that do not pin the reply", () => {
    const reply = Buffer.from(range);
    const [first] = kv.decodeRangeResponse(reply).kvs;
    reply.fill(0);
    expect(first?.value).toEqual(new Uint8Array(300).fill(7));
    expect(first?.value.buffer.byteLength).toBe(300);
    expect(first?.key.buffer.byteLength).toBe(pod.key.length);
  });

  it.each([
    [0n],
    [1n],
    [127n],
    [128n],
    [2n ** 49n - 1n],
    [2n ** 49n],
    [2n ** 53n + 1n],
    [2n ** 63n - 1n],
    [-1n],
    [-(2n ** 63n)],
  ])("revision %s is exact", (revision) => {
    const bytes = server.rangeResponse.encode({
      header: { ...header, revision },
      kvs: [],
      more: false,
      count: 0n,
    });
    expect(kv.decodeRangeResponse(bytes).header).toEqual({ ...header, revision });
  });
});
