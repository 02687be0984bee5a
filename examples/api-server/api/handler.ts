/**
 * Handles one HTTP request: facts about the server first, then authentication, routing, authorization, and the verb.
 * Errors are answered with a Status; a client that disconnects aborts its call.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { isStoreError, type Resource } from "keelson";
import { sendObject } from "keelson/http";
import type { Attributes } from "../access/rbac.ts";
import { documentAt } from "./documents.ts";
import type { Exchange } from "./exchange.ts";
import { factAt } from "./facts.ts";
import { isWatch, read } from "./read.ts";
import { invalid, notAllowed, notFound, notFoundHere, type StatusSubject, statusOf } from "./refusal.ts";
import { formOf } from "./represent.ts";
import { partsOfUrl, routeOf, type Target } from "./route.ts";
import { apiVersionOf, resourceNameOf } from "./served.ts";
import type { ServerParts } from "./server-parts.ts";
import { runVerb } from "./verbs.ts";
import { send, sendStatus } from "./wire.ts";
import type { Answer } from "./write.ts";

export function handlerOf(parts: ServerParts): RequestListener {
  return (request, response) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const { pathname, query } = partsOfUrl(request.url ?? "/");
    const target = routeOf(parts.catalog, pathname);
    answer(parts, request, response, { pathname, query, target, signal: gone.signal }).catch(
      (error: unknown) => {
        if (response.headersSent || gone.signal.aborted) return void response.destroy();
        const status = statusOf(explained(error, request.method, target), target && subjectOf(target));
        sendStatus(request, response, status).catch(() => response.destroy());
      },
    );
  };
}

const subjectOf = ({ served, name }: Target): StatusSubject => ({ ...served, name });

/** Options of a request whose faults Kubernetes answers with 422. */
const checkedOptions: Readonly<Record<string, string>> = {
  resourceVersionMatch: "ListOptions",
  sendInitialEvents: "ListOptions",
  dryRun: "DeleteOptions",
  propagationPolicy: "DeleteOptions",
  orphanDependents: "DeleteOptions",
};

/** A name that no object can have is absent, as in Kubernetes: `kubectl delete --ignore-not-found` relies on it. */
function explained(error: unknown, method: string | undefined, target: Target | undefined): unknown {
  if (!isStoreError(error, "INVALID_ARGUMENT")) return error;
  const { argument } = error.details;
  const kind = checkedOptions[argument];
  if (kind !== undefined) {
    const fault = { field: argument, message: `Forbidden: ${error.message}` };
    return invalid({ group: "meta.k8s.io", kind }, "", [fault]);
  }
  if (target?.name === undefined) return error;
  const isReadOrDelete = method === "GET" || method === "DELETE";
  const isNoSegment = /[/%]/.test(target.name) || target.name === "." || target.name === "..";
  if (!isReadOrDelete || isNoSegment || (argument !== "name" && argument !== "namespace")) return error;
  return notFound(resourceNameOf(target.served), target.name);
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
  const fact = await factAt(parts, pathname, query, signal);
  if (fact !== undefined)
    return void response.writeHead(fact.httpStatus, { "content-type": fact.type }).end(fact.body);
  const user = await parts.access.userOf(request, signal);
  const exchange: Exchange = { request, response, pathname, query, user, signal };
  const method = request.method ?? "GET";
  if (target === undefined) {
    await parts.access.check(user, { verb: method.toLowerCase(), path: pathname }, signal);
    if (method !== "GET" && method !== "HEAD") throw notFoundHere();
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
