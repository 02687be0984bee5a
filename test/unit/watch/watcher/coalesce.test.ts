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
