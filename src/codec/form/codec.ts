/**
 * The choice of a body format, as plain data: what `createStore` takes as `codec`. It only decides how values are
 * written; every known format can be read.
 */
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { invalidArgument } from "../../errors.ts";
import type { ForeignFormat } from "./foreign-format.ts";

/** How bodies are written. Created by `msgpackCodec`, `jsonCodec` or `kubernetesCodec`. */
export type Codec =
  | {
      /**
       * "msgpack", "json": keelson's envelope around either; "raw-json": plain JSON; "foreign": another program's
       * form.
       */
      readonly format: "msgpack";
      /** Whether a dictionary replaces field names; see `msgpackCodec`. */
      readonly dictionaries: "learn" | "off";
      /** Bodies above this size are compressed; Infinity: none. */
      readonly compressAboveBytes: number;
    }
  | { readonly format: "json"; readonly compressAboveBytes: number }
  | { readonly format: "raw-json" }
  /** Another program's storage format; created by `kubernetesCodec` of keelson/kubernetes. */
  | {
      readonly format: "foreign";
      /** That program's format. */
      readonly values: ForeignFormat;
    };

/**
 * Bodies above this many bytes are deflated. Deflating costs about 25 µs a KiB and inflating 5, so objects such as
 * Pods stay uncompressed and only large ConfigMaps and custom resources pay.
 */
export const compressAboveBytesDefault: number = 16 * 1024;

/** The options that `msgpackCodec` and `jsonCodec` share. */
export interface CompressionOption {
  /**
   * Bodies above this size are compressed where that saves a tenth; default 16 KiB, false: never. A lower value saves
   * space in etcd, a higher one saves time.
   */
  readonly compressAboveBytes?: number | false | undefined;
}

const compressionNames: NamesOf<CompressionOption> = { compressAboveBytes: "countOrFalse" };
const msgpackNames = { ...compressionNames, dictionaries: ["learn", "off"] } as const;
const jsonNames = { ...compressionNames, raw: "boolean" } as const;

/**
 * MessagePack, the default: about two fifths of JSON's size and a third of its decoding time once a dictionary is in
 * use.
 * @throws INVALID_ARGUMENT
 */
export function msgpackCodec(
  options: {
    /**
     * "learn" (default): field names of each kind move into a dictionary learned from its first objects; "off": plain
     * maps, about twice the size. Both are always readable.
     */
    readonly dictionaries?: "learn" | "off" | undefined;
  } & CompressionOption = {},
): Codec {
  checkOptions(options, "make codec", msgpackNames);
  const dictionaries = options.dictionaries ?? "learn";
  if (dictionaries !== "learn" && dictionaries !== "off") {
    throw invalidArgument("dictionaries", 'Cannot make codec: dictionaries must be "learn" or "off"');
  }
  return Object.freeze({ format: "msgpack", dictionaries, compressAboveBytes: threshold(options) });
}

/**
 * JSON, in keelson's envelope or, with `raw`, without.
 * @throws INVALID_ARGUMENT
 */
export function jsonCodec(
  options: {
    /**
     * true: the value is plain JSON without an envelope, at Kubernetes' own paths readable by other Kubernetes tools.
     * Costs: no write id (each write puts one more small key, so that lost responses can be settled), no checksum, no
     * metadata segment (selectors decode everything), no compression. Default false.
     */
    readonly raw?: boolean | undefined;
  } & CompressionOption = {},
): Codec {
  checkOptions(options, "make codec", jsonNames);
  if (options.raw !== true) return Object.freeze({ format: "json", compressAboveBytes: threshold(options) });
  if (options.compressAboveBytes !== undefined && options.compressAboveBytes !== false) {
    throw invalidArgument("compressAboveBytes", "Cannot make codec: raw JSON is not compressed");
  }
  return Object.freeze({ format: "raw-json" });
}

export function isCodec(codec: unknown): codec is Codec {
  const format = typeof codec === "object" && codec !== null && "format" in codec ? codec.format : undefined;
  return format === "msgpack" || format === "json" || format === "raw-json" || format === "foreign";
}

function threshold({ compressAboveBytes = compressAboveBytesDefault }: CompressionOption): number {
  if (compressAboveBytes === false) return Number.POSITIVE_INFINITY;
  if (!(compressAboveBytes >= 0)) {
    throw invalidArgument(
      "compressAboveBytes",
      `Cannot make codec: compressAboveBytes is ${compressAboveBytes}, expected a number from 0 up`,
    );
  }
  return compressAboveBytes;
}
