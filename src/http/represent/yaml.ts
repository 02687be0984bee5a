/**
 * YAML, for people: the caller's function formats the decoded JSON bytes. Each response is formatted separately, and
 * YAML cannot be watched.
 */
import type { ListPage } from "../../resource/contract/reader.ts";
import { jsonRepresentation } from "./json.ts";
import type { KindName, Representation } from "./representation.ts";
import { slabsOf } from "./slabs.ts";

export const yamlType = "application/yaml";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The objects of `kind` as YAML.
 * @param format formats plain data as YAML text, e.g. `stringify` of the package yaml
 */
export function yamlRepresentation(kind: KindName, format: (value: unknown) => string): Representation {
  const json = jsonRepresentation(kind);
  const yamlOf = (bytes: Uint8Array): Uint8Array => encoder.encode(format(JSON.parse(decoder.decode(bytes))));
  return {
    ...json,
    type: yamlType,
    contentType: yamlType,
    watchContentType: undefined,
    object: yamlOf,
    list(page: ListPage<Uint8Array>) {
      const bytes = yamlOf(Buffer.concat([...json.list(page).slabs]));
      return slabsOf(() => [bytes], bytes.byteLength);
    },
    document: (value) => encoder.encode(format(value)),
  };
}
