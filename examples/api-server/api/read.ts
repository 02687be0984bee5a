/** get, list and watch: served from the cache, in the version of the path and the form that the client accepts. */
import type { Resource, ResourceReader } from "keelson";
import { getQuery, listQuery, sendList, sendObject, sendWatch, watchQuery } from "keelson/http";
import type { Exchange } from "./exchange.ts";
import { statusOf } from "./refusal.ts";
import { formOf } from "./represent.ts";
import type { Target } from "./route.ts";
import type { ServerParts } from "./server-parts.ts";
import { versionView } from "./versions.ts";
import { keyOf, storeOf } from "./write.ts";

/** `watch` is a flag of collections: any value but "false" and "0" sets it. A GET of one object has no such flag. */
export function isWatch(query: URLSearchParams, { watch, name }: Target): boolean {
  const value = query.get("watch");
  return watch || (name === undefined && value !== null && value !== "0" && value.toLowerCase() !== "false");
}

export async function read(parts: ServerParts, exchange: Exchange, target: Target): Promise<void> {
  const { request, response, query, signal } = exchange;
  const { served, namespace, name } = target;
  const view = versionView(served);
  const stored = storeOf(parts, served);
  const reader: ResourceReader<Resource> = view === undefined ? stored : stored.as(view);
  const { accept } = request.headers;
  const sending = { acceptEncoding: request.headers["accept-encoding"] };
  if (isWatch(query, target)) {
    const options = watchQuery(query);
    const form = formOf(served, accept, query, "watch");
    const watch = reader.as(form.view).watch({
      ...options,
      namespace,
      name,
      signal: AbortSignal.any([signal, parts.stopping]),
    });
    const subject = { ...served, name };
    return sendWatch(response, form, watch, {
      bookmarks: options.bookmarks,
      statusOf: (error) => statusOf(error, subject),
    });
  }
  const form = formOf(served, accept, query);
  const items = reader.as(form.view);
  if (name !== undefined) {
    return sendObject(
      response,
      form,
      await items.get(keyOf(target), { ...getQuery(query), signal }),
      sending,
    );
  }
  return sendList(response, form, await items.list({ ...listQuery(query), namespace, signal }), sending);
}
