/** The operating system's name of a failure: the `code` that Node's file and process calls put on their errors. */
import { isError } from "./text/message-of.ts";

/** "ENOENT", "EEXIST" …; "" for an error without one. */
export function systemErrorCode(error: unknown): string {
  return isError(error) && "code" in error ? String(error.code) : "";
}
