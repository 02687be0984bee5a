/** OpenAPI schemas of custom resources, out of their definitions. */
import type { Served } from "../api/served.ts";
import type { Json } from "../defaults/rules.ts";

export function customSchemas(_all: readonly Served[]): Map<string, Json> {
  return new Map();
}
