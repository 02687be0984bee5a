/**
 * Decodes a client's object by its type, as Go's decoder does for kube-apiserver: it removes and reports fields that
 * the type does not have, and refuses values of another type. Built-in kinds use the table of types, custom kinds their
 * schema.
 */
import { type AnyResource, isStoreError } from "keelson";
import { decodeKubernetes, encodeKubernetesProtobuf, hasKubernetesProtobuf } from "keelson/kubernetes";
import { badRequest } from "../api/refusal.ts";
import { apiVersionOf, type Served } from "../api/served.ts";
import { pruned } from "../custom/structural-schema.ts";
import { isJson, type Json } from "../defaults/rules.ts";
import { duplicateFields } from "./duplicate-fields.ts";

/** `fieldValidation` of a request: how unknown and duplicate fields are handled. Kubernetes' default: Warn. */
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
 * @param text the body as received, which may have duplicate fields; undefined: the body is not the object itself
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
  // Elsewhere the identity is checked against the path; here it only selects the type.
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
