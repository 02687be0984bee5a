/**
 * Plain data: what an object may contain, checked in one pass before anything is written.
 *
 * Records, arrays, text, finite numbers, booleans and null, at most 64 levels deep. Anything else would be read back
 * changed (a Date as text, a lone surrogate as U+FFFD, 2^53 + 1 rounded) or not at all, so it is refused with the
 * path of the field. A field that is undefined counts as absent, and -0 as 0. The store runs this on every write;
 * `sameContent` defines "nothing changed".
 */

import { messageOf } from "../../base/text/message-of.ts";
import type { FieldError, Subject } from "../../errors/codes.ts";
import { StoreError } from "../../errors.ts";
import { limits } from "./limits.ts";

/** Deepest nesting of records and arrays, the object itself being level 1. */
export const plainDataDepthMax: number = limits.objectDepthMax;

type Step = string | number;

/** A fault during unwinding: the path grows backwards as the recursion returns, so a valid object builds none. */
interface Fault {
  readonly message: string;
  readonly steps: Step[];
}

/**
 * The first fault of `value` as plain data; undefined when it has none.
 * @param root path of `value` itself, put before every field; "" for a whole object
 */
export function findPlainDataFault(value: unknown, root = ""): FieldError | undefined {
  const fault = inspectSafely(value);
  if (fault === undefined) return undefined;
  return { field: formatPath(root, fault.steps.reverse()), message: fault.message };
}

/** INVALID_OBJECT for a fault that `findPlainDataFault` found. */
export function notPlainData(
  fault: FieldError,
  action: string,
  subject: Subject = {},
): StoreError<"INVALID_OBJECT"> {
  return new StoreError("INVALID_OBJECT", `Cannot ${action}: field "${fault.field}": ${fault.message}`, {
    ...subject,
    errors: [fault],
  });
}

/** A getter or a proxy runs its owner's code, which may throw. */
function inspectSafely(value: unknown): Fault | undefined {
  try {
    return inspect(value, 1);
  } catch (error) {
    return fault(`cannot be read (${messageOf(error)}), expected plain data`);
  }
}

function inspect(value: unknown, depth: number): Fault | undefined {
  switch (typeof value) {
    case "string":
      return value.isWellFormed()
        ? undefined
        : fault("holds a lone surrogate, which cannot be stored as UTF-8");
    case "number":
      return inspectNumber(value);
    case "boolean":
      return undefined;
    case "object":
      if (value === null) return undefined;
      if (depth > plainDataDepthMax) return fault(`is nested deeper than ${plainDataDepthMax} levels`);
      return Array.isArray(value) ? inspectArray(value, depth) : inspectRecord(value, depth);
    case "undefined":
      return fault("is undefined, expected plain data");
    default:
      return fault(`is a ${typeof value}, expected plain data`);
  }
}

function inspectNumber(value: number): Fault | undefined {
  if (Number.isSafeInteger(value)) return undefined;
  if (!Number.isFinite(value)) return fault(`is ${value}, expected a finite number`);
  return Number.isInteger(value)
    ? fault(`is ${value}, beyond the integers a number holds exactly (2^53 - 1); store it as text`)
    : undefined;
}

function inspectArray(array: readonly unknown[], depth: number): Fault | undefined {
  for (let i = 0; i < array.length; i++) {
    const found = inspect(array[i], depth + 1);
    if (found !== undefined) return at(found, i);
  }
  return undefined;
}

function inspectRecord(record: object, depth: number): Fault | undefined {
  const prototype: unknown = Object.getPrototypeOf(record);
  if (prototype !== Object.prototype && prototype !== null && !isForeignPlain(prototype)) {
    return fault(`is a ${className(record)}, expected plain data`);
  }
  const fields = record as Record<string, unknown>;
  for (const key of Object.keys(fields)) {
    if (!key.isWellFormed()) return at(fault("has a lone surrogate in its name"), key.toWellFormed());
    const value = fields[key];
    if (value === undefined) continue;
    const found = inspect(value, depth + 1);
    if (found !== undefined) return at(found, key);
  }
  return undefined;
}

/** `Object.prototype` of another realm (a vm context, a test sandbox): the end of its chain, with its own `Object`. */
function isForeignPlain(prototype: unknown): boolean {
  return (
    typeof prototype === "object" &&
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, "isPrototypeOf")
  );
}

function className(record: object): string {
  const name: unknown = record.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "class instance";
}

function fault(message: string): Fault {
  return { message, steps: [] };
}

function at(found: Fault, step: Step): Fault {
  found.steps.push(step);
  return found;
}

/** `spec.containers[0].env`, `metadata.labels["a.b/c"]`: names that are not identifiers are quoted. */
export function formatPath(root: string, steps: readonly Step[]): string {
  let path = root;
  for (const step of steps) {
    if (typeof step === "number") path += `[${step}]`;
    else if (!/^[A-Za-z_$][\w$-]*$/.test(step)) path += `[${JSON.stringify(step)}]`;
    else path += path === "" ? step : `.${step}`;
  }
  return path;
}

/**
 * Whether two values have the same content: equal as canonical JSON, without producing it. The order of keys does not
 * matter, a field that is undefined is absent, and 0 equals -0. Both must be plain data.
 */
export function sameContent(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!sameContent(a[i], b[i])) return false;
    return true;
  }
  if (Array.isArray(b)) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  let fields = 0;
  for (const key of Object.keys(left)) {
    const value = left[key];
    if (value === undefined) continue;
    fields++;
    // An inherited member ("constructor") is not a field.
    if (!Object.hasOwn(right, key) || !sameContent(value, right[key])) return false;
  }
  for (const key of Object.keys(right)) if (right[key] !== undefined) fields--;
  return fields === 0;
}

/**
 * A deep copy of plain data: shares nothing, is owned by the caller, and omits undefined fields. Several times faster
 * than structuredClone, which also copies what is not plain data.
 */
export function copyPlainData<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  // -0 is stored as 0: a copy is what a reader gets.
  if (typeof value !== "object" || value === null) return value === 0 ? 0 : value;
  if (Array.isArray(value)) return value.map(copy);
  const from = value as Record<string, unknown>;
  const to: Record<string, unknown> = {};
  for (const key of Object.keys(from)) {
    const field = from[key];
    if (field === undefined) continue;
    setOwnField(to, key, copy(field));
  }
  return to;
}

/** Sets an own field of the record, whatever its name: assigning to `__proto__` would set the prototype instead. */
export function setOwnField(record: Record<string, unknown>, field: string, value: unknown): void {
  if (field === "__proto__") {
    Object.defineProperty(record, field, { value, enumerable: true, writable: true, configurable: true });
  } else record[field] = value;
}
