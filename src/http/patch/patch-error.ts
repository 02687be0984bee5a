/**
 * Errors of patches: 400 for a malformed patch, 422 for one that does not fit the object. Every patch is first checked
 * as plain data, so that neither a name ("__proto__") nor its depth can do harm.
 */
import { invalidArgument, StoreError } from "../../errors.ts";
import { findPlainDataFault } from "../../resource/model/plain-data.ts";

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** INVALID_ARGUMENT: the patch is malformed for every object. */
export function malformed(what: string): StoreError<"INVALID_ARGUMENT"> {
  return invalidArgument("patch", `Cannot apply patch: ${what}`);
}

/** INVALID_OBJECT: the patch does not fit this object. */
export function unfit(field: string, message: string): StoreError<"INVALID_OBJECT"> {
  return new StoreError("INVALID_OBJECT", `Cannot apply patch: "${field}": ${message}`, {
    errors: [{ field, message }],
  });
}

/**
 * @throws INVALID_ARGUMENT for a value that is not plain data, with its path in the patch, and for a field named
 *   `__proto__`: data may have one, but no client patches it, and a merge by name must not reach a prototype
 */
export function assertPlainPatch(patch: unknown): void {
  const fault = findPlainDataFault(patch, "patch");
  if (fault !== undefined) throw malformed(`field "${fault.field}": ${fault.message}`);
  if (namesPrototype(patch)) throw malformed('a field is named "__proto__"');
}

function namesPrototype(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, field]) => name === "__proto__" || namesPrototype(field));
}

/** @throws INVALID_ARGUMENT for a patch that is not a record */
export function assertPatchFields(patch: unknown): asserts patch is Fields {
  if (!isFields(patch)) throw malformed("it is not a JSON object");
  assertPlainPatch(patch);
}
