/**
 * The fields of ObjectMeta in JSON: the type of each, and the meaning of null and "".
 *
 * Clients and tools written in Go send fields without a value as null or "", and Kubernetes decodes both as absent
 * (encoding/json, apimachinery ObjectMeta). This file decides it once, for drafts and for stored values: null is
 * absent everywhere, "" is absent where the field is text, a label or annotation of null is "". Any other type than
 * the field's own is a fault. So every reader understands what a writer accepts.
 */

import { quote } from "../../base/text/quote.ts";
import type { FieldError } from "../../errors/codes.ts";
import { setOwnField } from "./plain-data.ts";
import type { ObjectMeta } from "./resource.ts";

type Fields = Readonly<Record<string, unknown>>;
type FieldType = "text" | "time" | "integer" | "texts" | "text record" | "owners" | "list";

const fieldTypes: Readonly<Record<keyof ObjectMeta, FieldType>> = {
  name: "text",
  namespace: "text",
  uid: "text",
  resourceVersion: "text",
  generation: "integer",
  creationTimestamp: "time",
  deletionTimestamp: "time",
  deletionGracePeriodSeconds: "integer",
  generateName: "text",
  labels: "text record",
  annotations: "text record",
  finalizers: "texts",
  ownerReferences: "owners",
  managedFields: "list",
};

/** RFC 3339, as Kubernetes reads times: with a zone, fractions of a second allowed. */
const timestamp = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** Whether `text` is an RFC 3339 time. */
export function isTimestamp(text: string): boolean {
  return timestamp.test(text) && !Number.isNaN(Date.parse(text));
}

/** Metadata without values that mean absent, and its fields of a wrong type. */
export interface CleanMetadata {
  /** `metadata` itself where nothing had to be removed, else a copy that shares the remaining fields. */
  readonly metadata: Fields;
  /** Fields as `metadata.labels["a"]`, with what was found and what was wanted. */
  readonly faults: readonly FieldError[];
}

/** Checks every known field of `metadata`; others are left unchanged. Does not change its argument. */
export function cleanMetadata(metadata: Fields): CleanMetadata {
  const faults: FieldError[] = [];
  let copy: Record<string, unknown> | undefined;
  for (const field of Object.keys(metadata)) {
    const type = Object.hasOwn(fieldTypes, field) ? fieldTypes[field as keyof ObjectMeta] : undefined;
    if (type === undefined) continue;
    const value = metadata[field];
    const cleaned = cleanField(type, value, `metadata.${field}`, faults);
    if (cleaned === value) continue;
    copy ??= { ...metadata };
    if (cleaned === undefined) delete copy[field];
    else copy[field] = cleaned;
  }
  return { metadata: copy ?? metadata, faults };
}

/** The value of a field, undefined where it is absent; the same value where it needs no change. */
function cleanField(type: FieldType, value: unknown, field: string, faults: FieldError[]): unknown {
  if (value === null || value === undefined) return undefined;
  const fault = (wanted: string): unknown => {
    faults.push({ field, message: `${quote(value)}, expected ${wanted}` });
    return value;
  };
  switch (type) {
    case "text":
      if (value === "") return undefined;
      return typeof value === "string" ? value : fault("text");
    case "time":
      return typeof value === "string" && isTimestamp(value) ? value : fault("a time as in RFC 3339");
    case "integer":
      return Number.isSafeInteger(value) ? value : fault("an integer");
    case "texts":
      return Array.isArray(value) && value.every((member) => typeof member === "string")
        ? value
        : fault("an array of text");
    case "list":
      return Array.isArray(value) ? value : fault("an array");
    case "text record":
      return isFields(value) ? cleanTexts(value, field, faults) : fault("an object");
    case "owners":
      return Array.isArray(value) ? cleanOwners(value, field, faults) : fault("an array");
  }
}

function cleanTexts(texts: Fields, field: string, faults: FieldError[]): unknown {
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(texts)) {
    const value = texts[key];
    if (value === null) {
      copy ??= { ...texts };
      setOwnField(copy, key, "");
    } else if (value !== undefined && typeof value !== "string") {
      faults.push({ field: `${field}[${quote(key)}]`, message: `${quote(value)}, expected text` });
    }
  }
  return copy ?? texts;
}

const ownerTexts = ["apiVersion", "kind", "name", "uid"] as const;
const ownerFlags = ["controller", "blockOwnerDeletion"] as const;

function cleanOwners(owners: readonly unknown[], field: string, faults: FieldError[]): unknown {
  let copy: unknown[] | undefined;
  for (const [i, owner] of owners.entries()) {
    const at = `${field}[${i}]`;
    if (!isFields(owner)) {
      faults.push({ field: at, message: `${quote(owner)}, expected an object` });
      continue;
    }
    let cleaned: Record<string, unknown> | undefined;
    for (const name of [...ownerTexts, ...ownerFlags]) {
      const value = owner[name];
      if (value === undefined) continue;
      const isText = (ownerTexts as readonly string[]).includes(name);
      if (value === null) {
        cleaned ??= { ...owner };
        // A missing text of a reference counts as empty, as in Kubernetes; a flag may be absent.
        if (isText) cleaned[name] = "";
        else delete cleaned[name];
      } else if (typeof value !== (isText ? "string" : "boolean")) {
        const wanted = isText ? "text" : "a boolean";
        faults.push({ field: `${at}.${name}`, message: `${quote(value)}, expected ${wanted}` });
      }
    }
    if (cleaned === undefined) continue;
    copy ??= [...owners];
    copy[i] = cleaned;
  }
  return copy ?? owners;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
