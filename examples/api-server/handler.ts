/**
 * One HTTP request to one call of the store. Errors leave as the metav1.Status that keelson makes of them; a client
 * that goes away aborts its call.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { jsonView, type Resource, type Store } from "keelson";
import { deleteQuery, getQuery, listQuery, watchQuery } from "keelson/http";
import { jsonOf, Refusal, send, sendList, statusOf } from "./body.ts";
import { discoveryOf } from "./discovery.ts";
import { isMergePatch, mergePatch } from "./merge-patch.ts";
import { routeOf, servedKinds, type Target } from "./route.ts";
import { sendWatch } from "./send-watch.ts";

/** One request: where it goes, what it asks, when its client has gone. */
interface Exchange {
  readonly target: Target;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

export function handlerOf(store: Store): RequestListener {
  return (request, response) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    answer(store, request, response, gone.signal).catch((error: unknown) => {
      if (response.headersSent || gone.signal.aborted) return void response.destroy();
      const status = statusOf(error);
      send(response, status.code, status);
    });
  };
}

async function answer(
  store: Store,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://localhost");
  const facts = discoveryOf(servedKinds(store), pathname);
  if (facts !== undefined) return send(response, 200, facts);
  const target = routeOf(store, pathname);
  const verb = verbs[request.method ?? ""];
  if (target === undefined) throw new Refusal(404, "NotFound", `there is nothing at ${pathname}`);
  if (verb === undefined) throw new Refusal(405, "MethodNotAllowed", `${request.method} is not served`);
  return verb({ target, query, request, response, signal });
}

const verbs: Readonly<Record<string, (exchange: Exchange) => Promise<void>>> = {
  GET: read,
  async POST({ target, query, request, response, signal }) {
    const draft = placed(await jsonOf(request), target);
    send(response, 201, await target.resources.create(draft, { dryRun: isDry(query), signal }));
  },
  async PUT({ target, query, request, response, signal }) {
    const object = placed(await jsonOf(request), target);
    const options = { dryRun: isDry(query), subresource: subresourceOf(target), signal };
    send(response, 200, await target.resources.update(object, options));
  },
  async PATCH({ target, query, request, response, signal }) {
    const patch = await jsonOf(request);
    if (!isMergePatch(request.headers["content-type"], patch)) {
      throw new Refusal(
        415,
        "UnsupportedMediaType",
        "only merge patches are taken; send application/merge-patch+json",
      );
    }
    const options = { dryRun: isDry(query), subresource: subresourceOf(target), signal };
    const change = (current: Resource): Resource => mergePatch(current, patch);
    send(response, 200, await target.resources.guaranteedUpdate(keyOf(target), change, options));
  },
  async DELETE({ target, query, request, response, signal }) {
    const options = deleteQuery(query, await jsonOf(request));
    if (target.name !== undefined) {
      return send(response, 200, await target.resources.delete(keyOf(target), { ...options, signal }));
    }
    const { preconditions: _, ...rest } = options;
    const { labelSelector, fieldSelector } = listQuery(query);
    const scope = { namespace: target.namespace, labelSelector, fieldSelector };
    await target.resources.deleteCollection({ ...rest, ...scope, signal });
    send(response, 200, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" });
  },
};

/** get, list or watch; all of them hand out the bytes the cache holds ready. */
async function read({ target, query, response, signal }: Exchange): Promise<void> {
  const { kind, namespace, name } = target;
  const json = target.resources.as(jsonView);
  if (["true", "1"].includes(query.get("watch") ?? "")) {
    const options = watchQuery(query);
    const watch = json.watch({ ...options, namespace, name, signal });
    return sendWatch(response, kind, watch, options.bookmarks === true);
  }
  if (name !== undefined) {
    return send(response, 200, await json.get(keyOf(target), { ...getQuery(query), signal }));
  }
  sendList(response, kind, await json.list({ ...listQuery(query), namespace, signal }));
}

/** The body's object, in the namespace and under the name the path gives. @throws Refusal 400 */
function placed(body: unknown, { namespace, name }: Target): Resource {
  const { metadata, ...rest } = (body ?? {}) as Partial<Resource>;
  if (typeof metadata !== "object")
    throw new Refusal(400, "BadRequest", "the body is not an object with metadata");
  return { ...rest, metadata: { ...metadata, ...given({ namespace, name }) } } as Resource;
}

/** Without the members that are undefined: a path without a name leaves the body's. */
const given = (members: object): object =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

/** @throws Refusal 405 for a collection */
function keyOf({ namespace, name }: Target): { namespace?: string | undefined; name: string } {
  if (name === undefined) throw new Refusal(405, "MethodNotAllowed", "this path names a collection");
  return { namespace, name };
}

const isDry = (query: URLSearchParams): boolean => query.getAll("dryRun").includes("All");
const subresourceOf = ({ status }: Target): "status" | undefined => (status ? "status" : undefined);
