/**
 * Reads that a cache cannot answer go on to etcd, and still end at their own time and by the caller's signal: what is asked
 * of etcd is shared with others, so it is not theirs to end, and only the wait is.
 */
import { createStore, createWatchCache, type GetOptions, isStoreError, type WatchCache } from "keelson";
import { memoryEtcd } from "keelson/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Widget, widget, widgetKind } from "../../conformance/implementation.ts";
import { thrownBy } from "../../support/failures.ts";
import { tappedReader } from "../../support/tapped-source.ts";

const end: (() => Promise<void>)[] = [];
let cache: WatchCache<Widget>;
let token: string | undefined;

/** Of a cache that goes on to etcd with everything but `any`, and an etcd that never answers those reads. */
const reads: Readonly<Record<string, (call: GetOptions) => Promise<unknown>>> = {
  get: (call) => cache.get({ namespace: "default", name: "a" }, call),
  list: (call) => cache.list(call),
  "list of a page that is not held": (call) => cache.list({ ...call, continueToken: token }),
};

beforeEach(async () => {
  const etcd = memoryEtcd();
  const store = await createStore({ etcd, kinds: [widgetKind], compaction: false });
  const widgets = store.resources(widgetKind);
  for (const name of ["a", "b"]) await widgets.create(widget("default", name));
  token = (await widgets.list({ limit: 1 })).continueToken;
  // The version of the token is gone from what the cache will hold.
  await widgets.create(widget("default", "c"));
  const never = () => new Promise<never>(() => undefined);
  const silent = { ...tappedReader(widgets, { reliable: false }), get: never, list: never };
  cache = createWatchCache<Widget>(silent, { selfCheckIntervalMs: false });
  await cache.ready();
  end.push(
    async () => cache[Symbol.asyncDispose](),
    () => store.close(),
    () => etcd.close(),
  );
});
afterEach(async () => {
  for (const step of end.splice(0)) await step();
});

test.each(Object.keys(reads))("%s ends DEADLINE at its own time", async (what) => {
  const error = await thrownBy(reads[what]?.({ timeoutMs: 20 }) ?? Promise.resolve());
  expect(isStoreError(error, "DEADLINE") && error.details.timeoutMs).toBe(20);
});

test.each(Object.keys(reads))("%s rejects with the reason of the caller's signal", async (what) => {
  const [control, reason] = [new AbortController(), new Error("enough")];
  const reading = thrownBy(reads[what]?.({ signal: control.signal, timeoutMs: 60_000 }) ?? Promise.resolve());
  // Once it waits for etcd: past the looks that a call takes before.
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  control.abort(reason);
  expect(await reading).toBe(reason);
});
