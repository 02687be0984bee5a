/**
 * One stored value, read without knowing its kind: for tools that look into etcd. Every format is read; the object comes
 * out as it was written, in the API version it was written in.
 */
import { isStoreError } from "../errors.ts";
import type { KindDefinition } from "../resource/model/kind.ts";
import type { AnyResource } from "../resource/model/resource.ts";
import { type Codec, msgpackCodec } from "./form/codec.ts";
import { at, bodyFormats, hasMagic } from "./form/envelope.ts";
import type { DictionaryStore } from "./msgpack/kind-dictionaries.ts";
import type { Transform } from "./sealing/transform.ts";
import { createValueCodec, sealedUnder } from "./value-codec.ts";

/** First byte of raw JSON: "{". */
const braceByte = 0x7b;

/** A stored value as an object, or what its bytes are taken for. */
export type ReadValue =
  | {
      /** Without metadata.resourceVersion, which is the key's mod revision. */
      readonly object: AnyResource;
      /** How the body is written. */
      readonly format: "msgpack" | "json" | "raw-json" | "foreign";
      /** What of the value `object` does not show, in words; see `ValueCodec.unread`. */
      readonly unread: readonly string[];
      /** Id of the key it is sealed under; undefined: it lies in the clear. */
      readonly sealedUnder: string | undefined;
    }
  /** Bytes that no store of keelson has written, and what they are taken for. */
  | {
      /** Words for people: what the bytes seem to be. */
      readonly foreign: string;
    };

/**
 * Reads what is stored at `key` without knowing its kind.
 * @throws CORRUPT_OBJECT for a value of keelson's that is damaged, or sealed under a key that is not there
 */
export async function readStoredValue(
  key: string,
  stored: Uint8Array,
  options: {
    /** `kubernetesCodec()`: its values are read, too. How values are written means nothing here. */
    readonly codec?: Codec | undefined;
    /** Opens sealed values; plaintext is read whatever its mode. */
    readonly transform?: Transform | undefined;
    /**
     * Where dictionaries are; asked by name alone, with "" as the resource. Without it, values that need one are
     * CORRUPT_OBJECT.
     */
    readonly dictionaries?: DictionaryStore | undefined;
  } = {},
): Promise<ReadValue> {
  const { transform, dictionaries } = options;
  const codec = createValueCodec({
    kind: anyKind,
    codec: options.codec ?? msgpackCodec({ dictionaries: "off" }),
    transform,
    dictionaries,
  });
  try {
    const value = await codec.open(key, stored, { plaintext: "accept" });
    return {
      object: codec.object(value),
      format: formatOf(value.bytes),
      unread: codec.unread(value),
      sealedUnder: sealedUnder(stored),
    };
  } catch (error) {
    // Without keelson's mark it may be anybody's: JSON of another program, text, nothing at all.
    if (!isStoreError(error, "CORRUPT_OBJECT") || hasMagic(stored) || isForeign(stored, options.codec))
      throw error;
    return { foreign: error.details.reason };
  }
}

function isForeign(stored: Uint8Array, codec: Codec | undefined): boolean {
  return codec?.format === "foreign" && codec.values.recognizes(stored);
}

function formatOf(plain: Uint8Array): "msgpack" | "json" | "raw-json" | "foreign" {
  if (plain[0] === braceByte) return "raw-json";
  if (!hasMagic(plain)) return "foreign";
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
  measures: false,
  reads: undefined,
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
