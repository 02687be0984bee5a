/**
 * The page's HTTP server: it checks the rules, then serves the page's files, its data and its watch.
 *
 *   request -> rules (Host, Origin, method) -> token -> file | data | watch
 *
 * Headers forbid the browser to cache anything, run inline code or load anything from other sites.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isStoreError } from "keelson";
import { badArguments, CliFailure } from "../../cli/failure.ts";
import { causeOf, hintOf } from "../../cli/failure-text.ts";
import { AccessRules, type Listen } from "./access-rules.ts";
import { readPageFile } from "./page-assets.ts";
import type { ApiCall, Route } from "./ui-routes.ts";

/** Maximum request body: the page never sends more. */
const bodyBytesMax = 2 * 1024 * 1024;
const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};
const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const;

export interface UiServerOptions {
  readonly listen: Listen;
  readonly names: readonly string[];
  readonly token: string | undefined;
  readonly writes: boolean;
  readonly routes: ReadonlyMap<string, Route>;
  /** Runs until its signal aborts. */
  readonly watch: (
    query: URLSearchParams,
    to: { readonly response: ServerResponse; readonly signal: AbortSignal },
  ) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Resolves when it listens. @throws CliFailure for an unusable address */
export class UiServer implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(options: UiServerOptions): Promise<UiServer> {
    const { host, port } = options.listen;
    const server = createServer();
    server.listen(port, host);
    await once(server, "listening").catch((error: unknown) => {
      throw badArguments(
        `--listen ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`,
      );
    });
    const address = server.address();
    const bound = typeof address === "object" && address !== null ? address.port : port;
    const { names, token, writes } = options;
    const rules = new AccessRules({ names, token, writes, port: bound });
    server.on("request", (request, response) => {
      answer(options, rules, request, response).catch((error: unknown) => sendFault(response, error));
    });
    return new UiServer(server, bound);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

async function answer(
  options: UiServerOptions,
  rules: AccessRules,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
  const { method = "GET", headers } = request;
  // The host does not matter here: only path and query are used.
  const url = new URL(request.url ?? "/", "http://localhost");
  const refusal = rules.refusal({ method, path: url.pathname, headers });
  if (refusal !== undefined) return sendJson(response, refusal.status, { error: refusal.sentence });
  if (url.pathname === "/api/session" && method === "POST") return session(rules, request, response);
  const isApi = url.pathname.startsWith("/api/");
  if (isApi && !rules.hasToken(headers)) {
    return sendJson(response, 401, { error: "Give the token this page was started with." });
  }
  if (!isApi) return sendFile(response, url.pathname === "/" ? "index.html" : url.pathname.slice(1));
  const gone = new AbortController();
  response.once("close", () => gone.abort(new Error("the page has gone")));
  const signal = AbortSignal.any([gone.signal, options.signal]);
  if (url.pathname === "/api/watch" && method === "GET") {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.flushHeaders();
    return options.watch(url.searchParams, { response, signal });
  }
  const route = options.routes.get(`${method} ${url.pathname}`);
  if (route === undefined) return sendJson(response, 404, { error: `There is nothing at ${url.pathname}.` });
  const body = method === "POST" ? await bodyOf(request) : {};
  const call: ApiCall = { query: url.searchParams, body, signal };
  sendJson(response, 200, await route(call));
}

/** Exchanges the token for a cookie. */
async function session(
  rules: AccessRules,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { token } = await bodyOf(request);
  if (typeof token !== "string" || !rules.isToken(token)) {
    return sendJson(response, 401, { error: "That is not the token this page was started with." });
  }
  response.setHeader("set-cookie", rules.cookie());
  sendJson(response, 200, {});
}

async function sendFile(response: ServerResponse, name: string): Promise<void> {
  const text = await readPageFile(name);
  if (text === undefined) return sendJson(response, 404, { error: "There is no such page." });
  const extension = name.slice(name.lastIndexOf(".") + 1);
  response.writeHead(200, { "content-type": types[extension] ?? "text/plain; charset=utf-8" });
  response.end(text);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value, (_, each: unknown) =>
    typeof each === "bigint" ? each.toString() : each,
  );
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
  response.end(text);
}

function sendFault(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.end();
  const hint = error instanceof CliFailure ? error.hint : hintOf(error);
  sendJson(response, statusOf(error), { error: sentenceOf(causeOf(error)), hint });
}

function statusOf(error: unknown): number {
  if (error instanceof CliFailure) return 400;
  if (!isStoreError(error)) return 500;
  const statuses: Readonly<Record<string, number>> = {
    EXPIRED: 410,
    INVALID_ARGUMENT: 400,
    NOT_FOUND: 404,
    PERMISSION_DENIED: 403,
    UNAUTHENTICATED: 403,
    UNAVAILABLE: 503,
    DEADLINE: 504,
  };
  return statuses[error.code] ?? 500;
}

const sentenceOf = (text: string): string => {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
};

/** @throws CliFailure for a body that is not a JSON object, or too large */
async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    const part = Buffer.from(piece);
    bytes += part.length;
    if (bytes > bodyBytesMax) throw badArguments("the request is larger than 2 MiB");
    pieces.push(part);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(pieces).toString());
  } catch {
    throw badArguments("the request is no JSON");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw badArguments("the request is no JSON object");
  }
  return body as Readonly<Record<string, unknown>>;
}
