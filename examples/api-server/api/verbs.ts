/** Which verb a method is on which target: the resource itself, one of its subresources, or a question to answer. */
import { openApiMergeSchema, patchContentTypes, patchOf, patchTypeOf } from "keelson/http";
import type { Json } from "../defaults/rules.ts";
import { lookupIn } from "../openapi/definitions.ts";
import { bindPod, evictPod } from "../subresources/pods.ts";
import { review } from "../subresources/reviews.ts";
import { changeScale, readScale } from "../subresources/scale.ts";
import { requestToken } from "../subresources/token.ts";
import type { Exchange } from "./exchange.ts";
import { notAllowed, Refusal } from "./refusal.ts";
import type { Target } from "./route.ts";
import type { ServerParts } from "./server-parts.ts";
import { bodyOf, objectOf } from "./wire.ts";
import { type Answer, changeObject, createObject, deleteObject } from "./write.ts";

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
  const verb = { GET: "get", POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" }[method];
  if (verb === undefined || allowed?.includes(verb) !== true) throw notAllowed();
  if (subresource === "scale") return scale(parts, exchange, target, method);
  switch (method) {
    case "POST":
      return post(parts, exchange, target, objectOf(await bodyOf(exchange.request)));
    case "PUT": {
      const object = objectOf(await bodyOf(exchange.request));
      return changeObject(parts, exchange, target, () => object);
    }
    case "PATCH":
      return changeObject(parts, exchange, target, await changeOf(parts, exchange, target));
    case "DELETE":
      return deleteObject(parts, exchange, target, (await bodyOf(exchange.request)).value);
    default:
      throw notAllowed();
  }
}

async function post(parts: ServerParts, exchange: Exchange, target: Target, body: Json): Promise<Answer> {
  const { served, subresource } = target;
  switch (subresource) {
    case undefined:
      if (served.kind === "Binding") return bind(parts, exchange, target, body);
      if (served.stored === undefined) return review(parts, exchange, target, body);
      return createObject(parts, exchange, target, body);
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

/** The old spelling of pods/NAME/binding: a Binding named after its pod. */
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
  return changeScale(parts, exchange, target, await changeOf(parts, exchange, target));
}

/** The patch of a request as a function of the object, by its content type. @throws Refusal 415 */
async function changeOf(
  { openApi }: ServerParts,
  { request }: Exchange,
  { served }: Target,
): Promise<(current: Json) => Json> {
  const type = patchTypeOf(request.headers["content-type"]);
  const { value: patch } = await bodyOf(request);
  if (type === undefined || type === "apply") {
    throw new Refusal(
      415,
      "UnsupportedMediaType",
      `the body of the request was in an unknown format - accepted media types include: ${patchContentTypes.join(", ")}`,
    );
  }
  const schema = openApi.schemaOf(served);
  return patchOf(type, patch, openApiMergeSchema(schema, lookupIn(openApi.schemas)));
}
