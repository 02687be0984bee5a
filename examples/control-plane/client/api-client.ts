/**
 * An API server over HTTP, as every program of a cluster sees it: JSON requests, JSON responses, a Status for errors.
 * Connections are kept and shared; an error is a StoreError with the code that matches the reason of the Status.
 */
import { Agent, type IncomingMessage, request } from "node:http";
import { StoreError } from "keelson";

export interface ApiRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
}

interface StatusBody {
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
  readonly details?: { readonly name?: string; readonly kind?: string; readonly group?: string };
}

export class ApiClient implements Disposable {
  readonly url: string;
  readonly #base: URL;
  /** Connections for requests that end; watches use separate connections, because they would occupy all of these. */
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #watches = new Agent({ keepAlive: true });
  /** Requests sent, watches included. */
  requests = 0;

  constructor(url: string) {
    this.url = url;
    this.#base = new URL(url);
  }

  /** The JSON of the response. @throws StoreError */
  async json<T = unknown>(path: string, options: ApiRequest = {}): Promise<T> {
    const response = await this.#send(path, options, this.#agent);
    const chunks: Uint8Array[] = [];
    for await (const chunk of response as AsyncIterable<Uint8Array>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const status = response.statusCode ?? 0;
    if (status >= 400) throw refusalOf(text, status);
    return JSON.parse(text) as T;
  }

  /** The response as a stream: a watch. @throws StoreError */
  async stream(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const response = await this.#send(path, { signal }, this.#watches);
    const status = response.statusCode ?? 0;
    if (status < 400) return response;
    const chunks: Uint8Array[] = [];
    for await (const chunk of response as AsyncIterable<Uint8Array>) chunks.push(chunk);
    throw refusalOf(Buffer.concat(chunks).toString(), status);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
    this.#watches.destroy();
  }

  #send(path: string, options: ApiRequest, agent: Agent): Promise<IncomingMessage> {
    const { method = "GET", body, contentType = "application/json", signal } = options;
    this.requests++;
    return new Promise((answered, failed) => {
      const headers: Record<string, string> = {
        accept: "application/json",
        "user-agent": "keelson-control-plane",
      };
      const text = body === undefined ? undefined : JSON.stringify(body);
      if (text !== undefined) {
        headers["content-type"] = contentType;
        // Node sends the body of a DELETE only with an explicit content-length.
        headers["content-length"] = String(Buffer.byteLength(text));
      }
      const { hostname, port } = this.#base;
      const sent = request(
        { hostname, port, path, method, headers, agent, ...(signal === undefined ? {} : { signal }) },
        answered,
      );
      sent.once("error", (error) =>
        failed(signal?.aborted ? (signal.reason as Error) : unavailable(String(error))),
      );
      sent.end(text);
    });
  }
}

const unavailable = (reason: string): StoreError =>
  new StoreError("UNAVAILABLE", `Cannot reach the API server: ${reason}`, { retryAfterMs: 500, reason });

/** The error for the reason of a Status. */
export function refusalOf(text: string, httpStatus: number): StoreError {
  const status = statusOf(text);
  const message = status.message ?? `the API server answered ${httpStatus}`;
  const { name, kind: plural, group } = status.details ?? {};
  const subject = { name, plural, group };
  switch (status.reason) {
    case "NotFound":
      return new StoreError("NOT_FOUND", message, subject);
    case "AlreadyExists":
      return new StoreError("ALREADY_EXISTS", message, subject);
    case "Conflict":
      return new StoreError("CONFLICT", message, subject);
    case "Expired":
    case "Gone":
      return new StoreError("EXPIRED", message, subject);
    case "Invalid":
      return new StoreError("INVALID_OBJECT", message, { ...subject, errors: [] });
    case "Forbidden":
      return new StoreError("PERMISSION_DENIED", message, { reason: message });
    default:
      return httpStatus >= 500 || httpStatus === 429
        ? unavailable(message)
        : new StoreError("INVALID_ARGUMENT", message, { argument: "request" });
  }
}

function statusOf(text: string): StatusBody {
  try {
    return JSON.parse(text) as StatusBody;
  } catch {
    return {};
  }
}
