/**
 * Converts objects into plain values: body format, dictionary, compression, envelope. The writers check that the
 * object is plain data and stop where it is not; only then is the path of the fault computed.
 */
import { constants, deflateRawSync } from "node:zlib";
import { quote } from "../base/text/quote.ts";
import { invariant, StoreError } from "../errors.ts";
import type { Head } from "../resource/model/head.ts";
import { cleanMetadata } from "../resource/model/metadata-fields.ts";
import { copyPlainData, findPlainDataFault, notPlainData } from "../resource/model/plain-data.ts";
import type { Codec } from "./form/codec.ts";
import {
  beginPlain,
  bodyBytesMax,
  bodyFormats,
  finishPlain,
  flagBits,
  plainLayout,
} from "./form/envelope.ts";
import type { SealParts } from "./form/value.ts";
import type { Dictionary } from "./msgpack/dictionary.ts";
import { writeHead } from "./msgpack/head-segment.ts";
import type { KindDictionaries } from "./msgpack/kind-dictionaries.ts";
import { MsgpackWriter, NotPlainData } from "./msgpack/msgpack-writer.ts";

type EnvelopeFormat = Exclude<Codec, { format: "raw-json" | "foreign" }>;

export class PlainWriter {
  readonly #codec: Codec;
  readonly #dictionaries: KindDictionaries;
  readonly #checksum: "checksum" | "none";
  readonly #headWriter = new MsgpackWriter();
  readonly #bodyWriter = new MsgpackWriter();

  /**
   * @param checksum "none" for values to be sealed: the seal's tags authenticate every byte, and the plain value is
   * discarded
   */
  constructor(codec: Codec, dictionaries: KindDictionaries, checksum: "checksum" | "none") {
    this.#codec = codec;
    this.#dictionaries = dictionaries;
    this.#checksum = checksum;
  }

  /** A plain value, exactly sized and owned by the caller. @throws INVALID_OBJECT, TOO_LARGE */
  write(parts: SealParts): Uint8Array {
    const codec = this.#codec;
    invariant(codec.format !== "foreign", "values of another program are written by their own format");
    return codec.format === "raw-json" ? this.#rawJson(parts) : this.#plainValue(parts, codec);
  }

  #plainValue(parts: SealParts, codec: EnvelopeFormat, copied = false): Uint8Array {
    const { apiVersion: _, kind: __, metadata: ___, ...body } = parts.object;
    let dictionary: Dictionary | undefined;
    let bodyBytes: Uint8Array;
    try {
      writeHead(this.#headWriter, parts.head);
      if (codec.format === "json") {
        bodyBytes = this.#encodeJson(body);
      } else {
        dictionary = this.#dictionaries.current;
        bodyBytes = this.#encodeBody(body, dictionary);
      }
    } catch (error) {
      if (!(error instanceof NotPlainData)) throw error;
      if (copied)
        throw notPlainData({ field: "", message: "is no plain data" }, storing(parts), { key: parts.key });
      return this.#sealCopy(parts, codec);
    }
    let flags: number = this.#headWriter.isAscii ? flagBits.headAscii : 0;
    if (dictionary !== undefined && this.#bodyWriter.isAscii) flags |= flagBits.bodyAscii;
    if (bodyBytes.length > codec.compressAboveBytes) {
      const deflated = this.#deflate(parts, bodyBytes);
      if (deflated !== undefined) {
        bodyBytes = deflated;
        flags |= flagBits.deflated;
      }
    }
    const headBytes = this.#headWriter.written();
    const value = beginPlain(
      bodyFormats[codec.format],
      flags,
      parts.writeId,
      dictionary?.id,
      headBytes.length,
      bodyBytes.length,
    );
    const { head, headEnd } = plainLayout(value);
    value.set(headBytes, head);
    value.set(bodyBytes, headEnd);
    if (this.#checksum === "checksum") finishPlain(value);
    if (dictionary === undefined && codec.format === "msgpack") this.#dictionaries.wrote(body);
    return value;
  }

  /**
   * The writers stopped. The cause is data that is not plain, records of another realm (a copy makes them ours), or
   * metadata that no reader would accept, which is omitted where it means absent.
   */
  #sealCopy(parts: SealParts, codec: EnvelopeFormat): Uint8Array {
    this.#checkPlain(parts);
    const copy = copyPlainData(parts.head);
    const fault = findPlainDataFault(copy, "head");
    if (fault !== undefined) throw notPlainData(fault, storing(parts), { key: parts.key });
    const { resourceVersion: _, ...metadata } = cleanedMetadata(parts, copy.metadata);
    const head = { ...copy, metadata } as unknown as Head;
    return this.#plainValue({ ...parts, head, object: copyPlainData(parts.object) }, codec, true);
  }

  #rawJson(parts: SealParts): Uint8Array {
    this.#checkPlain(parts);
    const { apiVersion, kind, metadata } = parts.head;
    const { apiVersion: _, kind: __, metadata: ___, ...body } = parts.object;
    const { resourceVersion: ____, ...kept } = cleanedMetadata(parts, metadata);
    return exactBytes(JSON.stringify({ apiVersion, kind, metadata: kept, ...body }));
  }

  #encodeJson(body: Record<string, unknown>): Uint8Array {
    if (findPlainDataFault(body) !== undefined) throw new NotPlainData();
    return Buffer.from(JSON.stringify(body));
  }

  /** A view of the writer's buffer: copied into the value before anything else is written. */
  #encodeBody(body: Record<string, unknown>, dictionary: Dictionary | undefined): Uint8Array {
    this.#bodyWriter.begin(dictionary?.forms);
    this.#bodyWriter.write(body);
    return this.#bodyWriter.written();
  }

  #checkPlain(parts: SealParts): void {
    const fault = findPlainDataFault(parts.object);
    if (fault !== undefined) throw notPlainData(fault, storing(parts), { key: parts.key });
  }

  #deflate(parts: SealParts, body: Uint8Array): Uint8Array | undefined {
    const { key } = parts;
    if (body.length > bodyBytesMax) {
      throw new StoreError(
        "TOO_LARGE",
        `Cannot ${storing(parts)}: its body is ${body.length} bytes, at most ${bodyBytesMax} are allowed`,
        { key, sizeBytes: body.length, limitBytes: bodyBytesMax },
      );
    }
    const deflated = deflateRawSync(body, { level: constants.Z_BEST_SPEED });
    return deflated.length <= body.length * 0.9 ? deflated : undefined;
  }
}

/** The action an error names; the key is in its details. */
function storing({ object }: SealParts): string {
  return `store ${object.kind} ${quote(object.metadata.name)}`;
}

/** The metadata that readers accept. @throws INVALID_OBJECT naming the first field that they would reject */
function cleanedMetadata(parts: SealParts, given: object): Readonly<Record<string, unknown>> {
  const { metadata, faults } = cleanMetadata({ ...given });
  const [fault] = faults;
  if (fault !== undefined) throw notPlainData(fault, storing(parts), { key: parts.key });
  return metadata;
}

/** UTF-8 in a separate, exactly sized buffer. */
function exactBytes(text: string): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
