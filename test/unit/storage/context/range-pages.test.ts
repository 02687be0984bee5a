import { expect, test } from "vitest";
import type { KeyValue, RangeRequest, RangeResponse } from "../../../../src/etcd/ports/messages.ts";
import { KeyRange } from "../../../../src/resource/model/key-range.ts";
import { PageSizer, rangePages } from "../../../../src/storage/context/range-pages.ts";

const range = KeyRange.ofPrefix("/r/");

/** A thousand keys with values of one size. */
function source(valueBytes: number): {
  readonly requests: RangeRequest[];
  range(request: RangeRequest): Promise<RangeResponse>;
} {
  const keys = Array.from({ length: 1000 }, (_, i) => `/r/${String(i).padStart(4, "0")}`);
  const requests: RangeRequest[] = [];
  return {
    requests,
    async range(request) {
      requests.push(request);
      const left = keys.filter((key) => key >= String(request.key));
      const kvs = left.slice(0, request.limit).map(
        (key): KeyValue => ({
          key: new TextEncoder().encode(key),
          value: new Uint8Array(valueBytes),
          createRevision: 1n,
          modRevision: 1n,
          version: 1n,
          lease: 0n,
        }),
      );
      const header = { clusterId: 1n, memberId: 1n, revision: 40n, raftTerm: 1n };
      return { header, kvs, more: left.length > kvs.length, count: BigInt(left.length) };
    },
  };
}

const all = { range, revision: 0n, serializable: false, wanted: () => Number.POSITIVE_INFINITY, ahead: true };

test("pages cover the range once, in order, all but the first at its revision", async () => {
  const kv = source(100);
  const seen: string[] = [];
  for await (const page of rangePages(kv, new PageSizer(), all, {})) {
    expect(page.revision).toBe(40n);
    expect(page.remaining).toBe(1000 - seen.length - page.kvs.length);
    seen.push(...page.kvs.map(({ key }) => new TextDecoder().decode(key)));
  }
  expect(seen).toEqual([...seen].sort());
  expect(new Set(seen).size).toBe(1000);
  expect(kv.requests.map(({ revision }) => revision)).toEqual(
    kv.requests.map((_, i) => (i === 0 ? 0n : 40n)),
  );
});

test("pages of large values hold few of them, whatever is wanted", async () => {
  const kv = source(1024 * 1024);
  const sizer = new PageSizer();
  let items = 0;
  for await (const page of rangePages(kv, sizer, { ...all, ahead: false }, {})) {
    items += page.kvs.length;
    if (items >= 120) break;
  }
  expect(kv.requests.map(({ limit }) => limit).slice(1)).toEqual(kv.requests.slice(1).map(() => 1));
});

test("a walk asks for what is wanted, and ends when nothing more is", async () => {
  const kv = source(100);
  let wanted = 7;
  for await (const page of rangePages(
    kv,
    new PageSizer(),
    { ...all, ahead: false, wanted: () => wanted },
    {},
  )) {
    wanted -= page.kvs.length;
  }
  expect(kv.requests.map(({ limit }) => limit)).toEqual([7]);
});

test("a walk that is left while a page is under way leaves no rejection behind", async () => {
  const kv = source(100);
  let calls = 0;
  const failing = {
    range: (request: RangeRequest) =>
      ++calls === 1 ? kv.range(request) : Promise.reject(new Error("connection lost")),
  };
  for await (const page of rangePages(failing, new PageSizer(), all, {})) {
    expect(page.kvs.length).toBeGreaterThan(0);
    break;
  }
  expect(calls).toBe(2);
});

test("pages of a large range are larger: each takes a part of what is left, within bounds", () => {
  const sizer = new PageSizer();
  const value = new Uint8Array(1_000);
  const kv = { key: new Uint8Array(24), value, createRevision: 1n, modRevision: 1n, version: 1n, lease: 0n };
  sizer.learn([kv]);
  const items = (remaining?: number): number => sizer.items(Number.POSITIVE_INFINITY, remaining);
  expect(items()).toBe(1_024);
  expect(items(10_000)).toBe(1_024);
  expect(items(128_000)).toBe(4_000);
  // 8 MiB is the most, and so are 20,000 of the smallest.
  expect(items(1_000_000)).toBe(8_192);
  expect(sizer.items(500, 1_000_000)).toBe(500);
  const tiny = new PageSizer();
  tiny.learn([{ ...kv, key: new Uint8Array(20), value: new Uint8Array(20) }]);
  expect(tiny.items(Number.POSITIVE_INFINITY, 1_000)).toBe(2_500);
  expect(tiny.items(Number.POSITIVE_INFINITY, 10_000_000)).toBe(20_000);
  let visits = 0;
  for (let left = 1_000_000; left > 0; left -= items(left)) visits += left;
  expect(visits).toBeLessThan(1_000_000 * 100);
});
