/**
 * JSON byte for byte as etcdctl writes it: 64-bit ids bare and exact, bytes in base64, `<`, `>` and `&` escaped,
 * keys in the order of the message's fields.
 */
import { goJsonText } from "../../../src/base/text/go-json-text.ts";

export type GoJson = string | number | bigint | boolean | null | Uint8Array | readonly GoJson[] | GoObject;
export interface GoObject {
  readonly [name: string]: GoJson | undefined;
}

/** A member that is undefined is left out. */
export function goJson(value: GoJson): string {
  if (value === null) return "null";
  if (typeof value === "string") return goJsonText(value);
  if (typeof value !== "object") return String(value);
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString("base64")}"`;
  if (isList(value)) return `[${value.map(goJson).join(",")}]`;
  const members = Object.entries(value).flatMap(([name, member]) =>
    member === undefined ? [] : [`${goJsonText(name)}:${goJson(member)}`],
  );
  return `{${members.join(",")}}`;
}

const isList = (value: object): value is readonly GoJson[] => Array.isArray(value);

/** Go leaves a field with its zero value out of most messages. */
export function withoutZeros(fields: GoObject): GoObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isZero(value)));
}

function isZero(value: GoJson | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === "object") return (value instanceof Uint8Array || isList(value)) && value.length === 0;
  return value === 0 || value === 0n || value === false || value === "";
}
