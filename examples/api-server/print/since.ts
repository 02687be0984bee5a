/**
 * Cells that say how long ago something was. A row is made once per object version, while its ages go on: a cell holds a
 * mark with the time, and the mark becomes "5m" when the row is sent.
 */
import type { Representation } from "keelson/http";
import { formatDuration } from "./duration.ts";

/** A character that no name, label or message of an object has in its JSON, so that a mark is never taken for text. */
const markOf = (ms: number): string => `\u0001${ms}\u0001`;
const marks = /\\u0001(-?\d+)\\u0001/g;
const sign = Buffer.from("\\u0001");

/** The time since an RFC 3339 timestamp, when the row is sent. */
export function since(timestamp: unknown): string {
  const ms = typeof timestamp === "string" ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(ms) ? "<unknown>" : markOf(ms);
}

/** `table` with its marks turned into what they say at the moment of sending. */
export function withAges(table: Representation): Representation {
  const aged = (row: Uint8Array): Uint8Array => {
    const bytes = Buffer.from(row.buffer, row.byteOffset, row.byteLength);
    if (!bytes.includes(sign)) return row;
    const now = Date.now();
    return Buffer.from(bytes.toString().replace(marks, (_, ms: string) => formatDuration(now - Number(ms))));
  };
  return {
    ...table,
    object: (row) => table.object(aged(row)),
    list: (page) => table.list({ ...page, items: page.items.map(aged) }),
    frames: (events) =>
      table.frames(
        events.map((event) => (event.type === "BOOKMARK" ? event : { ...event, object: aged(event.object) })),
      ),
  };
}
