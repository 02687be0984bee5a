/**
 * JSON in RawExtension and FieldsV1 as Kubernetes' own programs write it: Go's JSON text of plain data.
 */
import { goJsonText } from "../../base/text/go-json-text.ts";
import { findPlainDataFault } from "../../resource/model/plain-data.ts";

/** The text of plain data; a fault names a value that is not plain data, and its place. */
export function goJson(
  value: unknown,
): { readonly text: string } | { readonly fault: string; readonly steps: readonly string[] } {
  const fault = findPlainDataFault(value);
  if (fault !== undefined) return { fault: fault.message, steps: fault.field === "" ? [] : [fault.field] };
  return { text: goJsonText(value) };
}
