/**
 * Converts plain values into objects and heads, from every body format that ever existed, whatever format is written
 * today. A fault in the bytes is a `DecodeFault`; the result is always plain data.
 */
import { inflateRawSync } from "node:zlib";
import type { Head } from "../resource/model/head.ts";
import { cleanMetadata } from "../resource/model/metadata-fields.ts";
import type { AnyResource } from "../resource/model/resource.ts";
import { DecodeFault } from "./form/decode-fault.ts";
import {
  at,
  bodyBytesMax,
  bodyFormats,
  dictionaryIdBytes,
  flagBits,
  hasMagic,
  plainLayout,
} from "./form/envelope.ts";
import { parseJson } from "./json-body.ts";
import { readHead, readSelected } from "./msgpack/head-segment.ts";
import type { KindDictionaries } from "./msgpack/kind-dictionaries.ts";
import { readMsgpack } from "./msgpack/msgpack-reader.ts";
import { TextShapes } from "./msgpack/text-shapes.ts";

const noBytes = new Uint8Array(0);

export class PlainReader {
  readonly #dictionaries: KindDictionaries;
  readonly #textShapes = new TextShapes();

  constructor(dictionaries: KindDictionaries) {
    this.#dictionaries = dictionaries;
  }

  /** The stored head of an enveloped value, from its metadata segment alone. @throws DecodeFault */
  head(bytes: Uint8Array): Head {
    const { head, headEnd } = plainLayout(bytes);
    return readHead(bytes, head, headEnd, this.#textShapes, headAscii(bytes));
  }

  /** As `head`, with only the metadata that selectors and indexes read; the rest is not read. @throws DecodeFault */
  selected(bytes: Uint8Array): Head {
    const { head, headEnd } = plainLayout(bytes);
    return readSelected(bytes, head, headEnd, this.#textShapes, headAscii(bytes));
  }

  /** The object as stored; its dictionary has been fetched. @throws DecodeFault */
  object(bytes: Uint8Array): AnyResource {
    if (!hasMagic(bytes)) return asResource(parseJson(bytes));
    const { head, headEnd, bodyEnd, flags } = plainLayout(bytes);
    const { apiVersion, kind, metadata } = readHead(bytes, head, headEnd, this.#textShapes, headAscii(bytes));
    const inflated =
      (flags & flagBits.deflated) !== 0 ? inflate(bytes.subarray(headEnd, bodyEnd)) : undefined;
    const body =
      inflated === undefined
        ? this.#decodeBody(bytes, bytes, headEnd, bodyEnd)
        : this.#decodeBody(bytes, inflated, 0, inflated.byteLength);
    if (typeof body !== "object" || body === null || Array.isArray(body))
      throw new DecodeFault("its body is no record");
    const object = { apiVersion, kind, metadata, ...body };
    if (object.apiVersion !== apiVersion || object.kind !== kind || object.metadata !== metadata) {
      throw new DecodeFault("its body has a field that belongs into the metadata segment");
    }
    return object as AnyResource;
  }

  #decodeBody(value: Uint8Array, bytes: Uint8Array, start: number, end: number): unknown {
    if (value[at.body] === bodyFormats.json) return parseJson(bytes.subarray(start, end));
    if (((value[at.flags] ?? 0) & flagBits.dictionary) === 0) return readMsgpack(bytes, start, end);
    const name = dictionaryName(value);
    const dictionary = this.#dictionaries.known(name);
    if (dictionary === undefined) throw new DecodeFault(`its dictionary "${name}" has not been fetched`);
    return readMsgpack(
      bytes,
      start,
      end,
      dictionary.forms,
      ((value[at.flags] ?? 0) & flagBits.bodyAscii) === 0 ? undefined : "ascii",
    );
  }
}

function headAscii(bytes: Uint8Array): "ascii" | undefined {
  return ((bytes[at.flags] ?? 0) & flagBits.headAscii) === 0 ? undefined : "ascii";
}

/** The name of the dictionary that a plain value with the dictionary flag was written with. */
export function dictionaryName(plain: Uint8Array): string {
  return Buffer.from(plain.buffer, plain.byteOffset + at.dictionary, dictionaryIdBytes).toString("hex");
}

function inflate(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength === 0) return noBytes;
  try {
    return inflateRawSync(bytes, { maxOutputLength: bodyBytesMax });
  } catch (error) {
    throw new DecodeFault(`its body does not inflate to at most ${bodyBytesMax} bytes`, { cause: error });
  }
}

/** JSON from other tools, without the values that mean absent. */
function asResource(value: unknown): AnyResource {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DecodeFault("it is no object");
  const { apiVersion, kind, metadata: given } = value as Record<string, unknown>;
  if (typeof apiVersion !== "string" || typeof kind !== "string")
    throw new DecodeFault("it has no apiVersion or no kind");
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new DecodeFault("it has no metadata");
  }
  const { metadata, faults } = cleanMetadata(given as Record<string, unknown>);
  const [fault] = faults;
  if (fault !== undefined) throw new DecodeFault(`${fault.field} is ${fault.message}`);
  if (metadata["name"] === undefined) throw new DecodeFault("its metadata has no name");
  return (metadata === given ? value : { ...value, metadata }) as AnyResource;
}
