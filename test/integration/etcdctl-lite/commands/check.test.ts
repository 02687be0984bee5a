/** `check perf` and `check datascale`: the lines and exit codes of etcdctl's, and nothing left behind. */
import { expect, test } from "vitest";
import { processForAll } from "../../../support/etcd/real-etcd.ts";
import { type LiteOptions, liteAt, type Ran } from "../lite.ts";

const lab = processForAll();
const lite = (args: readonly string[], options?: LiteOptions): Promise<Ran> =>
  liteAt(lab.local.endpoints)(args, options);
const keys = async (): Promise<string> => (await lite(["get", "", "--prefix", "--keys-only"])).stdout;

test("an unknown load, and a prefix that has keys, are refused as etcdctl does", async () => {
  for (const name of ["perf", "datascale"]) {
    expect(await lite(["check", name, "--load", "huge"])).toMatchObject({
      code: 4,
      stderr: "Error: unknown load option huge\n",
    });
    await lite(["put", `/etcdctl-check-${name}/mine`, "kept"]);
    const quote = name === "perf" ? "'" : "";
    expect(await lite(["check", name])).toMatchObject({
      code: 3,
      stderr: `Error: prefix "/etcdctl-check-${name}/" has keys. Delete with ${quote}etcdctl del --prefix /etcdctl-check-${name}/${quote} first\n`,
    });
    expect(await keys()).toContain(`/etcdctl-check-${name}/mine`);
    await lite(["del", `/etcdctl-check-${name}/mine`]);
  }
});

test("check perf judges throughput, slowest write and deviation, and cleans up", async () => {
  const ran = await lite([
    "check",
    "perf",
    "--duration=2s",
    "--prefix=/p/",
    "--auto-compact",
    "--auto-defrag",
  ]);
  const lines = ran.stdout.trimEnd().split("\n");
  const [endpoint = ""] = lab.local.endpoints;
  expect(lines.slice(0, 4)).toEqual([
    expect.stringMatching(/^Compacting with revision \d+$/),
    expect.stringMatching(/^Compacted with revision \d+$/),
    `Defragmenting "${endpoint}"`,
    `Defragmented "${endpoint}"`,
  ]);
  // Each verdict one way or the other: how fast this machine is now is not what is tested.
  expect(lines.slice(4)).toEqual([
    expect.stringMatching(/^(PASS: Throughput is|FAIL: Throughput too low:) \d+ writes\/s$/),
    expect.stringMatching(/^(PASS: Slowest request took|Slowest request took too long:) \d+\.\d{6}s$/),
    expect.stringMatching(/^(PASS: Stddev is|Stddev too high:) \d+\.\d{6}s$/),
    expect.stringMatching(/^(PASS|FAIL)$/),
  ]);
  const allPassed = lines.slice(4, 7).every((line) => line.startsWith("PASS"));
  expect(lines.at(-1)).toBe(allPassed ? "PASS" : "FAIL");
  expect(ran.code).toBe(allPassed ? 0 : 1);
  expect(await keys()).toBe("");
});

test("a check that is ended early deletes its keys", async () => {
  const stop = new AbortController();
  const ran = lite(["check", "perf", "--duration=10m", "--prefix=/p/"], { signal: stop.signal });
  while (!(await keys()).includes("/p/"));
  stop.abort();
  expect((await ran).code).toBe(130);
  expect(await keys()).toBe("");
});

test("check datascale says how much memory its keys took", async () => {
  const ran = await lite(["check", "datascale", "--prefix=/d/"]);
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  expect(ran.stdout).toMatch(
    /^Start data scale check for work load \[10000 key-value pairs, 1024 bytes per key-value, 50 concurrent clients\]\.\nPASS: Approximate system memory used : -?\d+\.\d\d MB\.\n$/,
  );
  expect(await keys()).toBe("");
});
