/**
 * JSON with exact 64-bit integers. etcd writes member ids as bare numbers above 2^53, which JSON.parse silently rounds to
 * other members' ids; here such a number is read as a bigint, and bigints are written bare.
 */
import { goJsonText } from "../../base/text/go-json-text.ts";

export type Json64 =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Json64[]
  | { readonly [name: string]: Json64 };

/** Parses `text`; integers that a number cannot hold exactly become bigint. @throws SyntaxError */
export function parseJson64(text: string): Json64 {
  // A string literal is kept as it is; a bare integer of 16 digits or more becomes a marked string.
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (token) =>
    token.startsWith('"') ? token : `"${mark}${token}"`,
  );
  return JSON.parse(marked, (_name, value: unknown) =>
    typeof value === "string" && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value,
  );
}

/** A prefix no JSON text from etcd has: a private-use character, escaped or not. */
const mark = "\uf8ffint:";

/** Formats like Go's encoding/json: no spaces, `<`, `>` and `&` escaped, bigint bare. */
export function formatJson64(value: Json64): string {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map(formatJson64).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([name, item]) => `${goJsonText(name)}:${formatJson64(item)}`)
      .join(",")}}`;
  }
  return typeof value === "string" ? goJsonText(value) : JSON.stringify(value);
}
