/**
 * Table cells with an age. A row is encoded once per object version, but its ages change: the cell holds a mark with
 * the time, and the mark becomes "5m" when the row is sent.
 */
import { systemClock } from "../../base/time/clock.ts";
import { humanDuration } from "./human-duration.ts";
import type { Representation } from "./representation.ts";

/**
 * A character that no name, label or message of an object has in its JSON, so that a mark is never mistaken for text.
 */
const markOf = (ms: number): string => `\u0001${ms}\u0001`;
const marks = /\\u0001(-?\d+)\\u0001/g;
const sign = Buffer.from("\\u0001");

/**
 * A cell of `tableRepresentation` with the time since `timestamp`, computed when the row is sent: "5m10s", as
 * kube-apiserver's Age columns do.
 * @param timestamp RFC 3339; anything else is `<unknown>`
 */
export function ageSince(timestamp: unknown): string {
  const ms = typeof timestamp === "string" ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(ms) ? "<unknown>" : markOf(ms);
}

/** `table` with its marks replaced by the ages at the time of sending. */
export function withAges(table: Representation): Representation {
  const aged = (row: Uint8Array): Uint8Array => {
    if (!isMarked(row)) return row;
    const now = systemClock.nowMs();
    const text = Buffer.from(row.buffer, row.byteOffset, row.byteLength).toString();
    return Buffer.from(text.replace(marks, (_, ms: string) => humanDuration(now - Number(ms))));
  };
  return {
    ...table,
    object: (row) => table.object(aged(row)),
    list: (page) => table.list({ ...page, items: page.items.map(aged) }),
    // Rows without an age keep their events unchanged: their frames are shared by all watchers.
    frames: (events) =>
      table.frames(
        events.some((event) => event.type !== "BOOKMARK" && isMarked(event.object))
          ? events.map((event) =>
              event.type === "BOOKMARK" ? event : { ...event, object: aged(event.object) },
            )
          : events,
      ),
  };
}

const isMarked = (row: Uint8Array): boolean =>
  Buffer.from(row.buffer, row.byteOffset, row.byteLength).includes(sign);
