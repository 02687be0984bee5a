/** Whether a thrown value is an Error, and its message. */
import { types } from "node:util";

/**
 * `instanceof` alone rejects errors of Node's own modules when a program runs in a separate context (`node:vm`), as
 * every test file does under Jest: those have another `Error`.
 */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** The message of an Error; any other value as text. */
export function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}
