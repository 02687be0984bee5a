/** The loop that follows a store, where its history is replaced at an awkward moment. */
import { createStore } from "keelson";
import { expect, test } from "vitest";
import { definitionOf } from "../../../../src/resource/model/define-kind.ts";
import {
  type HasStoredSource,
  type StoredSource,
  storedSource,
} from "../../../../src/storage/seam/stored.ts";
import { CacheCounters } from "../../../../src/watch/bounds/cache-counters.ts";
import { parseCacheOptions } from "../../../../src/watch/bounds/cache-options.ts";
import { Feed } from "../../../../src/watch/feed/feed.ts";
import { widget, widgetKind } from "../../../conformance/implementation.ts";
import { MemoryLab } from "../../../support/etcd/memory-lab.ts";

/** The source, with its answer about progress held back until `answer` is called, and its epoch changed by `changeEpoch`. */
function heldSource(source: StoredSource): {
  readonly source: StoredSource;
  readonly asked: Promise<void>;
  readonly answer: () => void;
  readonly changeEpoch: () => void;
} {
  let ask = (): void => undefined;
  let answer = (): void => undefined;
  const asked = new Promise<void>((resolve) => (ask = resolve));
  const answered = new Promise<void>((resolve) => (answer = resolve));
  let onChange = (): void => undefined;
  const held = new Proxy(source, {
    get(target, name) {
      if (name === "onEpochChange") {
        return (listener: () => void): Disposable => {
          onChange = listener;
          return { [Symbol.dispose]: () => undefined };
        };
      }
      if (name === "progressIsReliable") {
        return async (): Promise<boolean> => {
          ask();
          await answered;
          return true;
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return {
    source: held,
    asked,
    answer: () => answer(),
    changeEpoch: () => onChange(),
  };
}

test("a history replaced while progress of the old one is looked at is listed anew", async () => {
  await using lab = new MemoryLab();
  const etcd = lab.connect();
  await using store = await createStore({ etcd, kinds: [widgetKind], compaction: false });
  await store.resources(widgetKind).create(widget("default", "a", 1));
  const { source, asked, answer, changeEpoch } = heldSource(
    (store as typeof store & HasStoredSource)[storedSource],
  );
  const counters = new CacheCounters();
  const feed = new Feed(source, parseCacheOptions(), counters);
  feed.start();
  await feed.ready();
  const { header } = await etcd.kv.put({ key: "/beside", value: "x" });
  // Asks for progress until it is there.
  const reached = feed.reach(header.revision, Number.POSITIVE_INFINITY);
  await asked;
  changeEpoch();
  answer();
  expect(await reached).toBe(true);
  await feed.ready();
  const kind = feed.kinds.get(definitionOf(widgetKind).resource);
  expect(kind !== undefined && feed.covers(kind)).toBe(true);
  expect(kind?.state.size).toBe(1);
  expect(counters).toMatchObject({ fills: 2, relists: 0, restoresNoticed: 1 });
  await feed.stop();
});
