/** JSON from etcd as plain data: JSON that plain data cannot represent is a fault here, not a surprise later. */
import { findPlainDataFault } from "../resource/model/plain-data.ts";
import { DecodeFault } from "./form/decode-fault.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws DecodeFault when it is not JSON in UTF-8, or JSON that is not plain data (depth, unsafe integers) */
export function parseJson(bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    // The parser's message quotes its input, which may be a secret: only the fact is reported.
    throw new DecodeFault(error instanceof SyntaxError ? "it is no JSON" : "it is no UTF-8");
  }
  const fault = findPlainDataFault(value);
  if (fault !== undefined) throw new DecodeFault(`field "${fault.field}" ${fault.message}`);
  return value;
}
