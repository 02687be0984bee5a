import { describe, expect, test } from "vitest";
import { checkWatches } from "../../../../campaign/checkers/c3-watches.ts";
import type { HistoryLine } from "../../../../campaign/checkers/history.ts";
import { call, event, gone, key, prefix, put, rules, run, stream } from "./made.ts";

const found = (...lines: readonly (HistoryLine | readonly HistoryLine[])[]): readonly string[] =>
  rules(checkWatches(run(...lines)));

const web = { labels: { app: "web" } };
const db = { labels: { app: "db" } };
const log = [
  put(10, "x", "v1", web),
  put(11, "y", "w1", db),
  put(12, "x", "v2", db),
  put(13, "y", "w2", web),
  gone(14, "x"),
  put(15, "a", "b1", web),
  put(15, "b", "b2", web),
];
const all = [
  event("ADDED", 10, "x", "v1"),
  event("ADDED", 11, "y", "w1"),
  event("MODIFIED", 12, "x", "v2"),
  event("MODIFIED", 13, "y", "w2"),
  event("DELETED", 14, "x", "v2"),
  event("ADDED", 15, "a", "b1", { more: true }),
  event("ADDED", 15, "b", "b2"),
] as const;
const final = (lines: readonly HistoryLine[]): readonly HistoryLine[] =>
  lines.map((line) => (line.line === "stream-end" ? { ...line, final: true } : line));

describe("C3", () => {
  test("a stream that is the log after its start is clean", () => {
    expect(found(log, final(stream({ start: 1 }, ...all)))).toEqual([]);
    expect(found(log, stream({ start: 12 }, ...all.slice(3), event("BOOKMARK", 15)))).toEqual([]);
  });

  test("an event left out is not reliable, also before a bookmark or the end", () => {
    expect(found(log, stream({ start: 1 }, ...all.slice(0, 2), ...all.slice(3)))).toEqual(["reliable"]);
    expect(found(log, stream({ start: 12 }, event("BOOKMARK", 13)))).toEqual(["reliable"]);
    expect(found(log, stream({ start: 1 }, ...all.slice(0, 4)))).toEqual([]);
    expect(found(log, final(stream({ start: 1 }, ...all.slice(0, 4))))).toEqual(["reliable"]);
  });

  test("a wrong type or a wrong last state is not reliable", () => {
    expect(found(log, stream({ start: 9 }, event("MODIFIED", 10, "x", "v1")))).toEqual(["reliable"]);
    expect(found(log, stream({ start: 13 }, event("DELETED", 14, "x", "v1")))).toEqual(["reliable"]);
  });

  test("an event at or below the start, or given twice, is not unique", () => {
    expect(found(log, stream({ start: 10 }, event("ADDED", 10, "x", "v1")))).toContain("unique");
    expect(found(log, stream({ start: 9 }, all[0], all[1], all[1]))).toContain("unique");
  });

  test("a falling revision is not ordered", () => {
    expect(found(log, stream({ start: 9 }, all[1], all[0]))).toContain("ordered");
  });

  test("a revision in two parts, broken off or with a bookmark inside is not atomic", () => {
    const [, , , , , a, b] = all;
    expect(found(log, stream({ start: 14 }, { ...a, more: undefined }, b))).toEqual(["atomic"]);
    expect(found(log, stream({ start: 14 }, a, event("BOOKMARK", 15)))).toContain("atomic");
    expect(found(log, stream({ start: 14 }, a, event("ADDED", 16, "c", "c1")))).toContain("atomic");
    expect(found(log, final(stream({ start: 14 }, a)))).toContain("atomic");
    // A loop may be left there: nothing of the revision counts.
    expect(found(log, stream({ start: 14 }, a))).toEqual([]);
  });

  test("an event after a bookmark of its revision is not bookmarkable", () => {
    expect(found(log, stream({ start: 9 }, all[0], event("BOOKMARK", 11), all[1]))).toContain("bookmarkable");
  });

  test("a key outside the filter is seen", () => {
    const other = { ...put(16, "z", "z1"), key: "/registry/widgets/a-b/z" };
    const given = { ...event("ADDED", 16, "z", "z1"), key: "/registry/widgets/a-b/z" };
    expect(found(log, other, stream({ start: 15, filter: { prefix: `${prefix}a/` } }, given))).toEqual([
      "filter",
      "reliable",
    ]);
  });

  test("by a selector, entering is ADDED and leaving is DELETED with the last matching state", () => {
    const filter = { prefix, labels: { app: "web" } };
    const right = [
      event("ADDED", 10, "x", "v1"),
      event("DELETED", 12, "x", "v1"),
      event("ADDED", 13, "y", "w2"),
    ];
    expect(found(log, stream({ start: 1, filter }, ...right, event("BOOKMARK", 14)))).toEqual([]);
    const left = [right[0] ?? all[0], event("DELETED", 12, "x", "v2")];
    expect(found(log, stream({ start: 1, filter }, ...left))).toEqual(["reliable"]);
    expect(found(log, stream({ start: 1, filter }, all[0], event("BOOKMARK", 13)))).toEqual(["reliable"]);
  });

  test("initial events are the state at the bookmark that ends them, and live events follow without gap", () => {
    const end = event("BOOKMARK", 13, undefined, undefined, { initialEventsEnd: true });
    const x = event("ADDED", 12, "x", "v2", { more: true });
    const y = event("ADDED", 13, "y", "w2", { more: true });
    const open = { initial: true } as const;
    expect(found(log, final(stream(open, x, y, end, ...all.slice(4))))).toEqual([]);
    expect(found(log, stream(open, x, end))).toEqual(["initial"]);
    expect(found(log, stream(open, x, { ...y, value: "w1" }, end))).toEqual(["initial"]);
    expect(found(log, stream(open, x, y, end, ...all.slice(5)))).toEqual(["reliable"]);
    expect(found(log, stream({ ...open, start: 14 }, x, y, end))).toEqual(["initial"]);
    const told = call("update", "y", { at: [0, 1], value: "b1", revision: 15 });
    expect(found(log, told, stream({ ...open, atNs: 2 }, x, y, end))).toEqual(["initial"]);
  });

  test("a watcher continues where its last stream stopped", () => {
    const first = stream({ start: 9, stream: "1" }, all[0], all[1]);
    const second = (start: number): readonly HistoryLine[] =>
      stream({ start, stream: "2" }, ...all.filter(({ revision }) => revision > start));
    expect(found(log, first, second(11))).toEqual([]);
    expect(found(log, first, second(12))).toEqual(["resumable"]);
    expect(found(log, first, second(10))).toEqual(["resumable"]);
  });

  test("a stream without an end, or one that ends with no StoreError, is seen; a killed process excuses", () => {
    const cut = stream({ start: 9 }, all[0]).slice(0, 2);
    expect(found(log, cut)).toEqual(["not ended"]);
    const kill = {
      line: "fault",
      id: "1",
      kind: "F5",
      name: "kill",
      target: "p",
      startNs: 1,
      endNs: 1,
    } as const;
    expect(found(log, kill, cut)).toEqual([]);
    const fault = stream({ start: 9 }).map((line) =>
      line.line === "stream-end" ? { ...line, reason: "FAULT" as const, message: "TypeError" } : line,
    );
    expect(found(log, fault)).toEqual(["not ended"]);
  });

  test("a cache that listed again tells the difference at the version of its list, or the changes themselves", () => {
    const relist = { line: "relist", cache: "k", from: 11n, to: 15n, atNs: 1 } as const;
    const before = [all[0], all[1]];
    const difference = [
      event("ADDED", 15, "a", "b1", { more: true }),
      event("ADDED", 15, "b", "b2", { more: true }),
      event("MODIFIED", 15, "y", "w2", { more: true }),
      event("DELETED", 15, "x", "v1"),
    ];
    expect(found(log, relist, stream({ start: 9, via: "k" }, ...before, ...difference))).toEqual([]);
    expect(found(log, relist, stream({ start: 9, via: "k" }, ...all))).toEqual([]);
    expect(found(log, relist, stream({ start: 9, via: "k" }, ...before, ...difference.slice(1)))).toEqual([
      "reliable",
    ]);
    // Of another cache, or with a place to resume from inside: the changes are owed.
    expect(found(log, relist, stream({ start: 9, via: "other" }, ...before, ...difference))).toEqual([
      "reliable",
    ]);
    const early = [event("MODIFIED", 13, "y", "w2"), event("ADDED", 15, "a", "b1", { more: true })];
    const late = [event("ADDED", 15, "b", "b2", { more: true }), event("DELETED", 15, "x", "v1")];
    expect(found(log, relist, stream({ start: 9, via: "k" }, ...before, ...early, ...late))).toEqual([
      "reliable",
    ]);
  });

  test("over HTTP the difference has its objects' versions, what has vanished first, and may be cut", () => {
    const relist = { line: "relist", cache: "k", from: 11n, to: 15n, atNs: 1 } as const;
    const open = { start: 9, via: "k", byObject: true };
    const before = [all[0], all[1]];
    const difference = [
      event("DELETED", 12, "x", "v1"),
      event("MODIFIED", 13, "y", "w2"),
      event("ADDED", 15, "a", "b1", { more: true }),
      event("ADDED", 15, "b", "b2"),
    ];
    expect(found(log, relist, stream(open, ...before, ...difference))).toEqual([]);
    expect(found(log, relist, stream(open, ...before, ...difference.slice(0, 2)))).toEqual([]);
    expect(found(log, relist, stream(open, ...all))).toEqual([]);
    expect(found(log, relist, stream(open, ...before, ...difference.slice(1)))).toEqual(["reliable"]);
    expect(found(log, relist, stream({ ...open, byObject: false }, ...before, ...difference))).toEqual([
      "reliable",
    ]);
  });

  test("one key can be watched", () => {
    const filter = { key: key("y") };
    expect(found(log, final(stream({ start: 1, filter }, all[1], all[3])))).toEqual([]);
    expect(found(log, final(stream({ start: 1, filter }, all[1])))).toEqual(["reliable"]);
  });
});
