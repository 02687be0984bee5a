import type { WatchEvent } from "keelson";
import { describe, expect, test } from "vitest";
import { streamFaults } from "../../../../campaign/checkers/c3-watches.ts";
import { TruthLog } from "../../../../campaign/checkers/truth-log.ts";
import { logFaults, logOf, streamOf } from "../../../../campaign/checkers/watch-events.ts";

interface Item {
  readonly name: string;
  readonly body: string;
}
const reading = { key: ({ name }: Item) => name, value: ({ body }: Item) => body };
const event = (
  type: "ADDED" | "MODIFIED" | "DELETED",
  at: number,
  name: string,
  body: string,
): WatchEvent<Item> => ({
  type,
  object: { name, body },
  resourceVersion: `${at}`,
});
const events: readonly WatchEvent<Item>[] = [
  event("ADDED", 2, "x", "1"),
  event("MODIFIED", 3, "x", "2"),
  { type: "BOOKMARK", resourceVersion: "3" },
  event("DELETED", 4, "x", "2"),
];

describe("recorded watch events", () => {
  test("of everything are a sound log, against which they are a sound stream", () => {
    const log = logOf(events, reading);
    expect(logFaults(log)).toEqual([]);
    const stream = streamOf({ name: "w", start: 1n, events }, reading);
    expect(streamFaults(new TruthLog(log), stream, { until: 4n })).toEqual([]);
    const short = streamOf({ name: "w", start: 1n, events: events.slice(0, 3) }, reading);
    expect(streamFaults(new TruthLog(log), short, { until: 4n }).map(({ rule }) => rule)).toEqual([
      "reliable",
    ]);
  });

  test("that fall back, or delete what is not there, are no log", () => {
    const [a, b] = [event("ADDED", 3, "x", "1"), event("ADDED", 2, "y", "1")];
    expect(logFaults(logOf([a, b], reading))).toEqual(["the log falls from 3 to 2"]);
    expect(logFaults(logOf([event("DELETED", 3, "x", "1")], reading))).toEqual([
      "the log deletes x, which is not there",
    ]);
  });

  test("of a watcher that wants a part are checked by what it wants", () => {
    const wants = (
      change: { readonly type: string; readonly value?: string | undefined } | undefined,
    ): boolean => change?.type === "put" && change.value === "2";
    const stream = streamOf(
      { name: "w", start: 1n, events: [event("ADDED", 3, "x", "2"), event("DELETED", 4, "x", "2")] },
      reading,
    );
    const log = new TruthLog(logOf(events, reading));
    expect(streamFaults(log, stream, { until: 4n, wants })).toEqual([]);
    expect(streamFaults(log, stream, { until: 4n }).map(({ rule }) => rule)).toEqual(["reliable"]);
  });
});
