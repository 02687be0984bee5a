/**
 * A watch as server-sent events: event types and keys, never values. A slow page pauses the watch, and thereby etcd's
 * stream, so nothing accumulates here.
 */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { isStoreError } from "keelson";
import type { Etcd, KvEvent } from "keelson/etcd";
import { prefixEnd } from "keelson/etcd";
import { causeOf } from "../../cli/failure-text.ts";
import { printable } from "../../text/printable.ts";
import { encodeKey } from "./key-pages.ts";

/** Interval of keepalive comments, because proxies close idle connections. */
const heartbeatMs = 15_000;

export async function watchFeed(
  etcd: Etcd,
  prefix: Uint8Array,
  { response, signal }: { readonly response: ServerResponse; readonly signal: AbortSignal },
): Promise<void> {
  const first = prefix.length === 0 ? Uint8Array.of(0) : prefix;
  const rangeEnd = prefix.length === 0 ? Uint8Array.of(0) : prefixEnd(prefix);
  const send = async (event: string, data: unknown): Promise<void> => {
    if (response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)) return;
    await once(response, "drain", { signal }).catch(() => {});
  };
  const heartbeat = setInterval(() => response.write(": still here\n\n"), heartbeatMs);
  try {
    await using watch = etcd.watches.open({ key: first, rangeEnd, prevKv: true }, { signal });
    for await (const batch of watch) {
      if (batch.type === "created") await send("ready", { revision: batch.revision.toString() });
      if (batch.type !== "events") continue;
      await send("changes", { revision: batch.revision.toString(), changes: batch.events.map(changeOf) });
    }
  } catch (error) {
    if (!signal.aborted) {
      const sentence = isStoreError(error, "EXPIRED")
        ? "The watch fell behind a compaction, or the cluster was restored."
        : causeOf(error);
      await send("fault", { error: sentence });
    }
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}

function changeOf({ type, kv, prevKv }: KvEvent): unknown {
  return {
    type: type === "delete" ? "deleted" : prevKv === undefined && kv.version === 1n ? "added" : "changed",
    key: encodeKey(kv.key),
    text: printable(Buffer.from(kv.key).toString()),
    sizeBytes: type === "delete" ? undefined : kv.value.length,
    previousBytes: prevKv?.value.length,
  };
}
