/**
 * Sends a watch as a response: the frames of a batch of events are built once (`representation.frames`), and the same
 * bytes are written to every connection, once a turn.
 *
 *   HTTP/1.1   the frames lie ready as one chunk and go to the socket as they are
 *   HTTP/2     the frames go to the stream, which cuts them
 *
 * A slow connection parks its watcher: until the socket has drained, the sender reads nothing from the watch, and only
 * the socket buffers. Watches are not compressed, as in Kubernetes.
 */

import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import type { Status } from "../../errors/status.ts";
import { isStoreError } from "../../errors.ts";
import type { Watch, WatchEvent } from "../../resource/contract/watch.ts";
import type { Representation, WatchFrames } from "../represent/representation.ts";
import { drained, headersOf, isGone, type ResponseStream } from "./response.ts";

/** Options of `sendWatch`. */
export interface SendWatchOptions {
  /**
   * The client accepts BOOKMARKs (allowWatchBookmarks): `watchQuery(query).bookmarks`. Default false: none are sent.
   */
  readonly bookmarks?: boolean | undefined;
  /**
   * Converts an error to the object of an ERROR event. Default: a StoreError's Status, "InternalError" for everything
   * else.
   */
  readonly statusOf?: ((error: unknown) => object) | undefined;
  /** Additional headers. */
  readonly headers?: Readonly<Record<string, string | number>> | undefined;
}

const watchNames: NamesOf<SendWatchOptions> = {
  bookmarks: "boolean",
  statusOf: "function",
  headers: "object",
};

/**
 * Responds with `watch` until it ends or the client disconnects; the watch is closed then. The head is sent when the
 * watch is established: a refusal (410 for a compacted version) is thrown before anything is written. A later fault is
 * sent as a last ERROR event.
 * @param watch of `resources.as(representation.view)`, with a signal that aborts when the response closes
 * @throws what `watch.ready()` throws
 *
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import type { Kind, Resource, Store } from "keelson";
 * import { jsonRepresentation, listQuery, sendList, sendWatch, watchQuery } from "keelson/http";
 *
 * function serve(store: Store, kind: Kind<Resource>): void {
 *   const form = jsonRepresentation(kind);
 *   const reader = store.resources(kind).as(form.view);
 *   createServer(async (request, response) => {
 *     const { searchParams } = new URL(request.url ?? "/", "http://localhost");
 *     const left = new AbortController();
 *     response.once("close", () => left.abort());
 *     const { signal } = left;
 *     if (searchParams.get("watch") === "true") {
 *       const options = watchQuery(searchParams);
 *       const { bookmarks } = options;
 *       await sendWatch(response, form, reader.watch({ ...options, signal }), { bookmarks });
 *     } else {
 *       await sendList(response, form, await reader.list({ ...listQuery(searchParams), signal }));
 *     }
 *   }).listen(8080, "127.0.0.1");
 * }
 * ```
 */
export async function sendWatch(
  response: ResponseStream,
  representation: Representation,
  watch: Watch<Uint8Array>,
  options: SendWatchOptions = {},
): Promise<void> {
  checkOptions(options, "send watch", watchNames);
  await watch.ready();
  const { watchContentType = representation.contentType } = representation;
  const write = beginBody(response, headersOf(watchContentType, { headers: options.headers }));
  const takesBookmarks = options.bookmarks === true;
  try {
    for await (const batch of watch.batches()) {
      const events = takesBookmarks ? batch : withoutBookmarks(batch);
      if (!(await writeEvents(events, representation, write))) break;
    }
  } catch (error) {
    if (!isGone(response)) {
      const status = (options.statusOf ?? statusOfFault)(error);
      await write(representation.errorFrames(status));
    }
  }
  if (!isGone(response)) response.end();
}

/** Bytes of objects framed at a time: each slow connection would hold another copy of more. */
const framedBytesMax = 1_048_576;

/** False: the client has disconnected. A batch of usual size is framed whole, so that its frames are shared. */
async function writeEvents(
  events: readonly WatchEvent<Uint8Array>[],
  representation: Representation,
  write: (frames: WatchFrames) => boolean | Promise<boolean>,
): Promise<boolean> {
  let from = 0;
  let sizeBytes = 0;
  for (const [at, event] of events.entries()) {
    if (event.type !== "BOOKMARK") sizeBytes += event.object.byteLength;
    if (at + 1 < events.length && sizeBytes < framedBytesMax) continue;
    const part = from === 0 && at + 1 === events.length ? events : events.slice(from, at + 1);
    if (!(await write(representation.frames(part)))) return false;
    from = at + 1;
    sizeBytes = 0;
  }
  return true;
}

/**
 * Sends the head. Returns a function that writes frames and waits until the socket accepts more: false when the client
 * has disconnected.
 */
function beginBody(
  response: ResponseStream,
  headers: Record<string, string | number>,
): (frames: WatchFrames) => boolean | Promise<boolean> {
  const { req, socket } = response;
  const isChunked = req?.httpVersionMajor === 1 && req.httpVersionMinor === 1;
  response.writeHead(200, isChunked ? { ...headers, "transfer-encoding": "chunked" } : headers);
  response.flushHeaders?.();
  // A response queued behind another on its connection has no socket yet.
  if (isChunked && socket !== null && socket !== undefined) {
    return ({ chunk }) => (socket.write(chunk) ? true : drained(socket));
  }
  return ({ plain }) => (response.write(plain) ? true : drained(response));
}

/** Returns the same batch when it has none, so that its frames are shared. */
function withoutBookmarks(batch: readonly WatchEvent<Uint8Array>[]): readonly WatchEvent<Uint8Array>[] {
  return batch.some(({ type }) => type === "BOOKMARK")
    ? batch.filter(({ type }) => type !== "BOOKMARK")
    : batch;
}

function statusOfFault(error: unknown): Status {
  if (isStoreError(error)) return error.toStatus();
  const message = "Internal error occurred: the watch failed";
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: "InternalError",
    code: 500,
  };
}
