/** Events of a watch that a test waits for. */
import type { Watch, WatchEvent } from "keelson";
import { within } from "./time/patience.ts";

/** Reads a watch to its `count`th event, and leaves it. */
export async function take<T>(watch: Watch<T>, count: number): Promise<WatchEvent<T>[]> {
  const events: WatchEvent<T>[] = [];
  const reading = (async () => {
    for await (const event of watch) {
      events.push(event);
      if (events.length >= count) break;
    }
  })();
  await within(reading, `${count} events, got ${JSON.stringify(events)}`);
  return events;
}
