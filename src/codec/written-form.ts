/** The form in which values of one kind are written: the codec's, or within a seal the one that a seal permits. */
import type { Codec } from "./form/codec.ts";
import type { ForeignFormat } from "./form/foreign-format.ts";
import {
  isWrapping,
  type SealingTransform,
  type Transform,
  type WrappingTransform,
} from "./sealing/transform.ts";

export class WrittenForm {
  /** What bodies are written with. */
  readonly codec: Codec;
  /** Always readable, whatever is written; undefined: the codec is one of keelson's own. */
  readonly foreign: ForeignFormat | undefined;
  readonly transform: Transform | undefined;
  readonly sealing: SealingTransform | undefined;
  readonly wrapping: WrappingTransform | undefined;

  constructor(codec: Codec, transform: Transform | undefined) {
    this.transform = transform;
    this.sealing = transform === undefined || isWrapping(transform) ? undefined : transform;
    this.wrapping = transform !== undefined && isWrapping(transform) ? transform : undefined;
    this.foreign = codec.format === "foreign" ? codec.values : undefined;
    // Other tools cannot read sealed bytes: inside the seal another program's form has no use.
    this.codec =
      (codec.format === "raw-json" || codec.format === "foreign") && this.isProvedBySeal
        ? { format: "json", compressAboveBytes: Number.POSITIVE_INFINITY }
        : codec;
  }

  /** New values are in keelson's own envelope. */
  get isEnveloped(): boolean {
    return this.codec.format === "msgpack" || this.codec.format === "json";
  }

  get isProvedBySeal(): boolean {
    return this.sealing !== undefined && this.seals;
  }

  get seals(): boolean {
    return this.transform !== undefined && this.transform.mode !== "unseal";
  }
}
