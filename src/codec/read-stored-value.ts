/**
 * One stored value, read without knowing its kind: for tools that look into etcd. Every format is read; the object comes
 * out as it was written, in the API version it was written in.
 */
import { isStoreError } from "../errors.ts";
import type { KindDefinition } from "../resource/kind.ts";
import type { AnyResource } from "../resource/resource.ts";
import { msgpackCodec } from "./codec.ts";
import { at, bodyFormats, hasMagic } from "./envelope.ts";
import type { DictionaryStore } from "./kind-dictionaries.ts";
import type { Transform } from "./transform.ts";
import { createValueCodec, sealedUnder } from "./value-codec.ts";

export type ReadValue =
  | {
      /** Without metadata.resourceVersion, which is the key's mod revision. */
      readonly object: AnyResource;
      readonly format: "msgpack" | "json" | "raw-json";
      /** Id of the key it is sealed under; undefined: it lies in the clear. */
      readonly sealedUnder: string | undefined;
    }
  /** Bytes that no store of keelson has written, and what they are taken for. */
  | { readonly foreign: string };

/**
 * Reads what is stored at `key`.
 * @param options.transform opens sealed values; plaintext is read whatever its mode
 * @param options.dictionaries asked by the dictionary's name alone, its resource is ""
 * @throws CORRUPT_OBJECT for a value of keelson's that is damaged, or sealed under a key that is not there
 */
export async function readStoredValue(
  key: string,
  stored: Uint8Array,
  options: {
    readonly transform?: Transform | undefined;
    readonly dictionaries?: DictionaryStore | undefined;
  } = {},
): Promise<ReadValue> {
  const { transform, dictionaries } = options;
  const codec = createValueCodec({
    kind: anyKind,
    codec: msgpackCodec({ dictionaries: "off" }),
    transform,
    dictionaries,
  });
  try {
    const value = await codec.open(key, stored, { plaintext: "accept" });
    return { object: codec.object(value), format: formatOf(value.bytes), sealedUnder: sealedUnder(stored) };
  } catch (error) {
    // Without keelson's mark it may be anybody's: JSON of another program, text, nothing at all.
    if (hasMagic(stored) || !isStoreError(error, "CORRUPT_OBJECT")) throw error;
    return { foreign: error.details.reason };
  }
}

function formatOf(plain: Uint8Array): "msgpack" | "json" | "raw-json" {
  if (!hasMagic(plain)) return "raw-json";
  return plain[at.body] === bodyFormats.json ? "json" : "msgpack";
}

/** Takes every object as it is. */
const anyKind: KindDefinition = {
  group: "",
  version: "",
  kind: "",
  plural: "",
  scope: "Cluster",
  status: false,
  fields: [],
  singular: "",
  shortNames: [],
  categories: [],
  scale: undefined,
  apiVersion: "",
  resource: "",
  keyPath: "",
  nameRule: "segment",
  indexes: [],
  headerVersion: 0,
  ttlSeconds: undefined,
  headOf: ({ apiVersion, kind, metadata }) => ({
    apiVersion,
    kind,
    metadata,
    fields: {},
    amounts: {},
    headerVersion: 0,
  }),
  upgrade: (stored) => stored,
  validate: () => [],
};
