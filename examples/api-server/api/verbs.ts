/**
 * Maps an HTTP method and its target to a verb. The target is a resource, a subresource, or a resource that is only
 * answered.
 */
import { isStoreError, type Resource } from "keelson";
import { patchContentTypes, patchOf, patchTypeOf, serverSideApply } from "keelson/http";
import type { Json } from "../defaults/rules.ts";
import { componentStatus } from "../subresources/component-status.ts";
import { bindPod, evictPod } from "../subresources/pods.ts";
import { review } from "../subresources/reviews.ts";
import { changeScale, readScale } from "../subresources/scale.ts";
import { requestToken } from "../subresources/token.ts";
import type { Exchange } from "./exchange.ts";
import { notAllowed, Refusal } from "./refusal.ts";
import type { Target } from "./route.ts";
import type { Served } from "./served.ts";
import type { ServerParts } from "./server-parts.ts";
import { type Body, bodyOf, objectOf } from "./wire.ts";
import { type Answer, changeObject, createObject, deleteObject, now } from "./write.ts";
import { checkWriteQuery } from "./write-query.ts";

export async function runVerb(
  parts: ServerParts,
  exchange: Exchange,
  target: Target,
  method: string,
): Promise<Answer> {
  const { served, subresource } = target;
  const allowed =
    subresource === undefined
      ? served.verbs
      : served.subresources.find(({ name }) => name === subresource)?.verbs;
  const verbs: Readonly<Record<string, string>> =
    target.name === undefined
      ? { GET: "list", POST: "create", DELETE: "deletecollection" }
      : subresource === undefined
        ? { GET: "get", PUT: "update", PATCH: "patch", DELETE: "delete" }
        : { GET: "get", POST: "create", PUT: "update", PATCH: "patch" };
  const verb = verbs[method];
  if (verb === undefined || allowed?.includes(verb) !== true) throw notAllowed();
  if (method === "POST" || method === "PUT" || method === "PATCH") checkWriteQuery(exchange, method);
  if (subresource === "scale") return scale(parts, exchange, target, method);
  switch (method) {
    case "GET":
      return componentStatus(parts, exchange, target);
    case "POST":
      return post(parts, exchange, target, await bodyOf(exchange.request));
    case "PUT": {
      const body = await bodyOf(exchange.request);
      const object = objectOf(body);
      return changeObject(parts, exchange, target, () => object, { text: body.text });
    }
    case "PATCH":
      return patch(parts, exchange, target, await bodyOf(exchange.request));
    case "DELETE":
      return deleteObject(parts, exchange, target, (await bodyOf(exchange.request)).value);
    default:
      throw notAllowed();
  }
}

async function post(
  parts: ServerParts,
  exchange: Exchange,
  target: Target,
  { value, text }: Body,
): Promise<Answer> {
  const { served, subresource } = target;
  const body = objectOf({ value });
  switch (subresource) {
    case undefined:
      if (served.kind === "Binding") return bind(parts, exchange, target, body);
      if (served.stored === undefined) return review(parts, exchange, target, body);
      return createObject(parts, exchange, target, body, { text });
    case "binding":
      return bindPod(parts, exchange, target, body);
    case "eviction":
      return evictPod(parts, exchange, target, body);
    case "token":
      return requestToken(parts, exchange, target, body);
    default:
      throw notAllowed();
  }
}

/** The old form of pods/NAME/binding: a Binding named after its pod. */
function bind(parts: ServerParts, exchange: Exchange, target: Target, body: Json): Promise<Answer> {
  const served = parts.catalog.find("", "v1", "pods");
  const { name } = (body["metadata"] ?? {}) as { name?: string };
  if (served === undefined || name === undefined) throw notAllowed();
  return bindPod(parts, exchange, { ...target, served, name }, body);
}

async function scale(
  parts: ServerParts,
  exchange: Exchange,
  target: Target,
  method: string,
): Promise<Answer> {
  if (method === "GET") return readScale(parts, exchange, target);
  if (method === "PUT") {
    const wanted = objectOf(await bodyOf(exchange.request));
    return changeScale(parts, exchange, target, () => wanted);
  }
  const { value } = await bodyOf(exchange.request);
  return changeScale(parts, exchange, target, changeOf(parts, exchange, scaleKind, value));
}

const scaleKind = { group: "autoscaling", version: "v1", kind: "Scale" };

async function patch(
  parts: ServerParts,
  exchange: Exchange,
  target: Target,
  { value }: Body,
): Promise<Answer> {
  const { served, subresource } = target;
  if (patchTypeOf(exchange.request.headers["content-type"]) !== "apply") {
    if (
      served.custom !== undefined &&
      patchTypeOf(exchange.request.headers["content-type"]) === "strategic"
    ) {
      throw unsupportedPatch(patchContentTypes.filter((type) => patchTypeOf(type) !== "strategic"));
    }
    const change = changeOf(parts, exchange, served, value);
    return changeObject(parts, exchange, target, change, { patched: true });
  }
  const options = {
    fieldManager: exchange.query.get("fieldManager") ?? "",
    force: ["true", "1"].includes(exchange.query.get("force") ?? ""),
    time: now(),
    schema: parts.openApi.mergeSchemaOf(served),
    subresource,
    hasStatus: served.stored?.status,
  };
  const apply = (live: Json | undefined): Json =>
    serverSideApply(live as unknown as Resource | undefined, value, options) as unknown as Json;
  try {
    return await changeObject(parts, exchange, target, apply, { applied: true });
  } catch (error) {
    if (!isStoreError(error, "NOT_FOUND") || subresource !== undefined) throw error;
    return createObject(parts, exchange, target, apply(undefined), { applied: true });
  }
}

/** A patch of one of the other three kinds as a function of the object, by its content type. @throws Refusal 415 */
function changeOf(
  parts: ServerParts,
  { request }: Exchange,
  kind: Pick<Served, "group" | "version" | "kind">,
  value: unknown,
): (current: Json) => Json {
  const type = patchTypeOf(request.headers["content-type"]);
  if (type === undefined || type === "apply") throw unsupportedPatch();
  return patchOf(type, value, parts.openApi.mergeSchemaOf(kind));
}

const unsupportedPatch = (accepted: readonly string[] = patchContentTypes): Refusal =>
  new Refusal(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  );
