/** Bodies: a request's JSON, and the answers kubectl reads. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isStoreError, type Kind, type ListPage, type Status } from "keelson";

/** Bodies above this are refused, as by Kubernetes: 3 MiB. */
const bodyLimitBytes = 3 * 1024 * 1024;

/** A refusal of the server's own; the store's own errors bring their Status along. */
export class Refusal extends Error {
  readonly httpStatus: number;
  readonly reason: string;

  constructor(httpStatus: number, reason: string, message: string) {
    super(message);
    this.name = "Refusal";
    this.httpStatus = httpStatus;
    this.reason = reason;
  }
}

/** The body as JSON; undefined for none. @throws Refusal 400, 413 */
export async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > bodyLimitBytes) throw new Refusal(413, "RequestEntityTooLarge", "the body is above 3 MiB");
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch {
    throw new Refusal(400, "BadRequest", "the body is not JSON");
  }
}

/** `body`: JSON bytes as they are, anything else encoded. */
export function send(response: ServerResponse, httpStatus: number, body: object): void {
  response.writeHead(httpStatus, { "content-type": "application/json" });
  response.end(body instanceof Uint8Array ? body : JSON.stringify(body));
}

/** Items are bytes already: a list is put together without decoding one of them. */
export function sendList(response: ServerResponse, kind: Kind, page: ListPage<Uint8Array>): void {
  const { items, resourceVersion, continueToken, remainingItemCount } = page;
  const metadata = { resourceVersion, continue: continueToken, remainingItemCount };
  const head = JSON.stringify({ kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata });
  response.writeHead(200, { "content-type": "application/json" });
  response.write(`${head.slice(0, -1)},"items":[`);
  items.forEach((item, i) => {
    if (i > 0) response.write(",");
    response.write(item);
  });
  response.end("]}");
}

export function statusOf(error: unknown): Status {
  if (isStoreError(error)) return error.toStatus();
  const known = error instanceof Refusal ? error : new Refusal(500, "InternalError", String(error));
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: known.message,
    reason: known.reason,
    code: known.httpStatus,
  };
}

export const apiVersionOf = ({ group, version }: Kind): string =>
  group === "" ? version : `${group}/${version}`;
