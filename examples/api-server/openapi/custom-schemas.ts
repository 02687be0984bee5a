/** OpenAPI schemas of custom resources, from their definitions. */
import { apiVersionOf, type Served } from "../api/served.ts";
import type { Json } from "../defaults/rules.ts";
import { isJson } from "../defaults/rules.ts";
import { gvkExtension } from "./definitions.ts";

const metadata = "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const text = { type: "string" };

export function customSchemas(all: readonly Served[]): Map<string, Json> {
  const schemas = new Map<string, Json>();
  for (const served of all) {
    const { custom, group, version, kind } = served;
    if (custom === undefined) continue;
    const name = `${group.split(".").reverse().join(".")}.${version}.${kind}`;
    const own: Json = custom.schema ?? { "x-kubernetes-preserve-unknown-fields": true };
    const properties = {
      ...(isJson(own["properties"]) ? own["properties"] : {}),
      apiVersion: text,
      kind: text,
    };
    const gvk = { group, version, kind };
    schemas.set(name, {
      ...own,
      type: "object",
      properties: { ...properties, metadata: { $ref: metadata } },
      [gvkExtension]: [gvk],
    });
    schemas.set(`${name}List`, {
      type: "object",
      properties: {
        apiVersion: text,
        kind: text,
        items: { type: "array", items: { $ref: `#/definitions/${name}` } },
      },
      required: ["items"],
      [gvkExtension]: [{ ...gvk, kind: `${kind}List` }],
      description: `${kind}List is a list of ${apiVersionOf(served)} ${kind}`,
    });
  }
  return schemas;
}
