/**
 * `watch -i`: the same lines typed into etcdctl-lite and, where this machine has it, into etcdctl 3.5.30; what both print is
 * what is written here. Each line waits for what the one before has printed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { beforeAll, describe, expect, test } from "vitest";
import { progressIsReliable } from "../../../../src/storage/watch/progress-trust.ts";
import { etcdForAll } from "../../../support/etcd/real-etcd.ts";
import { liteAt, patience } from "../lite.ts";
import { etcdctlVersion, findEtcdctl } from "./recording.ts";

const real = await findEtcdctl();
const why = real === undefined ? ` (skipped: no etcdctl ${etcdctlVersion} on this machine)` : "";
/** A step that has not printed what it should by then has failed. */
const stepMs = 45_000;

const lab = etcdForAll(real === undefined ? {} : { binary: real.etcd.path });
let lite: ReturnType<typeof liteAt>;

beforeAll(async () => {
  lite = liteAt(lab.local.endpoints);
  await lab.etcd.kv.put({ key: "a", value: "1" });
  await lab.etcd.kv.put({ key: "a", value: "2" });
  await lab.etcd.kv.put({ key: "b", value: "1" });
});

interface Step {
  readonly type: string;
  /** Printed on stdout before the next step. */
  readonly stdout?: string;
  readonly stderr?: string;
}

interface Printed {
  stdout: string;
  stderr: string;
}

async function* typed(steps: readonly Step[], printed: Printed): AsyncGenerator<string> {
  const expected = { stdout: "", stderr: "" };
  for (const { type, stdout = "", stderr = "" } of steps) {
    yield `${type}\n`;
    expected.stdout += stdout;
    expected.stderr += stderr;
    await expect.poll(() => told(printed), { timeout: stepMs }).toEqual(told(expected));
  }
}

/** Without the client's own log. */
const told = ({ stdout, stderr }: Printed): Printed => ({ stdout, stderr: stderr.replace(/^\{.*\n/gm, "") });

async function throughLite(steps: readonly Step[]): Promise<Printed & { code: number }> {
  const printed = { stdout: "", stderr: "" };
  const { code, stdout, stderr } = await lite(["watch", "-i"], {
    stdin: typed(steps, printed),
    onBytes: (bytes) => void (printed.stdout = bytes.toString()),
    onErrorBytes: (bytes) => void (printed.stderr = bytes.toString()),
  });
  return { ...told({ stdout, stderr }), code };
}

async function throughReal(steps: readonly Step[]): Promise<Printed & { code: number }> {
  const printed = { stdout: "", stderr: "" };
  const endpoints = `--endpoints=${lab.local.endpoints.join(",")}`;
  const child = spawn(real?.etcdctl ?? "", [endpoints, ...patience, "watch", "-i"]);
  const closed = once(child, "close");
  child.stdin.on("error", () => {});
  child.stdout.on("data", (bytes: Buffer) => void (printed.stdout += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => void (printed.stderr += bytes.toString()));
  try {
    for await (const line of typed(steps, printed)) child.stdin.write(line);
  } finally {
    child.stdin.end();
  }
  const [code] = await closed;
  return { ...told(printed), code: Number(code) };
}

const ended = "Error: error reading watch request line: EOF\n";

describe.each([
  { tool: "etcdctl-lite", through: throughLite, left: false },
  { tool: `etcdctl ${etcdctlVersion}${why}`, through: throughReal, left: real === undefined },
])("watch -i of $tool", ({ through, left }) => {
  test.skipIf(left)("begins a watch a line, asks for progress, and says what is no order", async () => {
    // Old etcds drop the request: there is nothing to wait for.
    const answered = await progressIsReliable(lab.etcd);
    const progress = (stdout: string): readonly Step[] => (answered ? [{ type: "progress", stdout }] : []);
    const { code, stderr } = await through([
      { type: "", stderr: "Invalid command:  (watch and progress supported)\n" },
      { type: "hello", stderr: "Invalid command hello (only support watch)\n" },
      { type: "watch", stderr: "Invalid command watch (command type or key is not provided)\n" },
      { type: "watch a --rev 2 --prev-kv", stdout: "PUT\na\n1\nPUT\na\n1\na\n2\n" },
      ...progress("progress notify: 4\n"),
      { type: "watch b --rev 2", stdout: "PUT\nb\n1\n" },
      ...progress("progress notify: 4\nprogress notify: 4\n"),
    ]);
    expect(code).toBe(3);
    expect(stderr.endsWith(ended)).toBe(true);
  });

  test.skipIf(left)("runs a command for each event", async () => {
    const { code } = await through([
      { type: "watch a --rev 2 -- echo changed", stdout: "PUT\na\n1\nPUT\na\n2\nchanged\nchanged\n" },
    ]);
    expect(code).toBe(3);
  });

  test.skipIf(left)("ends with 128 for a flag that is none, and for -- without a command", async () => {
    expect(await through([{ type: "watch a --zz" }])).toEqual({
      code: 128,
      stdout: "",
      stderr: "Error: unknown flag: --zz\n",
    });
    expect(await through([{ type: "watch a --" }])).toEqual({
      code: 128,
      stdout: "",
      stderr: "Error: bad number of arguments (found separator --, but no commands)\n",
    });
  });
});

// Changes etcd for all: last.
describe.each([
  { tool: "etcdctl-lite", through: throughLite, left: false },
  { tool: `etcdctl ${etcdctlVersion}${why}`, through: throughReal, left: real === undefined },
])("watch -i of $tool, once history is compacted", ({ through, left }) => {
  test.skipIf(left)("says of a watch that it was cancelled, and goes on with the others", async () => {
    await lab.etcd.kv.compact(3n);
    const cancelled = "watch was canceled (etcdserver: mvcc: required revision has been compacted)\n";
    const { code } = await through([
      { type: "watch a --rev 1", stderr: cancelled },
      { type: "watch b --rev 4", stdout: "PUT\nb\n1\n" },
    ]);
    expect(code).toBe(3);
  });
});
