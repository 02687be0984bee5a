/** Responses of known size: one object, a Status, a list in slabs. */
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { checkOptions } from "../../base/text/known-options.ts";
import { systemClock } from "../../base/time/clock.ts";
import { TurnBudget } from "../../base/time/turn-budget.ts";
import type { ListPage } from "../../resource/contract/reader.ts";
import type { ListBody, Representation } from "../represent/representation.ts";
import {
  drained,
  gzipLevel,
  headersOf,
  isGone,
  type ResponseStream,
  type SendOptions,
  sendNames,
  wantsGzip,
} from "./response.ts";

const sendObjectNames = { ...sendNames, status: "count" } as const;

/**
 * Responds with one object, as read through `representation.view`.
 * @param item the result of `get`
 */
export function sendObject(
  response: ResponseStream,
  representation: Representation,
  item: Uint8Array,
  options: SendOptions & {
    /** HTTP status; default 200. */
    readonly status?: number | undefined;
  } = {},
): Promise<void> {
  checkOptions(options, "send object", sendObjectNames);
  const body = representation.object(item);
  return sendWhole(response, options.status ?? 200, representation.contentType, body, options);
}

/** Responds with an object created for this response (a Status, the result of a write), in a representation's form. */
export function sendDocument(
  response: ResponseStream,
  representation: Representation,
  status: number,
  value: object,
  options: SendOptions = {},
): Promise<void> {
  checkOptions(options, "send document", sendNames);
  return sendWhole(response, status, representation.contentType, representation.document(value), options);
}

/**
 * Responds with a list, as read through `representation.view`. It sends slabs of encoded bytes, waits for a slow
 * client, and yields to the event loop every few milliseconds. Resolves when everything was written to the socket, or
 * the client has disconnected.
 */
export function sendList(
  response: ResponseStream,
  representation: Representation,
  page: ListPage<Uint8Array>,
  options: SendOptions = {},
): Promise<void> {
  checkOptions(options, "send list", sendNames);
  return sendSlabs(response, 200, representation.contentType, representation.list(page), options);
}

/** Responds with encoded bytes. */
export function sendBytes(
  response: ResponseStream,
  status: number,
  contentType: string,
  body: Uint8Array,
  options: SendOptions = {},
): Promise<void> {
  checkOptions(options, "send body", sendNames);
  return sendWhole(response, status, contentType, body, options);
}

function sendWhole(
  response: ResponseStream,
  status: number,
  contentType: string,
  body: Uint8Array,
  options: SendOptions,
): Promise<void> {
  return sendSlabs(response, status, contentType, { sizeBytes: body.byteLength, slabs: [body] }, options);
}

async function sendSlabs(
  response: ResponseStream,
  status: number,
  contentType: string,
  { sizeBytes, slabs }: ListBody,
  options: SendOptions,
): Promise<void> {
  const headers = headersOf(contentType, options);
  if (wantsGzip(options, sizeBytes)) {
    // A caller whose response varies with more than the encoding says so itself.
    response.writeHead(status, { vary: "Accept-Encoding", ...headers, "content-encoding": "gzip" });
    await sendGzip(response, slabs);
    return;
  }
  response.writeHead(status, { ...headers, "content-length": sizeBytes });
  const turns = new TurnBudget(systemClock);
  let left = sizeBytes;
  for (const slab of slabs) {
    left -= slab.byteLength;
    if (left === 0) {
      response.end(slab);
      return;
    }
    if (!response.write(slab) && !(await drained(response))) return;
    await turns.pause();
    if (isGone(response)) return;
  }
  response.end();
}

/** The client may disconnect at any time: that ends the response and is not an error. */
async function sendGzip(response: ResponseStream, slabs: Iterable<Uint8Array>): Promise<void> {
  const sink = new Writable({
    write(bytes: Uint8Array, _encoding, done) {
      if (response.write(bytes)) done();
      else drained(response).then((isOpen) => done(isOpen ? null : new Error("the client has gone")), done);
    },
  });
  try {
    await pipeline(Readable.from(slabs), createGzip({ level: gzipLevel }), sink);
  } catch (error) {
    if (isGone(response)) return;
    throw error;
  }
  response.end();
}
