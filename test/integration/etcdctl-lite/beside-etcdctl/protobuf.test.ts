/**
 * `-w protobuf` byte for byte as the real etcdctl prints it, over one etcd. Both only read where bytes are compared as a whole;
 * of writes, each of which makes a revision of its own, all but the revision is.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { connectEtcd } from "keelson/etcd";
import { beforeAll, describe, expect, test } from "vitest";
import { processForAll } from "../../../support/etcd/real-etcd.ts";
import { patientMs, until } from "../../../support/time/patience.ts";
import { liteAt, patience } from "../lite.ts";
import { etcdctlVersion, findEtcdctl } from "./recording.ts";
import { wordsOf } from "./run-line.ts";

const execute = promisify(execFile);
const real = await findEtcdctl();
const why = real === undefined ? ` (skipped: no etcdctl ${etcdctlVersion} on this machine)` : "";

/** They change nothing: the answers of both are the same to the last byte. */
interface Line {
  readonly line: string;
  readonly stdin?: string;
}

const reading: readonly Line[] = [
  { line: "get a" },
  { line: "get a --keys-only" },
  { line: "get '' --prefix" },
  { line: "get '' --prefix --limit 1" },
  { line: "get '' --prefix --count-only" },
  { line: "get leased" },
  { line: "get nothing" },
  { line: "get a --rev 2" },
  { line: "del nothing --prev-kv" },
  { line: "txn", stdin: 'mod("a") > "0"\n\nget a\ndel nothing --prev-kv\n\nget a\n\n' },
  { line: "txn", stdin: 'mod("a") = "0"\n\nget a\n\nget a\nget binary\n\n' },
  { line: "lease list" },
  { line: "lease timetolive 7" },
  { line: "alarm list" },
  { line: "member list" },
  { line: "auth status" },
  { line: "user list" },
  { line: "user get root" },
  { line: "role list" },
  { line: "role get r" },
  { line: "endpoint health" },
  { line: "endpoint status" },
  { line: "endpoint hashkv" },
  { line: "member remove 123" },
];

/** K is a key of each tool's own, so that both find the same. */
const writing: readonly Line[] = [
  { line: "put K 1" },
  { line: "put K 2 --prev-kv" },
  { line: "del K --prev-kv" },
  { line: "txn", stdin: "\nput K 3\nput Kb 4 --prev-kv\n\n\n" },
];

describe.skipIf(real === undefined)(`-w protobuf of etcdctl ${etcdctlVersion} and etcdctl-lite${why}`, () => {
  let lite: ReturnType<typeof liteAt>;

  async function runReal(line: string, stdin = ""): Promise<{ code: number; bytes: Buffer }> {
    const endpoints = `--endpoints=${lab.local.endpoints.join(",")}`;
    const args = [endpoints, ...patience, ...wordsOf(line), "-w", "protobuf"];
    const running = execute(real?.etcdctl ?? "", args, { encoding: "buffer" });
    // A line that does not read it may be over before it is written.
    running.child.stdin?.on("error", () => {});
    running.child.stdin?.end(stdin);
    return running.then(
      ({ stdout }) => ({ code: 0, bytes: stdout }),
      ({ code, stdout }: { code: number; stdout: Buffer }) => ({ code, bytes: stdout }),
    );
  }

  const lab = processForAll({ binary: real?.etcd.path ?? "" });
  beforeAll(async () => {
    lite = liteAt(lab.local.endpoints);
    await using client = await connectEtcd({ endpoints: lab.local.endpoints, requestTimeoutMs: patientMs });
    const { kv, auth } = client;
    await kv.put({ key: "a", value: "1" });
    await kv.put({ key: "a", value: "2" });
    await kv.put({ key: "binary", value: Buffer.from([0, 0x80, 0xff, 10]) });
    await kv.put({ key: "empty", value: "" });
    const lease = await client.leases.grant({ ttlSeconds: 3_600 });
    await kv.put({ key: "leased", value: "x".repeat(300), lease: lease.id });
    await auth.userAdd("root", { password: "pw" });
    await auth.roleAdd("r");
    const key = Buffer.from("k");
    await auth.roleGrantPermission("r", { type: "readwrite", key, rangeEnd: Buffer.from("l") });
    await auth.roleGrantPermission("r", { type: "read", key: Buffer.from("one") });
    await auth.userGrantRole("root", "r");
  });

  test.each(reading)("$line", async ({ line, stdin = "" }) => {
    const told = ({ code, bytes }: { code: number; bytes: Buffer }) => ({ code, hex: bytes.toString("hex") });
    // etcd writes to its file behind what it answers: sizes are compared while they stand still.
    let [before, found, after] = [told(await runReal(line, stdin)), {}, {}];
    await until(async () => {
      found = told(await lite([...wordsOf(line), "-w", "protobuf"], { stdin }));
      after = told(await runReal(line, stdin));
      const stood = JSON.stringify(after) === JSON.stringify(before);
      if (!stood) before = told(await runReal(line, stdin));
      return stood;
    });
    expect(found).toEqual(before);
  });

  test.each(writing)("$line", async ({ line, stdin = "" }) => {
    const as = (key: string, text: string): string => text.replace(/\bK/g, key);
    const expected = await runReal(as("real", line), as("real", stdin));
    const found = await lite([...wordsOf(as("lite", line)), "-w", "protobuf"], { stdin: as("lite", stdin) });
    expect(found.code).toBe(expected.code);
    const shape = JSON.stringify(shapeOf(found.bytes)).replaceAll("lite", "real");
    expect(shape).toBe(JSON.stringify(shapeOf(expected.bytes)));
  });

  test("watch 'a' --rev 2", async () => {
    const end = new AbortController();
    let found: Buffer = Buffer.alloc(0);
    const args = ["watch", "a", "--rev", "2", "-w", "protobuf"];
    const ran = lite(args, { signal: end.signal, onBytes: (bytes) => void (found = bytes) });
    const endpoints = `--endpoints=${lab.local.endpoints.join(",")}`;
    const running = execute(real?.etcdctl ?? "", [endpoints, ...patience, ...args], { encoding: "buffer" });
    running.catch(() => undefined);
    let expected: Buffer = Buffer.alloc(0);
    running.child.stdout?.on("data", (bytes: Buffer) => void (expected = Buffer.concat([expected, bytes])));
    await expect.poll(() => Math.min(found.length, expected.length), { timeout: 45_000 }).toBeGreaterThan(0);
    await expect.poll(() => found.toString("hex"), { timeout: 45_000 }).toBe(expected.toString("hex"));
    running.child.kill();
    end.abort();
    await ran;
  });
});

/** Field numbers, wire types and values, revisions apart: what a write and its repetition have in common. */
function shapeOf(message: Buffer): readonly unknown[] {
  const fields: unknown[] = [];
  for (let at = 0; at < message.length; ) {
    const [tag, afterTag] = varintAt(message, at);
    const [value, afterValue] = varintAt(message, afterTag);
    const field = Number(tag >> 3n);
    at = afterValue;
    if ((tag & 7n) === 0n) fields.push([field, value < 1_000n ? "revision or count" : String(value)]);
    else {
      const bytes = message.subarray(at, at + Number(value));
      at += Number(value);
      fields.push([field, isText(bytes) ? bytes.toString() : shapeOf(bytes)]);
    }
  }
  return fields;
}

const isText = (bytes: Buffer): boolean =>
  bytes.length > 0 && bytes.every((byte) => byte >= 0x30 && byte < 0x7f);

function varintAt(bytes: Buffer, from: number): readonly [value: bigint, next: number] {
  let value = 0n;
  for (let at = from, shift = 0n; ; at++, shift += 7n) {
    const byte = bytes[at] ?? 0;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at + 1];
  }
}
