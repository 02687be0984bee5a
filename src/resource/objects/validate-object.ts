/**
 * Checks of drafts and objects, before any call: whole objects at once, every fault with its field.
 *
 * The order matters: the plain-data check comes first, so all later checks read ordinary records; then shape and
 * metadata; the kind's own validate last, on the object as it would be stored.
 */

import { isError } from "../../base/text/message-of.ts";
import { quote } from "../../base/text/quote.ts";
import type { FieldError, Subject } from "../../errors/codes.ts";
import { StoreError } from "../../errors.ts";
import type { KindDefinition } from "../model/kind.ts";
import { limits } from "../model/limits.ts";
import { cleanMetadata } from "../model/metadata-fields.ts";
import { generateNameFault, labelValueFault, nameFault, qualifiedNameFault } from "../model/names.ts";
import { findPlainDataFault } from "../model/plain-data.ts";
import type { Draft, Key, Resource } from "../model/resource.ts";
import { isResourceVersion } from "../model/revision.ts";
import { subjectOf } from "./read-errors.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * A draft for create; with `key` to create the missing object there: name and namespace may then be absent.
 * @returns the draft without metadata that means absent: null, and "" for text (`cleanMetadata`)
 * @throws INVALID_OBJECT with all faults
 */
export function validateDraft<T extends Resource>(
  kind: KindDefinition<T>,
  draft: Draft<T>,
  key?: Key,
): Draft<T> {
  return checked(kind, "create", draft, key);
}

/**
 * An object for update; with `key` the result of mutate: name and namespace may be absent, but not changed.
 * @returns the object without metadata that means absent, as `validateDraft`
 * @throws INVALID_OBJECT with all faults
 */
export function validateReplacement<T extends Resource, O extends T | Draft<T>>(
  kind: KindDefinition<T>,
  object: O,
  key?: Key,
): O {
  return checked(kind, "update", object, key);
}

function checked<T extends Resource, O extends T | Draft<T>>(
  kind: KindDefinition<T>,
  verb: "create" | "update",
  object: O,
  key: Key | undefined,
): O {
  const errors: FieldError[] = [];
  const metadata = checkObject(kind, object, verb, key, errors);
  throwIfAny(kind, verb, object, errors);
  // Only fields that mean absent are gone: the rest has the type of the argument.
  return metadata === object.metadata ? object : ({ ...object, metadata } as O);
}

/**
 * Checks that need the old state, and the kind's own rules, on the object about to be stored.
 * @throws INVALID_OBJECT with all faults
 */
export function validateForStorage<T extends Resource>(kind: KindDefinition<T>, object: T, old?: T): void {
  const errors: FieldError[] = [];
  if (old?.metadata.deletionTimestamp !== undefined) {
    const before = new Set(old.metadata.finalizers);
    for (const added of (object.metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer))) {
      errors.push({
        field: "metadata.finalizers",
        message: `${quote(added)} is new: the object is being deleted, expected none to be added`,
      });
    }
  }
  const verb = old === undefined ? "create" : "update";
  let cause: unknown;
  try {
    const faults: unknown = kind.validate(object, old);
    if (Array.isArray(faults)) errors.push(...faults);
    else errors.push(ownFault(`gave ${quote(faults)}, expected an array`));
  } catch (error) {
    cause = error;
    errors.push(ownFault(`failed: ${quote(isError(error) ? error.message : error)}`));
  }
  throwIfAny(kind, verb, object, errors, cause);
}

/** A fault of the kind's validate itself, not of a field. */
function ownFault(what: string): FieldError {
  return { field: "", message: `the kind's validate ${what}` };
}

/** INVALID_OBJECT for `errors`, of which there is at least one. */
export function invalidObject(
  action: string,
  subject: Subject,
  errors: readonly FieldError[],
  cause?: unknown,
): StoreError<"INVALID_OBJECT"> {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return new StoreError(
    "INVALID_OBJECT",
    `Cannot ${action}: ${first?.field === "" ? "" : `${first?.field}: `}${first?.message}${more}`,
    { ...subject, errors },
    cause === undefined ? undefined : { cause },
  );
}

function throwIfAny(
  kind: KindDefinition,
  verb: string,
  object: unknown,
  errors: readonly FieldError[],
  cause?: unknown,
): void {
  if (errors.length === 0) return;
  const metadata = (object as { metadata?: Fields } | null | undefined)?.metadata;
  const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  const [namespace, name] = [text(metadata?.["namespace"]), text(metadata?.["name"])];
  throw invalidObject(
    `${verb} ${kind.kind}${name === undefined ? "" : ` ${quote(name)}`}`,
    subjectOf(kind, { namespace, name }),
    errors,
    cause,
  );
}

/** Adds every fault to `errors`; returns the metadata without values that mean absent. */
function checkObject(
  kind: KindDefinition,
  object: unknown,
  verb: "create" | "update",
  key: Key | undefined,
  errors: FieldError[],
): Fields | undefined {
  if (typeof object !== "object" || object === null || Array.isArray(object)) {
    errors.push({ field: "", message: `${quote(object)}, expected an object` });
    return undefined;
  }
  const plainFault = findPlainDataFault(object);
  if (plainFault !== undefined) {
    errors.push(plainFault);
    return undefined;
  }
  const { apiVersion, kind: kindName, metadata: given } = object as Fields;
  if (!isAbsentText(apiVersion) && apiVersion !== kind.apiVersion) {
    errors.push({ field: "apiVersion", message: `${quote(apiVersion)}, expected ${quote(kind.apiVersion)}` });
  }
  if (!isAbsentText(kindName) && kindName !== kind.kind) {
    errors.push({ field: "kind", message: `${quote(kindName)}, expected ${quote(kind.kind)}` });
  }
  if (!isRecord(given)) {
    errors.push({ field: "metadata", message: `${quote(given)}, expected an object` });
    return undefined;
  }
  const { metadata, faults } = cleanMetadata(given);
  checkIdentity(kind, metadata, verb, key, errors);
  checkLabels(metadata["labels"], errors);
  checkAnnotations(metadata["annotations"], errors);
  checkFinalizers(metadata["finalizers"], errors);
  checkOwners(metadata["ownerReferences"], errors);
  // The checks above describe faults of the fields they know; the rest is reported here.
  for (const fault of faults) {
    if (!errors.some(({ field }) => field.startsWith(fault.field))) errors.push(fault);
  }
  return metadata;
}

/** null and "" mean absent, as in Kubernetes. */
function isAbsentText(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkIdentity(
  kind: KindDefinition,
  metadata: Fields,
  verb: "create" | "update",
  key: Key | undefined,
  errors: FieldError[],
): void {
  const fault = (field: string, value: unknown, message: string | undefined): void => {
    if (message !== undefined)
      errors.push({
        field: `metadata.${field}`,
        message: value === undefined ? `is missing, ${message}` : `${quote(value)}: ${message}`,
      });
  };
  const { name, generateName, namespace, uid, resourceVersion } = metadata;
  if (key !== undefined) {
    // The key has been checked; the coordinates in the object must agree with it.
    for (const field of ["name", "namespace"] as const) {
      const value = metadata[field];
      if (value !== undefined && value !== key[field]) fault(field, value, `expected ${quote(key[field])}`);
    }
  } else {
    if (name !== undefined) fault("name", name, nameFault(kind.nameRule, name));
    else if (verb === "create" && generateName !== undefined) {
      fault("generateName", generateName, generateNameFault(kind.nameRule, generateName));
    } else {
      const wanted = verb === "create" ? "a name or generateName" : "a name";
      errors.push({ field: "metadata.name", message: `is missing, expected ${wanted}` });
    }
    if (kind.scope === "Namespaced")
      fault(
        "namespace",
        namespace,
        isAbsentText(namespace)
          ? "expected a namespace: the kind is namespaced"
          : nameFault("label", namespace),
      );
    else if (namespace !== undefined) {
      fault("namespace", namespace, "the kind is cluster-scoped, expected none");
    }
  }
  if (uid !== undefined && (typeof uid !== "string" || uid === "")) fault("uid", uid, "expected text");
  if (resourceVersion === undefined) return;
  if (verb === "create")
    fault("resourceVersion", resourceVersion, "expected none on an object to be created");
  else if (!isResourceVersion(resourceVersion)) {
    fault("resourceVersion", resourceVersion, `expected decimal text from 1 to ${limits.revisionMax}`);
  }
}

function checkLabels(labels: unknown, errors: FieldError[]): void {
  if (labels === undefined) return;
  if (!isRecord(labels)) {
    errors.push({ field: "metadata.labels", message: "expected an object" });
    return;
  }
  const entries = Object.entries(labels).filter(([, value]) => value !== undefined);
  if (entries.length > limits.labelsMax) {
    errors.push({
      field: "metadata.labels",
      message: `has ${entries.length} labels, expected at most ${limits.labelsMax}`,
    });
    return;
  }
  for (const [key, value] of entries) {
    const fault = qualifiedNameFault(key) ?? labelValueFault(value);
    if (fault !== undefined)
      errors.push({ field: labelField("labels", key), message: `${quote(value)}: ${fault}` });
  }
}

function labelField(field: string, key: string): string {
  return `metadata.${field}[${quote(key)}]`;
}

function checkAnnotations(annotations: unknown, errors: FieldError[]): void {
  if (annotations === undefined) return;
  if (!isRecord(annotations)) {
    errors.push({ field: "metadata.annotations", message: "expected an object" });
    return;
  }
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    if (value === undefined) continue;
    // Kubernetes also accepts upper case in the part before the slash, and so do its tools.
    const fault = qualifiedNameFault(key.toLowerCase());
    if (fault !== undefined) errors.push({ field: labelField("annotations", key), message: fault });
    if (typeof value !== "string") {
      errors.push({ field: labelField("annotations", key), message: `${quote(value)}, expected text` });
    } else bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > limits.annotationsBytesMax) {
    errors.push({
      field: "metadata.annotations",
      message: `${bytes} bytes in all, expected at most ${limits.annotationsBytesMax}`,
    });
  }
}

function checkFinalizers(finalizers: unknown, errors: FieldError[]): void {
  if (finalizers === undefined) return;
  if (!Array.isArray(finalizers) || finalizers.length > limits.finalizersMax) {
    errors.push({
      field: "metadata.finalizers",
      message: `expected an array of at most ${limits.finalizersMax}`,
    });
    return;
  }
  const seen = new Set<unknown>();
  for (const [i, finalizer] of finalizers.entries()) {
    const fault = qualifiedNameFault(finalizer) ?? (seen.has(finalizer) ? "is there twice" : undefined);
    if (fault !== undefined) {
      errors.push({ field: `metadata.finalizers[${i}]`, message: `${quote(finalizer)}: ${fault}` });
    }
    seen.add(finalizer);
  }
}

function checkOwners(owners: unknown, errors: FieldError[]): void {
  if (owners === undefined) return;
  if (!Array.isArray(owners) || owners.length > limits.ownerReferencesMax) {
    errors.push({
      field: "metadata.ownerReferences",
      message: `expected an array of at most ${limits.ownerReferencesMax}`,
    });
    return;
  }
  let controllers = 0;
  for (const [i, owner] of owners.entries()) {
    const at = `metadata.ownerReferences[${i}]`;
    if (!isRecord(owner)) {
      errors.push({ field: at, message: `${quote(owner)}, expected an object` });
      continue;
    }
    for (const field of ["apiVersion", "kind", "name", "uid"]) {
      const value = owner[field];
      if (typeof value !== "string" || value === "") {
        errors.push({ field: `${at}.${field}`, message: `${quote(value)}, expected text` });
      }
    }
    for (const field of ["controller", "blockOwnerDeletion"]) {
      const value = owner[field];
      if (value !== undefined && typeof value !== "boolean") {
        errors.push({ field: `${at}.${field}`, message: `${quote(value)}, expected a boolean` });
      }
    }
    if (owner["controller"] === true) controllers++;
  }
  if (controllers > 1) {
    errors.push({
      field: "metadata.ownerReferences",
      message: `${controllers} are controllers, expected at most one`,
    });
  }
}
