/**
 * The entry point `keelson/codec`: how values are written, encrypted and compressed.
 *
 * @module keelson/codec
 */
import "../base/supported-node.ts";

export { aesGcm } from "./aes-gcm.ts";
export { type Codec, type CompressionOption, jsonCodec, msgpackCodec } from "./codec.ts";
export { Dictionary } from "./dictionary.ts";
export { type FileKmsProvider, fileKmsProvider } from "./file-kms-provider.ts";
export type { ForeignFormat } from "./foreign-format.ts";
export type { DictionaryStore } from "./kind-dictionaries.ts";
export { type KmsEnvelopeOptions, type KmsProvider, kmsEnvelope } from "./kms-envelope.ts";
export { DictionaryLearner, learnDictionary } from "./learn-dictionary.ts";
export { type ReadValue, readStoredValue } from "./read-stored-value.ts";
export type {
  SealingKey,
  SealingTransform,
  Transform,
  TransformMode,
  UnwrappedValue,
  WrappingTransform,
} from "./transform.ts";
export { isWrapping, transformFor } from "./transform.ts";
export type { HeadPart, MaybePromise, OpenOptions, PlainValue, SealParts, ValueCodec } from "./value.ts";
export { createValueCodec, type KindValueCodec, sealedUnder, type ValueCodecOptions } from "./value-codec.ts";
