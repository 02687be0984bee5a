/** `make-mirror`: what is at the source is at the destination, whoever is killed in between. */
import type { TxnOp } from "keelson/etcd";
import { type Etcd, prefixEnd } from "keelson/etcd";
import { expect, test } from "vitest";
import { etcdForAll } from "../../../support/etcd/real-etcd.ts";
import { seededRandom } from "../../../support/seeded-random.ts";
import { until, within } from "../../../support/time/patience.ts";
import { type LiteOptions, liteAt, type Ran } from "../lite.ts";

const source = etcdForAll();
const destination = etcdForAll();

const lite = (args: readonly string[], options?: LiteOptions): Promise<Ran> =>
  liteAt(source.local.endpoints)(args, options);

/** Keys below `prefix`, without it, and their values. */
async function below(etcd: Etcd, prefix: string): Promise<ReadonlyMap<string, string>> {
  const range =
    prefix === "" ? { key: "\0", rangeEnd: "\0" } : { key: prefix, rangeEnd: prefixEnd(Buffer.from(prefix)) };
  const { kvs } = await etcd.kv.range(range);
  return new Map(
    kvs.map(({ key, value }) => [
      Buffer.from(key).toString().slice(prefix.length),
      Buffer.from(value).toString(),
    ]),
  );
}

/** A mirror that runs until `end()`, which gives what it said. */
function mirror(...flags: readonly string[]): { end(): Promise<Ran>; readonly ran: Promise<Ran> } {
  const stop = new AbortController();
  const [url = ""] = destination.local.endpoints;
  // Shorter than the bounds that tests of the tool have: a destination that is away must not be waited for by one request.
  const ran = lite(["make-mirror", ...flags, "--command-timeout=5s", url.replace("http://", "")], {
    signal: stop.signal,
  });
  return {
    ran,
    end: () => {
      stop.abort();
      return within(ran, "the mirror ends");
    },
  };
}

/** Puts, deletions and transactions on a few keys, so that a lost, repeated or swapped one shows. */
async function write(prefix: string, seed: number, steps: number): Promise<void> {
  const random = seededRandom(seed);
  const operation = (key: string, value: string): TxnOp =>
    random.below(3) === 0
      ? { type: "delete", delete: { key } }
      : { type: "put", put: { key, value: `${value} ${random.below(1_000_000)}` } };
  for (let step = 0; step < steps; step++) {
    const keys = new Set(Array.from({ length: 1 + random.below(5) }, () => `${prefix}${random.below(12)}`));
    const success = [...keys].map((key) => operation(key, `${seed}.${step}`));
    await source.etcd.kv.txn({ compare: [], success, failure: [] });
  }
}

async function untilSame(prefix: string, there: string = prefix): Promise<void> {
  await until(async () => {
    const [own, copy] = [await below(source.etcd, prefix), await below(destination.etcd, there)];
    return JSON.stringify([...own]) === JSON.stringify([...copy]);
  }, `the mirror has all of ${prefix}`);
}

test("bad arguments end with etcdctl's words and code 128, before anything is dialled", async () => {
  for (const [line, message] of [
    [["make-mirror"], "make-mirror takes one destination argument"],
    [["make-mirror", "a", "b"], "make-mirror takes one destination argument"],
    [
      ["make-mirror", "--no-dest-prefix", "--dest-prefix=x", "a"],
      "`--dest-prefix` and `--no-dest-prefix` cannot be set at the same time, choose one",
    ],
    [["make-mirror", "--dest-cert=x", "a"], "KeyFile and CertFile must both be present[key: , cert: x]"],
    [["make-mirror", "--max-txn-ops=1", "a"], "--max-txn-ops is 1"],
  ] as const) {
    const ran = await lite(line);
    expect([ran.code, ran.stderr]).toEqual([128, expect.stringContaining(`Error: ${message}`)]);
  }
});

test("copies a prefix to another prefix and follows it; transactions larger than --max-txn-ops are split", async () => {
  await write("/a/", 1, 60);
  await source.etcd.kv.put({ key: "/other", value: "x" });
  const running = mirror("--prefix=/a/", "--dest-prefix=/copy/", "--max-txn-ops=3");
  await untilSame("/a/", "/copy/");
  await write("/a/", 2, 60);
  await untilSame("/a/", "/copy/");
  expect(await below(destination.etcd, "/other")).toEqual(new Map());
  const { code, stderr } = await running.end();
  expect(code).toBe(130);
  const revision = BigInt(
    /Mirrored up to revision (\d+) of the source; --rev (\d+) continues/.exec(stderr)?.[2] ?? 0,
  );

  // From there on, and to the root.
  await write("/a/", 3, 20);
  const later = mirror("--prefix=/a/", "--dest-prefix=/copy/", `--rev=${revision}`);
  await untilSame("/a/", "/copy/");
  await later.end();
  const root = mirror("--prefix=/a/", "--no-dest-prefix");
  await until(
    async () => (await below(destination.etcd, "")).size >= 2 * (await below(source.etcd, "/a/")).size,
    "copied to the root",
  );
  await root.end();
  for (const [key, value] of await below(source.etcd, "/a/"))
    expect((await below(destination.etcd, "")).get(key)).toBe(value);
  // A mirror that has ended leaves no key of its own.
  expect(await below(destination.etcd, "keelson/")).toEqual(new Map());
});

test("nothing is lost, repeated or swapped while source and destination are killed in turn", {
  timeout: 180_000,
}, async () => {
  const running = mirror("--prefix=/k/");
  await write("/k/", 10, 20);
  await untilSame("/k/");
  for (const [round, victim] of [destination.local, source.local, destination.local].entries()) {
    const writing = (async () => {
      // What fails while the source is down is not there, and what may have been applied is.
      for (let i = 0; i < 10; i++) await write("/k/", 100 + round * 10 + i, 15).catch(() => undefined);
    })();
    await victim.kill();
    if (victim === destination.local) await writing;
    await victim.restart();
    await writing;
    await write("/k/", 1_000 + round, 15);
    await untilSame("/k/");
  }
  const { code, stderr } = await running.end();
  expect(code).toBe(130);
  // A destination that is back within a request's time is waited for without a word; what was said is taken back.
  const said = (text: string): number => stderr.split(text).length;
  expect(said("the destination answers again")).toBe(
    said("the destination does not answer, and is tried again"),
  );
});

test("with --checkpoint a new process goes on where the last one was, in the middle of the first copy too", async () => {
  const flags = ["--prefix=/c/", "--checkpoint=/position", "--max-txn-ops=5"];
  // Large values: the first copy takes several transactions.
  const large = Array.from({ length: 60 }, (_, i) => `/c/large-${String(i).padStart(2, "0")}`);
  for (const key of large) await source.etcd.kv.put({ key, value: "x".repeat(50_000) });
  const first = mirror(...flags);
  await until(async () => (await below(destination.etcd, "/c/")).size >= 8, "a part is copied");
  await first.end();
  const part = (await below(destination.etcd, "/c/")).size;
  // Copied already, and deleted while no mirror runs: they must go.
  await source.etcd.kv.deleteRange({ key: "/c/large-00", rangeEnd: "/c/large-05" });
  const second = mirror(...flags);
  await untilSame("/c/");
  await second.end();
  expect(part).toBeGreaterThan(0);
  for (let round = 0; round < 4; round++) {
    const running = mirror(...flags);
    const writing = write("/c/", 500 + round, 40);
    await until(async () => (await destination.etcd.kv.range({ key: "/position" })).kvs.length > 0);
    await running.end();
    await writing;
    await source.etcd.kv.deleteRange({ key: `/c/${round}` });
  }
  const last = mirror(...flags);
  await untilSame("/c/");
  await last.end();

  // A checkpoint of another cluster, or of nobody, is refused.
  await destination.etcd.kv.put({ key: "/position", value: '{"cluster":"1","revision":"5"}' });
  expect(await mirror(...flags).ran).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("is of cluster 1"),
  });
  await destination.etcd.kv.put({ key: "/position", value: "hello" });
  expect(await mirror(...flags).ran).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("holds no checkpoint"),
  });
});

test("a start that the source has compacted says so", async () => {
  const { header } = await source.etcd.kv.put({ key: "/z", value: "1" });
  await source.etcd.kv.compact(header.revision);
  const ran = await mirror("--rev=1").ran;
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("etcd's history is compacted up to");
});
