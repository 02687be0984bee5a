/** The door `keelson/codec`: how values are written, encrypted and compressed. */
export { type Codec, type CompressionOption, jsonCodec, msgpackCodec } from "./codec.ts";
