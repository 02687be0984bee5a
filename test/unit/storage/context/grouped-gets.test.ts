import { expect, test } from "vitest";
import { StoreError } from "../../../../src/errors.ts";
import type { Kv } from "../../../../src/etcd/ports/kv.ts";
import type { RangeRequest, RangeResponse, TxnRequest } from "../../../../src/etcd/ports/messages.ts";
import { GroupedGets } from "../../../../src/storage/context/grouped-gets.ts";

const header = (revision: bigint) => ({ clusterId: 1n, memberId: 1n, revision, raftTerm: 1n });

/** Answers when told to; every key's value is its own text. */
class HeldKv implements Pick<Kv, "range" | "txn"> {
  readonly sent: (readonly string[])[] = [];
  readonly #held: (() => void)[] = [];
  revision = 1n;
  failGroups = false;

  async range(request: RangeRequest): Promise<RangeResponse> {
    this.sent.push([String(request.key)]);
    await this.#hold();
    return this.#answer(request);
  }

  async txn(request: TxnRequest): Promise<Awaited<ReturnType<Kv["txn"]>>> {
    const ranges = request.success.flatMap((op) => (op.type === "range" ? [op.range] : []));
    this.sent.push(ranges.map(({ key }) => String(key)));
    await this.#hold();
    if (this.failGroups) throw new StoreError("PERMISSION_DENIED", "no", {});
    const responses = ranges.map((range) => ({ type: "range" as const, range: this.#answer(range) }));
    return { header: header(this.revision), succeeded: true, responses };
  }

  release(): void {
    for (const go of this.#held.splice(0)) go();
  }

  #hold(): Promise<void> {
    return new Promise((resolve) => this.#held.push(resolve));
  }

  #answer({ key }: RangeRequest): RangeResponse {
    const bytes = new TextEncoder().encode(String(key));
    const absent = String(key).startsWith("no");
    const kv = { key: bytes, value: bytes, createRevision: 1n, modRevision: 1n, version: 1n, lease: 0n };
    return { header: header(this.revision), kvs: absent ? [] : [kv], more: false, count: absent ? 0n : 1n };
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("gets of one turn travel in one request, each key once", async () => {
  const kv = new HeldKv();
  const gets = new GroupedGets(kv, { serializable: false });
  const all = Promise.all(["a", "b", "a", "no"].map((key) => gets.get(key)));
  await turn();
  expect(kv.sent).toEqual([["a", "b", "no"]]);
  kv.release();
  const [a, b, again, none] = await all;
  expect(a).toBe(again);
  expect(new TextDecoder().decode(b?.kv?.value)).toBe("b");
  expect(none?.kv).toBeUndefined();
});

test("a get never joins a request that has been sent", async () => {
  const kv = new HeldKv();
  const gets = new GroupedGets(kv, { serializable: false });
  const early = gets.get("a");
  await turn();
  kv.revision = 2n;
  const late = gets.get("a");
  await turn();
  expect(kv.sent).toEqual([["a"], ["a"]]);
  kv.release();
  await Promise.all([early, late]);
});

test("beyond four requests under way callers gather, and then go together", async () => {
  const kv = new HeldKv();
  const gets = new GroupedGets(kv, { serializable: false });
  const work: Promise<unknown>[] = [];
  for (let i = 0; i < 4; i++) {
    work.push(gets.get(`k${i}`));
    await turn();
  }
  for (let i = 4; i < 10; i++) {
    work.push(gets.get(`k${i}`));
    await turn();
  }
  expect(kv.sent).toHaveLength(4);
  kv.release();
  await turn();
  expect(kv.sent.at(-1)).toEqual(["k4", "k5", "k6", "k7", "k8", "k9"]);
  kv.release();
  await Promise.all(work);
});

test("a group that etcd refuses as a whole is read key by key", async () => {
  const kv = new HeldKv();
  kv.failGroups = true;
  const gets = new GroupedGets(kv, { serializable: false });
  const both = Promise.all([gets.get("a"), gets.get("b")]);
  await turn();
  kv.release();
  await turn();
  kv.release();
  expect((await both).map(({ kv: got }) => new TextDecoder().decode(got?.value))).toEqual(["a", "b"]);
});
