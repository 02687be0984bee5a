/**
 * create, update, patch and delete: a client's object through decoding, admission and the store. A change is made on the
 * live state (`guaranteedUpdate`), so that what admission compares with is what is replaced.
 */
import { type Draft, isPending, isStoreError, type Resource, type ResourceStore } from "keelson";
import { deleteQuery, listQuery } from "keelson/http";
import { admitCreate, admitUpdate } from "../admission/admission.ts";
import type { Json } from "../defaults/rules.ts";
import { type Exchange, isDry } from "./exchange.ts";
import { graceOf } from "./grace.ts";
import { badRequest, notAllowed, notFoundHere } from "./refusal.ts";
import type { Target } from "./route.ts";
import { resourceNameOf, type Served } from "./served.ts";
import type { ServerParts } from "./server-parts.ts";
import { servedForm, storedForm } from "./versions.ts";

export interface Answer {
  readonly httpStatus: number;
  readonly object: Json;
  /** Told to the person at the other end, as Warning headers. */
  readonly warnings?: readonly string[];
}

export function storeOf({ store }: ServerParts, { stored }: Served): ResourceStore<Resource> {
  if (stored === undefined) throw notFoundHere();
  return store.resources(stored);
}

export function keyOf({ namespace, name }: Target): { namespace?: string | undefined; name: string } {
  if (name === undefined) throw notAllowed();
  return { namespace, name };
}

/** The body's object, in the namespace and under the name the path gives. @throws Refusal 400 */
export function placed(body: Json, { namespace, name, served }: Target): Json {
  const metadata = { ...(body["metadata"] as Json | undefined) };
  if (name !== undefined && metadata["name"] !== undefined && metadata["name"] !== name) {
    throw badRequest(
      `the name of the object (${String(metadata["name"])}) does not match the name on the URL (${name})`,
    );
  }
  if (namespace !== undefined && metadata["namespace"] && metadata["namespace"] !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  if (name !== undefined) metadata["name"] = name;
  if (metadata["name"] === "") delete metadata["name"];
  if (namespace !== undefined) metadata["namespace"] = namespace;
  else if (!served.namespaced) delete metadata["namespace"];
  // "" is a name or version that is not there; uid and version of an object to be created are the store's.
  for (const field of ["resourceVersion", "uid", "generateName"])
    if (metadata[field] === "") delete metadata[field];
  return { ...body, metadata };
}

export async function createObject(
  parts: ServerParts,
  exchange: Exchange,
  target: Target,
  body: Json,
): Promise<Answer> {
  const { served } = target;
  if (served.namespaced && target.namespace === undefined) throw notAllowed();
  const draft = storedForm(served, placed(body, target));
  const dryRun = isDry(exchange);
  await admitCreate({ store: parts.store, dryRun }, served, draft as unknown as Json);
  const created = await storeOf(parts, served).create(draft, { dryRun, signal: exchange.signal });
  return { httpStatus: 201, object: servedForm(served, created) };
}

/** A new state out of the live one, in the version of the path; "unchanged" leaves it. */
export type Change = (current: Json) => Json | Promise<Json>;

/**
 * Reads, changes, admits, writes, again on conflict. `createIfMissing` makes what is not there.
 * The subresource "status" writes status alone; any other writes what `change` says, status included.
 */
export async function changeObject(
  parts: ServerParts,
  exchange: Exchange,
  target: Target,
  change: Change,
  createIfMissing?: () => Json,
): Promise<Answer> {
  const { served, subresource } = target;
  const resources = storeOf(parts, served);
  const dryRun = isDry(exchange);
  const context = { store: parts.store, dryRun };
  const mutate = async (current: Resource): Promise<Draft<Resource>> => {
    const wanted = storedForm(served, placed(await change(servedForm(served, current)), target));
    await admitUpdate(context, served, wanted as unknown as Json, current, subresource);
    return wanted;
  };
  const options = { dryRun, subresource: writesOf(subresource), signal: exchange.signal };
  try {
    const object = await resources.guaranteedUpdate(keyOf(target), mutate, options);
    return { httpStatus: 200, object: servedForm(served, object) };
  } catch (error) {
    if (createIfMissing === undefined || !isStoreError(error, "NOT_FOUND")) throw error;
    return createObject(parts, exchange, { ...target, subresource: undefined }, createIfMissing());
  }
}

const writesOf = (subresource: string | undefined): "status" | "all" | undefined =>
  subresource === undefined ? undefined : subresource === "status" ? "status" : "all";

/** Kinds whose deletion answers with the object (registries with ReturnDeletedObject); others with a Status. */
const answersWithObject = new Set([
  "pods",
  "services",
  "serviceaccounts",
  "persistentvolumes",
  "persistentvolumeclaims",
  "podtemplates",
  "resourcequotas",
]);

export async function deleteObject(
  parts: ServerParts,
  { query, signal }: Exchange,
  target: Target,
  body: unknown,
): Promise<Answer> {
  const { served } = target;
  const resources = storeOf(parts, served);
  const asked = deleteQuery(query, body);
  const options = {
    ...asked,
    gracePeriodSeconds: await graceOf(parts, target, asked.gracePeriodSeconds),
    signal,
  };
  if (target.name === undefined) {
    const { preconditions: _, ...rest } = options;
    const { labelSelector, fieldSelector } = listQuery(query);
    await resources.deleteCollection({ ...rest, namespace: target.namespace, labelSelector, fieldSelector });
    return { httpStatus: 200, object: success({ kind: served.plural }) };
  }
  const deleted = await resources.delete(keyOf(target), options);
  if (isPending(deleted) || answersWithObject.has(resourceNameOf(served))) {
    return { httpStatus: 200, object: servedForm(served, deleted) };
  }
  const { name, uid } = deleted.metadata;
  const group = served.group === "" ? {} : { group: served.group };
  return { httpStatus: 200, object: success({ name, ...group, kind: served.plural, uid }) };
}

export const success = (details: Json): Json => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  details,
});
