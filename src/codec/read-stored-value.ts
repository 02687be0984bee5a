/**
 * Reads one stored value without knowing its kind, for tools that inspect etcd. It reads every format and returns the
 * object as written, in the API version it was written in.
 */
import { checkOptions } from "../base/text/known-options.ts";
import { isStoreError } from "../errors.ts";
import type { KindDefinition } from "../resource/model/kind.ts";
import type { AnyResource } from "../resource/model/resource.ts";
import { type Codec, msgpackCodec } from "./form/codec.ts";
import { at, bodyFormats, hasMagic, isJsonRecord } from "./form/envelope.ts";
import type { DictionaryStore } from "./msgpack/kind-dictionaries.ts";
import type { Transform } from "./sealing/transform.ts";
import { createValueCodec } from "./value-codec.ts";
import { sealedUnder } from "./value-dependencies.ts";

/** A stored value as an object, or a guess at what its bytes are. */
export type ReadValue =
  | {
      /** Without metadata.resourceVersion, which is the key's mod revision. */
      readonly object: AnyResource;
      /** How the body is written. */
      readonly format: "msgpack" | "json" | "raw-json" | "foreign";
      /** Describes the parts of the value that `object` omits; see `ValueCodec.unread`. */
      readonly unread: readonly string[];
      /** Id of the key that it is sealed under; undefined: it is stored in the clear. */
      readonly sealedUnder: string | undefined;
    }
  /** Bytes that no keelson store has written, and a guess at what they are. */
  | {
      /** A description for people. */
      readonly foreign: string;
    };

/**
 * Reads what is stored at `key` without knowing its kind.
 * @throws CORRUPT_OBJECT for a keelson value that is damaged, or sealed under a missing key
 */
export async function readStoredValue(
  key: string,
  stored: Uint8Array,
  options: {
    /** `kubernetesCodec()`: its values are read, too. Its write options have no effect here. */
    readonly codec?: Codec | undefined;
    /** Opens sealed values; plaintext is read in every mode. */
    readonly transform?: Transform | undefined;
    /**
     * The source of dictionaries, called with the name and with "" as the resource. Without it, values that need one
     * are CORRUPT_OBJECT.
     */
    readonly dictionaries?: DictionaryStore | undefined;
  } = {},
): Promise<ReadValue> {
  checkOptions(options, "read stored value", {
    codec: "object",
    transform: "object",
    dictionaries: "object",
  });
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
    // Without keelson's magic bytes it may be anything: another program's JSON, text, or neither.
    if (!isStoreError(error, "CORRUPT_OBJECT") || hasMagic(stored) || isForeign(stored, options.codec))
      throw error;
    return { foreign: error.details.reason };
  }
}

function isForeign(stored: Uint8Array, codec: Codec | undefined): boolean {
  return codec?.format === "foreign" && codec.values.recognizes(stored);
}

function formatOf(plain: Uint8Array): "msgpack" | "json" | "raw-json" | "foreign" {
  if (isJsonRecord(plain)) return "raw-json";
  if (!hasMagic(plain)) return "foreign";
  return plain[at.body] === bodyFormats.json ? "json" : "msgpack";
}

/** Accepts every object unchanged. */
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
