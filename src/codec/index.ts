/**
 * The entry point `keelson/codec`: how values are written, encrypted and compressed.
 *
 * @module keelson/codec
 */
import "../base/supported-node.ts";

export { type Codec, type CompressionOption, jsonCodec, msgpackCodec } from "./form/codec.ts";
export type { ForeignFormat } from "./form/foreign-format.ts";
export type { HeadPart, MaybePromise, OpenOptions, PlainValue, SealParts, ValueCodec } from "./form/value.ts";
export { Dictionary } from "./msgpack/dictionary.ts";
export type { DictionaryStore } from "./msgpack/kind-dictionaries.ts";
export { DictionaryLearner, learnDictionary } from "./msgpack/learn-dictionary.ts";
export { type ReadValue, readStoredValue } from "./read-stored-value.ts";
export { aesGcm } from "./sealing/aes-gcm.ts";
export { type FileKmsProvider, fileKmsProvider } from "./sealing/file-kms-provider.ts";
export { type KmsEnvelopeOptions, type KmsProvider, kmsEnvelope } from "./sealing/kms-envelope.ts";
export type {
  SealingKey,
  SealingTransform,
  Transform,
  TransformMode,
  UnwrappedValue,
  WrappingTransform,
} from "./sealing/transform.ts";
export { isWrapping, transformFor } from "./sealing/transform.ts";
export { createValueCodec, type KindValueCodec, type ValueCodecOptions } from "./value-codec.ts";
export { sealedUnder } from "./value-dependencies.ts";
