/** A recorded watch of raw etcd keys, below the layers that know objects. Values are text; their first word counts. */
import { isStoreError } from "keelson";
import { type Etcd, type KvEvent, prefixEnd } from "keelson/etcd";
import type { StreamEvent } from "../checkers/history.ts";
import { boundMs, type Lab, valueText } from "./lab.ts";

/** Prefix of raw keys, outside every store. */
export const rawPrefix = "/raw/";

/**
 * A raw watch from `start` (exclusive) on record, with progress asked for all the time, until it has shown `lastKey` or a
 * bookmark at `until`, or has ended with a code.
 */
export async function recordRawWatch(
  lab: Lab,
  etcd: Etcd,
  facts: { readonly start: bigint; readonly until: bigint; readonly lastKey: string },
): Promise<void> {
  const { start, until, lastKey } = facts;
  const stream = lab.nextName("stream");
  const { sink, now } = lab;
  const filter = { prefix: rawPrefix };
  sink.write({
    line: "stream-open",
    process: "control",
    watcher: stream,
    stream,
    via: "etcd",
    start,
    filter,
    atNs: now(),
  });
  const signal = AbortSignal.timeout(boundMs);
  const watch = etcd.watches.open(
    { key: rawPrefix, rangeEnd: prefixEnd(rawPrefix), startRevision: start + 1n, prevKv: true },
    { signal },
  );
  try {
    watch.requestProgress();
    for await (const batch of watch) {
      watch.requestProgress();
      if (batch.type === "created") continue;
      const events = batch.type === "progress" ? [bookmark(batch.revision)] : batch.events.map(eventOf);
      sink.write({ line: "stream-batch", stream, events, atNs: now() });
      if (batch.revision >= until || events.some(({ key }) => key === lastKey)) break;
    }
    sink.write({ line: "stream-end", stream, reason: "left", atNs: now() });
  } catch (error) {
    if (!isStoreError(error)) throw error;
    sink.write({ line: "stream-end", stream, reason: error.code, message: error.message, atNs: now() });
  } finally {
    await watch[Symbol.asyncDispose]();
  }
}

const bookmark = (revision: bigint): StreamEvent => ({ type: "BOOKMARK", revision });

function eventOf({ type, kv, prevKv }: KvEvent, at: number, all: readonly KvEvent[]): StreamEvent {
  const more = all[at + 1]?.kv.modRevision === kv.modRevision ? (true as const) : undefined;
  const common = { revision: kv.modRevision, key: Buffer.from(kv.key).toString(), more };
  if (type === "delete") return { ...common, type: "DELETED", value: valueText(prevKv?.value) };
  const created = kv.createRevision === kv.modRevision;
  return { ...common, type: created ? "ADDED" : "MODIFIED", value: valueText(kv.value) };
}
