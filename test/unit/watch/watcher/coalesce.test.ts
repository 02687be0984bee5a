import fc from "fast-check";
import type { WatchEvent } from "keelson";
import { expect, test } from "vitest";
import { coalesceEvents } from "../../../../src/watch/watcher/coalesce.ts";

type Thing = { metadata: { uid: string }; n: number };
let revision = 0;
const event = (type: "ADDED" | "MODIFIED" | "DELETED", uid: string, n = 0): WatchEvent<Thing> => ({
  type,
  object: { metadata: { uid }, n },
  resourceVersion: String(++revision),
});
const told = (events: readonly WatchEvent<Thing>[]): readonly string[] =>
  coalesceEvents(events).map((e) =>
    e.type === "BOOKMARK"
      ? e.type
      : `${e.type} ${e.object.metadata.uid}=${e.object.n}${e.coalesced ? " coalesced" : ""}`,
  );

test("of an object's events only what they come to is told, flagged", () => {
  expect(told([event("MODIFIED", "a", 1), event("MODIFIED", "b", 1), event("MODIFIED", "a", 2)])).toEqual([
    "MODIFIED b=1",
    "MODIFIED a=2 coalesced",
  ]);
  expect(told([event("ADDED", "a", 1), event("MODIFIED", "a", 2)])).toEqual(["ADDED a=2 coalesced"]);
  expect(told([event("MODIFIED", "a", 1), event("DELETED", "a", 1)])).toEqual(["DELETED a=1 coalesced"]);
});

test("what came and went is not told; another life of a name is another object", () => {
  expect(told([event("ADDED", "a"), event("DELETED", "a")])).toEqual([]);
  expect(told([event("DELETED", "a"), event("ADDED", "a2")])).toEqual(["DELETED a=0", "ADDED a2=0"]);
});

test("events alone, bookmarks and objects without metadata stay as they are", () => {
  const events: WatchEvent<unknown>[] = [
    { type: "ADDED", object: "row", resourceVersion: "1" },
    { type: "MODIFIED", object: "row", resourceVersion: "2" },
    { type: "BOOKMARK", resourceVersion: "3" },
  ];
  expect(coalesceEvents(events)).toEqual(events);
});

test("whatever happened, what is told comes to the same state, each event fits it, and each revision ends without more", () => {
  const step = fc.record({
    name: fc.constantFrom("a", "b", "c"),
    newRevision: fc.boolean(),
    gone: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), (steps, cut) => {
      const state = new Map<string, number>();
      const all: WatchEvent<Thing>[] = [];
      const before = new Map<string, number>();
      steps.forEach(({ name, newRevision, gone }, n) => {
        if (n === cut) {
          all.length = 0;
          before.clear();
          for (const [uid, last] of state) before.set(uid, last);
        }
        const there = state.has(name);
        if (gone && !there) return;
        // One object has one event a revision, as etcd has one version of a key in it.
        const last = all.at(-1);
        const taken = all.filter((e) => e.resourceVersion === last?.resourceVersion);
        const again = taken.some((e) => e.type !== "BOOKMARK" && e.object.metadata.uid === name);
        if (newRevision || again || last === undefined) revision++;
        else all[all.length - 1] = { ...last, more: true } as WatchEvent<Thing>;
        all.push({
          type: gone ? "DELETED" : there ? "MODIFIED" : "ADDED",
          object: { metadata: { uid: name }, n },
          resourceVersion: String(revision),
        });
        if (gone) state.delete(name);
        else state.set(name, n);
      });
      const told = coalesceEvents(all);
      told.forEach((event, at) => {
        if (event.type === "BOOKMARK") return;
        const { uid } = event.object.metadata;
        expect(before.has(uid)).toBe(event.type !== "ADDED");
        if (event.type === "DELETED") before.delete(uid);
        else before.set(uid, event.object.n);
        expect(event.more === true).toBe(told[at + 1]?.resourceVersion === event.resourceVersion);
      });
      expect([...before].sort()).toEqual([...state].sort());
    }),
  );
});
