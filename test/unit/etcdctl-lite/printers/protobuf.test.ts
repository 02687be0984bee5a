/** What etcdctl 3.5.30 printed, byte for byte, of results with these values. */
import { expect, test } from "vitest";
import { protobufPrinter } from "../../../../tools/etcdctl-lite/printers/protobuf.ts";
import type { Result } from "../../../../tools/etcdctl-lite/results.ts";

const header = {
  clusterId: 324952591200643719n,
  memberId: 3319814642761637952n,
  revision: 3n,
  raftTerm: 2n,
};
const encodedHeader = "0887d5edba8fd59dc10410c0c0caafc1ba96892e18032002";
const pair = {
  key: Buffer.from("a"),
  createRevision: 2n,
  modRevision: 2n,
  version: 1n,
  value: Buffer.from("1"),
  lease: 0n,
};
const encodedPair = "0a01611002180220012a0131";

test.each<readonly [name: string, result: Result, hex: string]>([
  ["put with the previous value", { type: "put", response: { header, prevKv: pair } }, `120c${encodedPair}`],
  [
    "get",
    { type: "get", valuesOnly: false, response: { header, kvs: [pair], more: false, count: 1n } },
    `120c${encodedPair}2001`,
  ],
  ["watch", { type: "watch", header, events: [{ type: "put", kv: pair }] }, `5a0e120c${encodedPair}`],
  ["auth status", { type: "auth-status", header, enabled: false, authRevision: 1n }, "1801"],
  [
    "role",
    { type: "role", header, name: "r", permissions: [{ type: "read", key: Buffer.from("k") }] },
    "120312016b",
  ],
])("%s", (_name, result, hex) => {
  expect(printed(result)).toBe(`0a18${encodedHeader}${hex}`);
});

test("of a lease the header alone, as etcdctl does", () => {
  expect(printed({ type: "lease-grant", header, id: 7n, ttlSeconds: 60 })).toBe(encodedHeader);
});

test("a negative number takes its ten bytes", () => {
  const kv = { ...pair, lease: -1n };
  const hex = printed({ type: "put", response: { header, prevKv: kv } });
  expect(hex.endsWith("30ffffffffffffffffff01")).toBe(true);
});

test("what has no message of etcd's is refused with exit code 4", () => {
  expect(() => printed({ type: "endpoint-health", endpoints: [] })).toThrow(
    expect.objectContaining({ exitCode: 4, message: "protobuf not supported as output format" }),
  );
});

function printed(result: Result): string {
  const pieces: Buffer[] = [];
  const stdout = { write: (bytes: Uint8Array | string) => void pieces.push(Buffer.from(bytes)) };
  protobufPrinter({ io: { stdout, stderr: stdout }, hex: false, line: () => "3.5" }).print(result);
  return Buffer.concat(pieces).toString("hex");
}
