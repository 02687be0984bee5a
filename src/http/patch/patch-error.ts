/**
 * How a patch is refused: 400 for one that is malformed whatever it is applied to, 422 for one that does not fit the
 * object. Every patch is checked as plain data first, so that no name in it ("__proto__") and no depth of it does harm.
 */
import { invalidArgument, StoreError } from "../../errors.ts";
import { findPlainDataFault } from "../../resource/model/plain-data.ts";

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** INVALID_ARGUMENT: no object could be patched with this. */
export function malformed(what: string): StoreError<"INVALID_ARGUMENT"> {
  return invalidArgument("patch", `Cannot apply patch: ${what}`);
}

/** INVALID_OBJECT: this object cannot be patched with this. */
export function unfit(field: string, message: string): StoreError<"INVALID_OBJECT"> {
  return new StoreError("INVALID_OBJECT", `Cannot apply patch: "${field}": ${message}`, {
    errors: [{ field, message }],
  });
}

/**
 * @throws INVALID_ARGUMENT for what is not plain data, with the path in the patch, and for a field named `__proto__`: data may
 *   have it, but nobody patches it, and merging by name must not reach a prototype
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
