/** What the operating system calls a failure: the `code` that Node's file and process calls put on their errors. */

/** "ENOENT", "EEXIST" …; "" for an error without one. */
export function systemErrorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
