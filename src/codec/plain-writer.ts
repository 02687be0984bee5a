/**
 * Objects into plain values: body format, dictionary, compression, envelope. That it is plain data is checked on the way:
 * the writers stop at what is not, and only then the path of the fault is looked for.
 */
import { constants, deflateRawSync } from "node:zlib";
import { Packr } from "msgpackr";
import { StoreError } from "../errors.ts";
import type { Head } from "../resource/head.ts";
import { copyPlainData, findPlainDataFault, notPlainData } from "../resource/plain-data.ts";
import type { Codec } from "./codec.ts";
import type { Dictionary } from "./dictionary.ts";
import { beginPlain, bodyBytesMax, bodyFormats, finishPlain, flagBits, plainLayout } from "./envelope.ts";
import { writeHead } from "./head-segment.ts";
import type { KindDictionaries } from "./kind-dictionaries.ts";
import { MsgpackWriter, NotPlainData } from "./msgpack-writer.ts";
import type { SealParts } from "./value.ts";

type EnvelopeFormat = Exclude<Codec, { format: "raw-json" }>;

export class PlainWriter {
  readonly #codec: Codec;
  readonly #dictionaries: KindDictionaries;
  readonly #checksum: "checksum" | "none";
  readonly #headWriter = new MsgpackWriter();
  readonly #bodyWriter = new MsgpackWriter();
  readonly #packr = new Packr({ useRecords: false, variableMapSize: true, ...{ skipValues: [undefined] } });

  /** @param checksum "none" for values to be sealed: the seal's tags prove every byte, and the plain value is thrown away */
  constructor(codec: Codec, dictionaries: KindDictionaries, checksum: "checksum" | "none") {
    this.#codec = codec;
    this.#dictionaries = dictionaries;
    this.#checksum = checksum;
  }

  /** A plain value, exactly sized and the caller's own. @throws INVALID_OBJECT, TOO_LARGE */
  write(parts: SealParts): Uint8Array {
    return this.#codec.format === "raw-json" ? this.#rawJson(parts) : this.#plainValue(parts, this.#codec);
  }

  #plainValue(parts: SealParts, codec: EnvelopeFormat): Uint8Array {
    const { apiVersion: _, kind: __, metadata: ___, ...body } = parts.object;
    let dictionary: Dictionary | undefined;
    let bodyBytes: Uint8Array;
    try {
      writeHead(this.#headWriter, parts.head);
      if (codec.format === "json") {
        bodyBytes = this.#encodeJson(body);
      } else {
        dictionary = this.#dictionaries.current;
        bodyBytes = dictionary === undefined ? this.#encodeMaps(body) : this.#encodeShared(body, dictionary);
      }
    } catch (error) {
      if (!(error instanceof NotPlainData)) throw error;
      return this.#sealCopy(parts, codec);
    }
    let flags: number = this.#headWriter.isAscii ? flagBits.headAscii : 0;
    if (dictionary !== undefined && this.#bodyWriter.isAscii) flags |= flagBits.bodyAscii;
    if (bodyBytes.length > codec.compressAboveBytes) {
      const deflated = this.#deflate(parts.key, bodyBytes);
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

  /** The writers stopped: either it is no plain data, or records of another realm, which a copy makes ours. */
  #sealCopy(parts: SealParts, codec: EnvelopeFormat): Uint8Array {
    this.#checkPlain(parts);
    const { resourceVersion: _, ...metadata } = copyPlainData(parts.head.metadata) as Record<string, unknown>;
    const head = { ...copyPlainData(parts.head), metadata } as unknown as Head;
    const fault = findPlainDataFault(head, "head");
    if (fault !== undefined) throw notPlainData(fault, `store "${parts.key}"`, { key: parts.key });
    return this.#plainValue({ ...parts, head, object: copyPlainData(parts.object) }, codec);
  }

  #rawJson(parts: SealParts): Uint8Array {
    this.#checkPlain(parts);
    const { apiVersion, kind, metadata } = parts.head;
    const { apiVersion: _, kind: __, metadata: ___, ...body } = parts.object;
    const { resourceVersion: ____, ...kept } = metadata as Record<string, unknown>;
    return exactBytes(JSON.stringify({ apiVersion, kind, metadata: kept, ...body }));
  }

  #encodeJson(body: Record<string, unknown>): Uint8Array {
    if (findPlainDataFault(body) !== undefined) throw new NotPlainData();
    return Buffer.from(JSON.stringify(body));
  }

  #encodeMaps(body: Record<string, unknown>): Uint8Array {
    if (findPlainDataFault(body) !== undefined) throw new NotPlainData();
    // A view on the packer's slab: copied into the value before anything else is packed.
    return this.#packr.pack(body);
  }

  #encodeShared(body: Record<string, unknown>, dictionary: Dictionary): Uint8Array {
    this.#bodyWriter.begin(dictionary.forms);
    this.#bodyWriter.write(body);
    return this.#bodyWriter.written();
  }

  #checkPlain(parts: SealParts): void {
    const fault = findPlainDataFault(parts.object);
    if (fault !== undefined) throw notPlainData(fault, `store "${parts.key}"`, { key: parts.key });
  }

  #deflate(key: string, body: Uint8Array): Uint8Array | undefined {
    if (body.length > bodyBytesMax) {
      throw new StoreError(
        "TOO_LARGE",
        `Cannot store "${key}": its body is ${body.length} bytes, at most ${bodyBytesMax} are allowed`,
        { key, sizeBytes: body.length, limitBytes: bodyBytesMax },
      );
    }
    const deflated = deflateRawSync(body, { level: constants.Z_BEST_SPEED });
    return deflated.length <= body.length * 0.9 ? deflated : undefined;
  }
}

/** UTF-8 in a buffer of its own, exactly sized. */
function exactBytes(text: string): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
