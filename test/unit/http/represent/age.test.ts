/** Cells that say how long ago something was: worked out as a row is sent, however long it has been kept. */
import { ageSince, humanDuration, tableRepresentation } from "keelson/http";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Resource } from "../../../../src/resource/model/resource.ts";

const start = Date.parse("2026-01-01T00:00:00Z");
const object: Resource = {
  apiVersion: "v1",
  kind: "Thing",
  metadata: {
    name: "n",
    uid: "u",
    resourceVersion: "7",
    generation: 1,
    creationTimestamp: "2026-01-01T00:00:00Z",
  },
};
const columns = [
  { name: "Name", type: "string", cell: ({ metadata }: Resource) => metadata.name },
  { name: "Age", type: "string", cell: ({ metadata }: Resource) => ageSince(metadata.creationTimestamp) },
  { name: "Seen", type: "string", cell: () => ageSince(undefined) },
];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
});
afterEach(() => {
  vi.useRealTimers();
});

const cellsOf = (body: Uint8Array): unknown => {
  const { rows } = JSON.parse(Buffer.from(body).toString()) as { rows: { cells: unknown }[] };
  return rows.map(({ cells }) => cells);
};

test("a row kept for hours says its age as of now: alone, in a list and in a watch", () => {
  const table = tableRepresentation(columns);
  const row = table.view.project(object);
  const events = [{ type: "ADDED", object: row, resourceVersion: "7" }] as const;
  expect(cellsOf(table.object(row))).toEqual([["n", "0s", "<unknown>"]]);
  vi.setSystemTime(start + 3 * 3_600_000 + 12 * 60_000);
  expect(cellsOf(table.object(row))).toEqual([["n", "3h12m", "<unknown>"]]);
  const list = table.list({ items: [row], resourceVersion: "9" });
  const body = Buffer.concat([...list.slabs]);
  expect(cellsOf(body)).toEqual([["n", "3h12m", "<unknown>"]]);
  expect(body.byteLength).toBe(list.sizeBytes);
  const frame = JSON.parse(Buffer.from(table.frames(events).plain).toString()) as { object: object };
  expect(cellsOf(Buffer.from(JSON.stringify(frame.object)))).toEqual([["n", "3h12m", "<unknown>"]]);
});

test("frames of rows without an age are made once for all who watch", () => {
  const table = tableRepresentation(columns.slice(0, 1));
  const events = [{ type: "ADDED", object: table.view.project(object), resourceVersion: "7" }] as const;
  expect(table.frames(events).plain).toBe(table.frames(events).plain);
});

test.each([
  [-2_000, "<invalid>"],
  [-1_000, "0s"],
  [0, "0s"],
  [119_999, "119s"],
  [120_000, "2m"],
  [310_000, "5m10s"],
  [600_000, "10m"],
  [3 * 3_600_000, "3h"],
  [8 * 3_600_000 - 60_000, "7h59m"],
  [47 * 3_600_000, "47h"],
  [50 * 3_600_000, "2d2h"],
  [8 * 86_400_000, "8d"],
  [2 * 365 * 86_400_000, "2y"],
  [(3 * 365 + 4) * 86_400_000, "3y4d"],
  [9 * 365 * 86_400_000, "9y"],
])("%i ms are %s, as kubectl says it", (ms, text) => {
  expect(humanDuration(ms)).toBe(text);
});
