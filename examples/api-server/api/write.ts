/**
 * create, update, patch and delete: a client's object passes through decoding, admission and the store. A change is
 * applied to the live state (`guaranteedUpdate`), so admission compares with exactly the state that is replaced.
 */
import {
  type AnyResource,
  type Draft,
  isPending,
  type Preconditions,
  type Resource,
  type ResourceStore,
} from "keelson";
import { deleteQuery, fieldManagerOf, listQuery, trackUpdate } from "keelson/http";
import { admitCreate, admitUpdate } from "../admission/admission.ts";
import { decodeObject, fieldValidationOf } from "../admission/decoding.ts";
import { at, type Json } from "../defaults/rules.ts";
import { type Exchange, isDry } from "./exchange.ts";
import { graceOf } from "./grace.ts";
import { badRequest, conflict, invalid, notAllowed, notFoundHere } from "./refusal.ts";
import type { Target } from "./route.ts";
import { apiVersionOf, resourceNameOf, type Served } from "./served.ts";
import type { ServerParts } from "./server-parts.ts";
import { servedForm, storedForm } from "./versions.ts";

export interface Answer {
  readonly httpStatus: number;
  readonly object: Json;
  /** Sent to the client as Warning headers. */
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

/**
 * A client's object is of the kind and version of its path, and a change has the name of its object. A create or an
 * update may leave the kind out; the result of a patch may not.
 * @throws Refusal 400
 */
function checkIdentity({ served, name }: Target, given: Json, isPatch: boolean): void {
  const { apiVersion, kind, metadata } = given;
  const expected = apiVersionOf(served);
  const isAbsent = (value: unknown): boolean =>
    !isPatch && (value === undefined || value === null || value === "");
  if (!isAbsent(kind) && kind !== served.kind) {
    throw badRequest(
      `${String(kind)} in version "${served.version}" cannot be handled as a ${served.kind}: no such kind at this path`,
    );
  }
  if (!isAbsent(apiVersion) && apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${String(apiVersion)}) does not match the expected API version (${expected})`,
    );
  }
  if (name !== undefined && !at(metadata, "name")) {
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  }
}

/** An update of a custom resource says which version it replaces. @throws Refusal 422 */
function checkVersion({ served, name }: Target, given: Json): void {
  const version = at(given, "metadata.resourceVersion");
  if (typeof version === "string" && version !== "" && version !== "0") return;
  const message = "Invalid value: 0x0: must be specified for an update";
  throw invalid(served, name ?? "", [{ field: "metadata.resourceVersion", message }]);
}

/** The object in the body, with the namespace and name of the path. @throws Refusal 400 */
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
  // "" is an absent name or version, and version "0" is none; the store sets the uid and version of a created object.
  for (const field of ["resourceVersion", "uid", "generateName"])
    if (metadata[field] === "") delete metadata[field];
  if (metadata["resourceVersion"] === "0") delete metadata["resourceVersion"];
  return { ...body, metadata };
}

/** The source of an object that will be written. */
export interface Origin {
  /** The request body as text, if it is the object itself: it may have duplicate fields. */
  readonly text?: string | undefined;
  /** Server-side apply has already recorded the manager of each field. */
  readonly applied?: boolean;
  /** The object is the result of a patch. */
  readonly patched?: boolean;
}

/** A client's object as it will be stored, and the warnings for the client. */
async function admitted(
  parts: ServerParts,
  exchange: Exchange,
  target: Target,
  given: Json,
  current: Resource | undefined,
  { text, applied = false, patched = applied }: Origin,
): Promise<{ readonly draft: Draft<AnyResource>; readonly warnings: readonly string[] }> {
  const { served, subresource } = target;
  const { query, request } = exchange;
  checkIdentity(target, given, patched);
  if (current !== undefined && served.custom !== undefined && !patched) checkVersion(target, given);
  const { object, warnings } = decodeObject(served, placed(given, target), fieldValidationOf(query), text);
  const stored = storedForm(served, object);
  const fields = stored as unknown as Json;
  const context = { store: parts.store, dryRun: isDry(exchange) };
  if (current === undefined) await admitCreate(context, served, fields);
  else await admitUpdate(context, served, fields, current, subresource);
  if (applied || served.stored === undefined) return { draft: stored, warnings };
  const options = {
    fieldManager: fieldManagerOf(query, request.headers["user-agent"]),
    time: now(),
    schema: parts.openApi.mergeSchemaOf(served.stored),
    subresource,
    hasStatus: served.stored.status,
  };
  const after = stored as unknown as AnyResource;
  return { draft: trackUpdate(current as AnyResource | undefined, after, options), warnings };
}

/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

export async function createObject(
  parts: ServerParts,
  exchange: Exchange,
  target: Target,
  body: Json,
  origin: Origin = {},
): Promise<Answer> {
  const { served } = target;
  if (served.namespaced && target.namespace === undefined) throw notAllowed();
  const { draft, warnings } = await admitted(parts, exchange, target, body, undefined, origin);
  const options = { dryRun: isDry(exchange), signal: exchange.signal };
  const created = await storeOf(parts, served).create(draft, options);
  if (served.kind === definitionKind && !options.dryRun) await parts.custom.open(created);
  return { httpStatus: 201, object: servedForm(served, created), warnings };
}

/** Computes the new state from the live one, in the version of the path. */
export type Change = (current: Json) => Json;

/**
 * Reads, changes, admits and writes; repeats on conflict. A subresource other than "status" writes the whole result of
 * `change`, status included.
 */
export async function changeObject(
  parts: ServerParts,
  exchange: Exchange,
  target: Target,
  change: Change,
  origin: Origin = {},
): Promise<Answer> {
  const { served, subresource } = target;
  let given: readonly string[] = [];
  const mutate = async (current: Resource): Promise<Draft<Resource>> => {
    const wanted = change(servedForm(served, current));
    const { draft, warnings } = await admitted(parts, exchange, target, wanted, current, origin);
    given = warnings;
    return subresource === "status" ? statusOnly(served, current, draft) : draft;
  };
  // An update of a definition also changes its status: the versions in which there may be objects.
  const writes: "all" | undefined =
    subresource === undefined && served.kind !== definitionKind ? undefined : "all";
  const options = { dryRun: isDry(exchange), subresource: writes, signal: exchange.signal };
  const object = await storeOf(parts, served).guaranteedUpdate(keyOf(target), mutate, options);
  if (served.kind === definitionKind && !options.dryRun) await parts.custom.open(object);
  return { httpStatus: 200, object: servedForm(served, object), warnings: given };
}

const definitionKind = "CustomResourceDefinition";

/**
 * The fields that a status write changes: status, and for a built-in kind also labels (except a deployment's),
 * annotations and finalizers, as in Kubernetes' registries: its deployment controller writes the revision annotation
 * that way, and a kubelet the labels of its node.
 */
function statusOnly(served: Served, current: Resource, draft: Draft<AnyResource>): Draft<Resource> {
  const { annotations, finalizers, managedFields } = draft.metadata;
  const labels =
    resourceNameOf(served) === "deployments.apps" ? current.metadata.labels : draft.metadata.labels;
  const taken =
    served.custom === undefined ? { labels, annotations, finalizers, managedFields } : { managedFields };
  const { status } = draft as unknown as Json;
  return {
    ...current,
    metadata: { ...current.metadata, ...taken, resourceVersion: draft.metadata.resourceVersion },
    status,
  } as unknown as Draft<Resource>;
}

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
    const { preconditions, ...rest } = options;
    const { labelSelector, fieldSelector } = listQuery(query);
    const selected = { namespace: target.namespace, labelSelector, fieldSelector };
    const validate = (current: Resource): void => checkPreconditions(served, current, preconditions);
    await resources.deleteCollection({ ...rest, ...selected, validate });
    return { httpStatus: 200, object: success({ kind: served.plural }) };
  }
  if (served.kind === definitionKind && asked.dryRun !== true) {
    await parts.custom.empty(await resources.get(keyOf(target), { signal }));
  }
  const deleted = await resources.delete(keyOf(target), options);
  if (served.kind === definitionKind && !isPending(deleted) && asked.dryRun !== true)
    await parts.custom.close(deleted);
  if (isPending(deleted) || answersWithObject.has(resourceNameOf(served))) {
    return { httpStatus: 200, object: servedForm(served, deleted) };
  }
  const { name, uid } = deleted.metadata;
  const group = served.group === "" ? {} : { group: served.group };
  return { httpStatus: 200, object: success({ name, ...group, kind: served.plural, uid }) };
}

/** Preconditions of a collection hold for each object, as in Kubernetes. @throws Refusal 409 */
function checkPreconditions(
  served: Served,
  { metadata }: Resource,
  { uid, resourceVersion }: Preconditions = {},
): void {
  const fails = (what: string, wanted: string | undefined, actual: string | undefined): void => {
    if (wanted === undefined || wanted === actual) return;
    const why = `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${actual ?? ""}`;
    throw conflict(resourceNameOf(served), metadata.name, why);
  };
  fails("UID", uid, metadata.uid);
  fails("ResourceVersion", resourceVersion, metadata.resourceVersion);
}

export const success = (details: Json): Json => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  details,
});
