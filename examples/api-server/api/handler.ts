/**
 * Handles one HTTP request: facts about the server first, then authentication, routing, authorization, and the verb.
 * Errors are answered with a Status; a client that disconnects aborts its call.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Resource } from "keelson";
import { sendObject } from "keelson/http";
import type { Attributes } from "../access/rbac.ts";
import { documentAt } from "./documents.ts";
import type { Exchange } from "./exchange.ts";
import { factAt } from "./facts.ts";
import { isWatch, read } from "./read.ts";
import { notAllowed, notFoundHere, statusOf } from "./refusal.ts";
import { formOf } from "./represent.ts";
import { routeOf, type Target } from "./route.ts";
import { apiVersionOf } from "./served.ts";
import type { ServerParts } from "./server-parts.ts";
import { runVerb } from "./verbs.ts";
import { send, sendStatus } from "./wire.ts";
import type { Answer } from "./write.ts";

export function handlerOf(parts: ServerParts): RequestListener {
  return (request, response) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://localhost");
    const target = routeOf(parts.catalog, pathname);
    answer(parts, request, response, { pathname, query, target, signal: gone.signal }).catch(
      (error: unknown) => {
        if (response.headersSent || gone.signal.aborted) return void response.destroy();
        const status = statusOf(error, target && { ...target.served, name: target.name });
        sendStatus(request, response, status).catch(() => response.destroy());
      },
    );
  };
}

interface Asked {
  readonly pathname: string;
  readonly query: URLSearchParams;
  readonly target: Target | undefined;
  readonly signal: AbortSignal;
}

async function answer(
  parts: ServerParts,
  request: IncomingMessage,
  response: ServerResponse,
  { pathname, query, target, signal }: Asked,
): Promise<void> {
  const fact = await factAt(parts, pathname, signal);
  if (fact !== undefined)
    return void response.writeHead(fact.httpStatus, { "content-type": fact.type }).end(fact.body);
  const user = await parts.access.userOf(request, signal);
  const exchange: Exchange = { request, response, pathname, query, user, signal };
  const method = request.method ?? "GET";
  if (target === undefined) {
    await parts.access.check(user, { verb: method.toLowerCase(), path: pathname }, signal);
    if (method !== "GET") throw notFoundHere();
    if (!(await documentAt(parts, exchange))) throw notFoundHere();
    return;
  }
  await parts.access.check(user, attributesOf(method, exchange, target), signal);
  if (
    method === "GET" &&
    (target.subresource ?? "status") === "status" &&
    target.served.stored !== undefined
  ) {
    return read(parts, exchange, target);
  }
  await sendAnswer(exchange, target, await runVerb(parts, exchange, target, method));
}

/** An object of the kind in any of its forms; everything else as a plain document. */
async function sendAnswer(
  { request, response, query }: Exchange,
  { served }: Target,
  { httpStatus, object, warnings = [] }: Answer,
): Promise<void> {
  // Node writes one byte for each character of a header: encode it as UTF-8, which kubectl reads.
  for (const text of warnings) {
    response.appendHeader("warning", Buffer.from(`299 - ${JSON.stringify(text)}`).toString("latin1"));
  }
  if (
    object["kind"] !== served.kind ||
    object["apiVersion"] !== apiVersionOf(served) ||
    served.stored === undefined
  ) {
    return send(request, response, httpStatus, object);
  }
  const form = formOf(served, request.headers.accept, query);
  const item = form.view.project(object as unknown as Resource);
  await sendObject(response, form, item, { status: httpStatus });
}

/** The RBAC verb of a request. */
function attributesOf(method: string, { query }: Exchange, target: Target): Attributes {
  const { served, namespace, name, subresource } = target;
  const one = name !== undefined;
  const reading = isWatch(query, target) ? "watch" : one ? "get" : "list";
  const verbs: Readonly<Record<string, string>> = {
    GET: reading,
    HEAD: reading,
    POST: "create",
    PUT: "update",
    PATCH: "patch",
    DELETE: one ? "delete" : "deletecollection",
  };
  const verb = verbs[method];
  if (verb === undefined) throw notAllowed();
  const { group, plural } = served;
  return { verb, group, resource: plural, subresource, namespace, name };
}
