/** What was thrown: is it an Error, and what does it say. */
import { types } from "node:util";

/**
 * `instanceof` alone says no to errors of Node's own modules where a program runs in a context of its own (`node:vm`), as
 * every test file does under Jest: they have another `Error`.
 */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** The message of an Error, any other value as text. */
export function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}
