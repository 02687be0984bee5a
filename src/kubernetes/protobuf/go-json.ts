/**
 * JSON text as Go's encoder writes it: compact, with <, > and &, U+2028 and U+2029 escaped. That is what lies in
 * RawExtension and FieldsV1 when Kubernetes' own programs wrote it, and what kube-apiserver stores custom resources as.
 */
import { findPlainDataFault } from "../../resource/model/plain-data.ts";

const escaped = /[<>&\u2028\u2029]/;
const everyEscaped = /[<>&\u2028\u2029]/g;

/** The text of plain data; a fault says what is none, and where. */
export function goJson(
  value: unknown,
): { readonly text: string } | { readonly fault: string; readonly steps: readonly string[] } {
  const fault = findPlainDataFault(value);
  if (fault !== undefined) return { fault: fault.message, steps: fault.field === "" ? [] : [fault.field] };
  return { text: goJsonText(value) };
}

/** The text of a value that is known to be plain data. */
export function goJsonText(value: unknown): string {
  const text = JSON.stringify(value);
  // Such characters stand in texts and names alone, where an escape is the same character.
  return escaped.test(text) ? text.replace(everyEscaped, escapeOf) : text;
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
