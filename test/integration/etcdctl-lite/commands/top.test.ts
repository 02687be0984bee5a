/** `top` over a real etcd: figures that follow what is written, a screen only on a terminal, and nothing written by looking. */
import { beforeAll, describe, expect, test } from "vitest";
import { etcdForAll } from "../../../support/etcd/real-etcd.ts";
import { type LiteOptions, liteAt, type Ran } from "../lite.ts";

let lite: ReturnType<typeof liteAt>;

const lab = etcdForAll();
beforeAll(async () => {
  lite = liteAt(lab.local.endpoints);
  for (const key of ["/registry/pods/a/1", "/registry/pods/a/2", "/registry/nodes/n", "plain"]) {
    await lab.etcd.kv.put({ key, value: "value" });
  }
});

interface Look {
  readonly revision: number;
  readonly members: number;
  readonly watchers: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly prefixes: readonly {
    prefix: string;
    keys: number;
    bytes: number;
    puts: number;
    deletes: number;
  }[];
}

/** Runs until `enough` is true of what stands on stdout; then it is interrupted. */
async function topUntil(
  args: readonly string[],
  enough: (stdout: string) => boolean,
  options: LiteOptions & { readonly meanwhile?: () => Promise<unknown> } = {},
): Promise<Ran> {
  const end = new AbortController();
  let begun = false;
  let work: Promise<unknown> | undefined;
  const onBytes = (bytes: Buffer): void => {
    if (!begun) work = options.meanwhile?.();
    begun = true;
    if (enough(bytes.toString())) end.abort(new Error("enough"));
  };
  const ran = await lite(["top", ...args], { ...options, signal: end.signal, onBytes });
  await work;
  return ran;
}

const looksIn = (stdout: string): readonly Look[] =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Look);

test("--once counts keys and bytes by prefix, with the requests the members tell of, and writes nothing", async () => {
  const before = (await lab.etcd.kv.range({ key: "x" })).header.revision;
  const { code, stdout, stderr } = await lite(["top", "--once"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^revision \d+ {3}4 keys {3}\d+ B/);
  expect(stdout).toMatch(/^requests since start: .*Put [4-9]/m);
  expect(stdout).toMatch(/^\/registry\/pods\/ +2 +46 B$/m);
  expect(stdout).toMatch(/^\(no prefix\) +1 +10 B$/m);
  expect((await lab.etcd.kv.range({ key: "x" })).header.revision).toBe(before);
});

test("--once -w json has whole figures for a script, below a prefix one name deeper", async () => {
  const { stdout } = await lite(["top", "/registry/pods/", "--once", "-w", "json"]);
  const [look] = looksIn(stdout);
  expect(look?.prefixes).toEqual([{ prefix: "/registry/pods/a/", keys: 2, bytes: 46, puts: 0, deletes: 0 }]);
  expect(look?.members).toBe(1);
  expect(look?.requests["Put"]).toBeGreaterThanOrEqual(4);
});

test("follows what is written and deleted, a line a look", async () => {
  const meanwhile = async (): Promise<void> => {
    await lab.etcd.kv.put({ key: "/live/new", value: "12345" });
    await lab.etcd.kv.put({ key: "/live/other", value: "1" });
    await lab.etcd.kv.put({ key: "/live/new", value: "1" });
    await lab.etcd.kv.deleteRange({ key: "/live/other" });
  };
  // The page of metrics is read before the counts: a look that has all events may still have it from before the watch.
  const isThere = (stdout: string): boolean =>
    looksIn(stdout.slice(0, stdout.lastIndexOf("\n") + 1)).some(
      ({ watchers, prefixes }) =>
        watchers > 0 &&
        prefixes.some(({ prefix, puts, deletes }) => prefix === "/live/" && puts === 3 && deletes === 1),
    );
  const args = ["--depth", "1", "--interval", "50ms", "-w", "json"];
  const { code, stdout } = await topUntil(args, isThere, { meanwhile });
  expect(code).toBe(130);
  const last = looksIn(stdout).at(-1);
  expect(last?.prefixes.find(({ prefix }) => prefix === "/live/")).toEqual({
    prefix: "/live/",
    keys: 1,
    bytes: "/live/new1".length,
    puts: 3,
    deletes: 1,
  });
});

describe("redraws", () => {
  const twice = (stdout: string): boolean => (stdout.match(/^.*revision /gm)?.length ?? 0) >= 2;

  test("the screen on a terminal", async () => {
    const { stdout } = await topUntil(["--interval", "50ms"], twice, { tty: true });
    expect(stdout.split("\u001b[H\u001b[J").length).toBeGreaterThanOrEqual(3);
  });

  test("nothing in a pipe: looks follow one another, without an escape", async () => {
    const { stdout } = await topUntil(["--interval", "50ms"], twice);
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toContain("\n\nrevision ");
    expect(stdout).toContain("PUTS/S");
  });
});

test.each([
  [["--interval", "1ms"], "--interval is at least"],
  [["a", "b"], "one prefix at most"],
  [["-w", "table"], "table not supported"],
  [["--depth", "-1"], "--depth is at least 1"],
])("refuses %j and says why", async (flags, why) => {
  const { code, stderr } = await lite(["top", ...flags]);
  expect(code).toBeGreaterThan(0);
  expect(stderr).toContain(why);
});
