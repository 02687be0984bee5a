/**
 * A client's object as its type has it (what Go's decoder does for kube-apiserver): members the type does not have are left
 * out and told, values of another type are refused. Built-in kinds go by the table of types, custom ones by their schema.
 */
import { type AnyResource, isStoreError } from "keelson";
import { decodeKubernetes, encodeKubernetesProtobuf, hasKubernetesProtobuf } from "keelson/kubernetes";
import { badRequest } from "../api/refusal.ts";
import { apiVersionOf, type Served } from "../api/served.ts";
import { pruned } from "../custom/structural-schema.ts";
import { isJson, type Json } from "../defaults/rules.ts";
import { duplicateFields } from "./duplicate-fields.ts";

/** `fieldValidation` of a request: what becomes of members that are not known, or are there twice. Kubernetes' default: Warn. */
export type FieldValidation = "Ignore" | "Warn" | "Strict";

export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const value = query.get("fieldValidation") || "Warn";
  if (value === "Ignore" || value === "Warn" || value === "Strict") return value;
  throw badRequest(`invalid fieldValidation "${value}": expected Ignore, Warn or Strict`);
}

export interface Decoded {
  readonly object: Json;
  readonly warnings: readonly string[];
}

/**
 * @param text the body as it came, in which members may be there twice; undefined: it is not the object itself
 * @throws Refusal 400
 */
export function decodeObject(
  served: Served,
  given: Json,
  validation: FieldValidation,
  text?: string,
): Decoded {
  const faults: string[] = [];
  const cannot = (why: string): Error =>
    badRequest(`${served.kind} in version "${served.version}" cannot be handled as a ${served.kind}: ${why}`);
  // Identity is checked against the path elsewhere; here it says which type this is.
  const typed = { ...given, apiVersion: apiVersionOf(served), kind: served.kind };
  const unknown = (path: string): void => void faults.push(`unknown field "${path}"`);
  const object = hasKubernetesProtobuf(typed.apiVersion, typed.kind)
    ? builtin(typed, unknown, cannot)
    : pruned(typed, served.custom?.schema, unknown);
  if (validation !== "Ignore" && text?.startsWith("{")) {
    faults.push(...duplicateFields(text).map((path) => `duplicate field "${path}"`));
  }
  if (faults.length > 0 && validation === "Strict")
    throw cannot(`strict decoding error: ${faults.join(", ")}`);
  return { object, warnings: validation === "Warn" ? faults : [] };
}

function builtin(object: Json, unknown: (path: string) => void, cannot: (why: string) => Error): Json {
  try {
    const bytes = encodeKubernetesProtobuf(object as unknown as AnyResource, { onUnknownMember: unknown });
    const decoded: unknown = decodeKubernetes(bytes);
    if (isJson(decoded)) return decoded;
    throw cannot("it is no object");
  } catch (error) {
    if (!isStoreError(error, "INVALID_OBJECT")) throw error;
    const [first] = error.details.errors;
    throw cannot(first === undefined ? error.message : `${first.field}: ${first.message}`);
  }
}
