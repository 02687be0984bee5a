/** Watches: starts, scopes, selector transitions, initial events, bookmarks, ends. */
import type { WatchEvent } from "keelson";
import { describe, expect } from "vitest";
import { thrownBy } from "../support/failures.ts";
import { withTimeEnough } from "../support/time/patience.ts";
import {
  claim,
  eventsUntil,
  type Suite,
  shortly,
  type Widget,
  watchFrom,
  widget,
  widgetKind,
} from "./implementation.ts";

export function watchesConformance(suite: Suite): void {
  const reader = () => suite.subject().reader(widgetKind);
  const writer = () => suite.subject().writer(widgetKind);
  const count = (n: number) => (events: readonly unknown[]) => events.length >= n;

  describe("watch", () => {
    claim(suite, "watch() without a version delivers what is written from the call on", async () => {
      const namespace = await suite.freshNamespace();
      await writer().create(widget(namespace, "before"));
      const watch = reader().watch({ namespace });
      const made = await writer().create(widget(namespace, "a", 1));
      const changed = await writer().update({ ...made, spec: { size: 2 } });
      const gone = await writer().delete({ namespace, name: "a" });
      const events = await eventsUntil(watch, count(3));
      expect(events).toEqual([
        { type: "ADDED", object: made, resourceVersion: made.metadata.resourceVersion },
        { type: "MODIFIED", object: changed, resourceVersion: changed.metadata.resourceVersion },
        { type: "DELETED", object: gone, resourceVersion: gone.metadata.resourceVersion },
      ]);
    });

    claim(suite, "watch() from a version delivers every event after it, in order, once", async () => {
      const namespace = await suite.freshNamespace();
      const versions: string[] = [];
      let last = await writer().create(widget(namespace, "a", 0));
      versions.push(last.metadata.resourceVersion);
      for (let size = 1; size < 20; size++) {
        last = await writer().update({ ...last, spec: { size } });
        versions.push(last.metadata.resourceVersion);
      }
      for (const from of [0, 7, 18]) {
        const watch = await watchFrom(suite, { namespace, resourceVersion: versions[from] ?? "" });
        const events = await eventsUntil(watch, count(19 - from));
        expect(events.map((event) => event.resourceVersion)).toEqual(versions.slice(from + 1));
      }
    });

    claim(suite, "watch() of each scope sees its own objects alone", async () => {
      const [here, there] = [await suite.freshNamespace(), await suite.freshNamespace()];
      const start = await suite.subject().store.currentResourceVersion();
      await writer().create(widget(here, "a"));
      await writer().create(widget(there, "a"));
      await writer().create(widget(here, "b"));
      await writer().create(widget(here, "end"));
      const ended = (events: readonly WatchEvent<Widget>[]): boolean =>
        shortly(events).at(-1)?.endsWith("end") === true;
      const scoped = await watchFrom(suite, { namespace: here, resourceVersion: start });
      expect(shortly(await eventsUntil(scoped, ended))).toEqual(["ADDED a", "ADDED b", "ADDED end"]);
      const all = await watchFrom(suite, { resourceVersion: start });
      expect(shortly(await eventsUntil(all, ended))).toEqual(["ADDED a", "ADDED a", "ADDED b", "ADDED end"]);
      const named = await watchFrom(suite, { namespace: here, name: "b", resourceVersion: start });
      expect(shortly(await eventsUntil(named, count(1)))).toEqual(["ADDED b"]);
    });

    claim(suite, "watch() by a selector turns entering and leaving into ADDED and DELETED", async () => {
      const namespace = await suite.freshNamespace();
      const start = await suite.subject().store.currentResourceVersion();
      const relabel = async (object: Widget, app: string, size: number): Promise<Widget> =>
        writer().update({ ...object, spec: { size }, metadata: { ...object.metadata, labels: { app } } });
      let object = await writer().create(widget(namespace, "a", 1, { labels: { app: "out" } }));
      object = await relabel(object, "in", 2);
      object = await relabel(object, "in", 3);
      const left = await relabel(object, "out", 4);
      object = await relabel(left, "out", 5);
      object = await relabel(object, "in", 6);
      const gone = await writer().delete({ namespace, name: "a" });
      const watch = await watchFrom(suite, { namespace, labelSelector: "app=in", resourceVersion: start });
      const events = await eventsUntil(watch, count(5));
      expect(
        events.map((event) => (event.type === "BOOKMARK" ? [] : [event.type, event.object.spec.size])),
      ).toEqual([
        ["ADDED", 2],
        ["MODIFIED", 3],
        ["DELETED", 3],
        ["ADDED", 6],
        ["DELETED", 6],
      ]);
      // The body is the last that matched, the version that of the change.
      expect(events[2]?.resourceVersion).toBe(left.metadata.resourceVersion);
      expect(events[2]).toMatchObject({
        object: { metadata: { resourceVersion: left.metadata.resourceVersion } },
      });
      expect(events[4]?.resourceVersion).toBe(gone.metadata.resourceVersion);
    });

    claim(suite, "watch() by a field selector sees an object bound and unbound", async () => {
      const namespace = await suite.freshNamespace();
      const start = await suite.subject().store.currentResourceVersion();
      const made = await writer().create(widget(namespace, "a", 1));
      const red = await writer().update({ ...made, spec: { size: 1, colour: "red" } });
      await writer().update({ ...red, spec: { size: 1, colour: "blue" } });
      const watch = await watchFrom(suite, {
        namespace,
        fieldSelector: "spec.colour=red",
        resourceVersion: start,
      });
      expect(shortly(await eventsUntil(watch, count(2)))).toEqual(["ADDED a", "DELETED a"]);
    });

    claim(
      suite,
      "watch() with initial events gives all there is, a bookmark, then what follows",
      async () => {
        const namespace = await suite.freshNamespace();
        await writer().createMany(Array.from({ length: 5 }, (_, i) => widget(namespace, `w-${i}`, i)));
        const watch = reader().watch({ namespace, sendInitialEvents: true, bookmarks: true });
        const { resourceVersion } = await watch.ready();
        await writer().create(widget(namespace, "later"));
        const events = await eventsUntil(watch, (all) => shortly(all).includes("ADDED later"));
        const end = events.findIndex((event) => event.type === "BOOKMARK" && event.initialEventsEnd === true);
        expect(shortly(events.slice(0, end))).toEqual([0, 1, 2, 3, 4].map((i) => `ADDED w-${i}`));
        expect(events[end]?.resourceVersion).toBe(resourceVersion);
        for (const event of events.slice(0, end)) expect(event).toMatchObject({ more: true });
        expect(events[end]).not.toHaveProperty("more");
        expect(shortly(events.slice(end + 1)).filter((text) => text !== "BOOKMARK")).toEqual(["ADDED later"]);
      },
    );

    claim(suite, "watch() with initial events of nothing still ends them with a bookmark", async () => {
      const namespace = await suite.freshNamespace();
      const watch = reader().watch({ namespace, sendInitialEvents: true, bookmarks: true });
      const [event] = await eventsUntil(watch, count(1));
      expect(event).toMatchObject({ type: "BOOKMARK", initialEventsEnd: true });
    });

    claim(suite, "events that share a version come in one turn, all but the last with more", async () => {
      const namespace = await suite.freshNamespace();
      const start = await suite.subject().store.currentResourceVersion();
      await writer().createMany(Array.from({ length: 20 }, (_, i) => widget(namespace, `w-${i}`, i)));
      const watch = await watchFrom(suite, { namespace, resourceVersion: start });
      const events = await eventsUntil(watch, count(20));
      events.forEach((event, i) => {
        const shared = events[i + 1]?.resourceVersion === event.resourceVersion;
        expect("more" in event && event.more === true).toBe(shared);
      });
      let seen = 0;
      const again = await watchFrom(suite, { namespace, resourceVersion: start });
      for await (const batch of again.batches()) {
        const last = batch.at(-1);
        expect(last !== undefined && "more" in last).toBe(false);
        seen += batch.length;
        if (seen >= 20) break;
      }
      expect(seen).toBe(20);
    });

    claim(suite, "watch() with timeoutMs ends without error after a last bookmark", async () => {
      const namespace = await suite.freshNamespace();
      await withTimeEnough(900, async (timeoutMs) => {
        const watch = reader().watch({ namespace, bookmarks: true, timeoutMs });
        const made = await writer().create(widget(namespace, `w-${timeoutMs}`));
        const events: WatchEvent<Widget>[] = [];
        for await (const event of watch) events.push(event);
        const last = events.at(-1);
        // Its time was over before it was established, or before the write was: what it told it told rightly.
        if (last === undefined || BigInt(last.resourceVersion) < BigInt(made.metadata.resourceVersion)) {
          expect(shortly(events).filter((text) => text !== "BOOKMARK")).toEqual([]);
          return undefined;
        }
        expect(last).toMatchObject({ type: "BOOKMARK" });
        expect(shortly(events)[0]).toBe(`ADDED w-${timeoutMs}`);
        return "told";
      });
      const silent: WatchEvent<Widget>[] = [];
      for await (const event of reader().watch({ namespace, timeoutMs: 300 })) silent.push(event);
      expect(silent).toEqual([]);
    });

    claim(
      suite,
      "watch() ends at once when aborted, left or disposed, and settles a pending next()",
      async () => {
        const namespace = await suite.freshNamespace();
        const controller = new AbortController();
        const aborted = reader().watch({ namespace, signal: controller.signal })[Symbol.asyncIterator]();
        const pending = aborted.next();
        controller.abort(new Error("enough"));
        expect(await pending).toEqual({ done: true, value: undefined });
        const left = reader().watch({ namespace });
        const iterator = left[Symbol.asyncIterator]();
        const waiting = iterator.next();
        await left[Symbol.asyncDispose]();
        expect(await waiting).toEqual({ done: true, value: undefined });
        expect(await iterator.next()).toEqual({ done: true, value: undefined });
      },
    );

    claim(suite, "watch() from a compacted version fails with EXPIRED", async () => {
      const namespace = await suite.freshNamespace();
      const made = await writer().create(widget(namespace, "a", 1));
      let last = made;
      for (let size = 2; size < 6; size++) last = await writer().update({ ...last, spec: { size } });
      await suite.subject().etcd.kv.compact(BigInt(last.metadata.resourceVersion));
      const watch = reader().watch({ namespace, resourceVersion: made.metadata.resourceVersion });
      expect(await thrownBy(eventsUntil(watch, count(1)))).toMatchObject({ code: "EXPIRED" });
    });

    claim(suite, "watch() from a version beyond the store's fails with FUTURE_VERSION", async () => {
      const now = await suite.subject().store.currentResourceVersion();
      const watch = reader().watch({ resourceVersion: (BigInt(now) + 1_000_000n).toString() });
      expect(await thrownBy(eventsUntil(watch, count(1)))).toMatchObject({ code: "FUTURE_VERSION" });
      const ready = reader().watch({ resourceVersion: (BigInt(now) + 1_000_000n).toString() });
      expect(await thrownBy(ready.ready())).toMatchObject({ code: "FUTURE_VERSION" });
      await ready[Symbol.asyncDispose]();
    });

    claim(suite, "watch() has one loop", async () => {
      const watch = reader().watch();
      watch[Symbol.asyncIterator]();
      expect(() => watch[Symbol.asyncIterator]()).toThrow(/loop/);
      await watch[Symbol.asyncDispose]();
    });

    claim(suite, "list-then-watch under churn misses nothing and repeats nothing", async () => {
      const namespace = await suite.freshNamespace();
      const churn = Array.from({ length: 4 }, async (_, worker) => {
        for (let i = 0; i < 15; i++) {
          const name = `w-${worker}-${i % 4}`;
          await writer().guaranteedUpdate(
            { namespace, name },
            (c) => ({ ...c, spec: { size: c.spec.size + 1 } }),
            {
              createIfMissing: () => widget(namespace, name, 0),
            },
          );
          if (i % 5 === 4) await writer().delete({ namespace, name });
        }
      });
      const page = await reader().list({ namespace });
      const state = new Map(page.items.map((item) => [item.metadata.name, item]));
      const opened = watchFrom(suite, { namespace, resourceVersion: page.resourceVersion });
      await Promise.all(churn);
      await writer().create(widget(namespace, "end"));
      const watch = await opened;
      let previous = BigInt(page.resourceVersion);
      for await (const event of watch) {
        expect(BigInt(event.resourceVersion)).toBeGreaterThan(previous);
        previous = BigInt(event.resourceVersion);
        if (event.type === "BOOKMARK") continue;
        const { name } = event.object.metadata;
        expect(event.type === "ADDED").toBe(!state.has(name));
        if (event.type === "DELETED") state.delete(name);
        else state.set(name, event.object);
        if (name === "end") break;
      }
      const live = await reader().list({ namespace });
      expect([...state.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))).toEqual(
        live.items,
      );
    });
  });
}
