/**
 * Single values of a query, read as Kubernetes reads them: the first of several values is used, a flag is false only
 * for "false" and "0", a number is decimal.
 */
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";
import { parseResourceVersion } from "../../resource/model/revision.ts";

/** Text of a parameter; undefined when absent or empty. */
export function textOf(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) || undefined;
}

/** A flag; undefined when absent. A flag without a value is true. */
export function flagOf(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  return value === null ? undefined : value !== "0" && value.toLowerCase() !== "false";
}

/** A whole number; undefined when absent. @throws INVALID_ARGUMENT naming the parameter */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  const number = /^[+-]?\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw invalidArgument(name, `Cannot use ${quote(value)} as ${name}: expected a whole number`);
}

/** A number of at least 0; 0 means none, undefined for none. @throws INVALID_ARGUMENT */
export function countOf(query: URLSearchParams, name: string): number | undefined {
  const count = integerOf(query, name);
  if (count !== undefined && count < 0) {
    throw invalidArgument(name, `Cannot use ${count} as ${name}: expected at least 0`);
  }
  return count === 0 ? undefined : count;
}

/** A resourceVersion of a query: undefined when absent or "", "0", or a version as given. @throws INVALID_ARGUMENT */
export function versionOf(query: URLSearchParams): string | undefined {
  const version = textOf(query, "resourceVersion");
  if (version !== undefined && version !== "0") parseResourceVersion(version, "resourceVersion");
  return version;
}

/** resourceVersionMatch; undefined when absent or "". @throws INVALID_ARGUMENT for an unknown one */
export function matchOf(query: URLSearchParams): "Exact" | "NotOlderThan" | undefined {
  const match = textOf(query, "resourceVersionMatch");
  if (match === undefined || match === "Exact" || match === "NotOlderThan") return match;
  throw invalidArgument(
    "resourceVersionMatch",
    `Cannot use ${quote(match)} as resourceVersionMatch: expected "Exact" or "NotOlderThan"`,
  );
}

/** timeoutSeconds in milliseconds; undefined for none. @throws INVALID_ARGUMENT */
export function timeoutOf(query: URLSearchParams): number | undefined {
  const seconds = countOf(query, "timeoutSeconds");
  return seconds === undefined ? undefined : seconds * 1000;
}

/** `fields` without undefined values, so that parameters which the client left out stay absent. */
export function given<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
