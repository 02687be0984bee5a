/**
 * A watch as Kubernetes sends it: one JSON document a line, until the client leaves. The response's head goes out when
 * the watch stands, so that a refusal (410 for a compacted version) is still a proper answer; a fault after that is a
 * last line of type ERROR. An object is the bytes the cache made once for all watchers.
 */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Kind, Watch, WatchEvent } from "keelson";
import { apiVersionOf, statusOf } from "./body.ts";

export async function sendWatch(
  response: ServerResponse,
  kind: Kind,
  watch: Watch<Uint8Array>,
  bookmarks: boolean,
): Promise<void> {
  await watch.ready();
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
  try {
    for await (const event of watch) {
      if (event.type === "BOOKMARK" && !bookmarks && event.initialEventsEnd !== true) continue;
      if (!writeEvent(response, kind, event)) await once(response, "drain");
    }
  } catch (error) {
    if (response.closed) return;
    response.write(`${JSON.stringify({ type: "ERROR", object: statusOf(error) })}\n`);
  }
  response.end();
}

/** False: the client reads more slowly than events come; the watcher waits, at no one else's cost. */
function writeEvent(response: ServerResponse, kind: Kind, event: WatchEvent<Uint8Array>): boolean {
  if (event.type !== "BOOKMARK") {
    response.write(`{"type":"${event.type}","object":`);
    response.write(event.object);
    return response.write("}\n");
  }
  const annotations = event.initialEventsEnd ? { "k8s.io/initial-events-end": "true" } : undefined;
  const metadata = { resourceVersion: event.resourceVersion, annotations };
  const object = { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata };
  return response.write(`${JSON.stringify({ type: "BOOKMARK", object })}\n`);
}
