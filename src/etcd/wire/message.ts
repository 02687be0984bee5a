/**
 * Codecs of the messages that are not on a hot path, made from a table of their fields:
 *
 *   const leaseGrantRequest: MessageCodec<LeaseGrantRequest> = message({ ttlSeconds: seconds(1), id: int64(2) });
 *
 * Both directions come from one table, so the in-memory etcd reads what the client writes. Rules of proto3: a
 * default value is not written, an absent field reads as its default, the last of several single values counts,
 * unknown fields and known ones of another wire type are skipped.
 */

import { ProtoWriter } from "../../base/protobuf/proto-writer.ts";
import type { Bytes, Header } from "../ports/messages.ts";
import { noHeader, readHeader, writeHeader } from "./header.ts";
import { WireReader, wireLength, wireVarint } from "./reader.ts";

export interface MessageCodec<T> {
  encode(message: T): Uint8Array;
  /** @throws WireError */
  decode(bytes: Uint8Array): T;
  /** Writes only the fields, for a message inside another. */
  write(writer: ProtoWriter, message: T): void;
  /** Reads to the end of the reader's current message. */
  read(reader: WireReader): T;
}

export interface Field<V> {
  readonly number: number;
  readonly wire: 0 | 2;
  readonly initial: V;
  write(writer: ProtoWriter, value: V): void;
  /** @param before the value from earlier occurrences */
  read(reader: WireReader, before: V): V;
}

export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

export function message<T extends object>(fields: Fields<T>): MessageCodec<T> {
  type Entry = readonly [name: string, field: Field<unknown>];
  // The mapped type ties fields to names; from here on all fields are handled alike.
  const ascending = (Object.entries(fields) as unknown as Entry[]).sort((a, b) => a[1].number - b[1].number);
  const descending = [...ascending].reverse();
  const byTag = new Map(ascending.map((entry) => [(entry[1].number << 3) | entry[1].wire, entry]));
  const codec: MessageCodec<T> = {
    encode(value) {
      const writer = new ProtoWriter(128);
      codec.write(writer, value);
      return writer.finish();
    },
    decode: (bytes) => codec.read(new WireReader(bytes)),
    write(writer, value) {
      const values = value as Record<string, unknown>;
      for (const [name, field] of descending) field.write(writer, values[name]);
    },
    read(reader) {
      const values: Record<string, unknown> = {};
      for (const [name, field] of ascending) values[name] = field.initial;
      for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
        const entry = byTag.get(tag);
        if (entry === undefined) reader.skip(tag);
        else values[entry[0]] = entry[1].read(reader, values[entry[0]]);
      }
      return values as T;
    },
  };
  return codec;
}

const none: readonly never[] = Object.freeze([]);
const noBytes = new Uint8Array(0);

/** int64, exact. */
export const int64 = (number: number): Field<bigint> => ({
  number,
  wire: wireVarint,
  initial: 0n,
  write: (writer, value) => writer.int64(number, value),
  read: (reader) => reader.int64(),
});

/** uint64, exact: member and cluster ids. */
export const uint64 = (number: number): Field<bigint> => ({
  ...int64(number),
  read: (reader) => reader.uint64(),
});

/** int64 that is a small number of seconds or keys, may be negative. */
export const seconds = (number: number): Field<number> => ({
  number,
  wire: wireVarint,
  initial: 0,
  write: (writer, value) => writer.int64(number, BigInt(Math.trunc(value))),
  read: (reader) => Number(reader.int64()),
});

export const uint32 = (number: number): Field<number> => ({
  number,
  wire: wireVarint,
  initial: 0,
  write: (writer, value) => writer.number(number, value),
  read: (reader) => reader.uint32(),
});

export const bool = (number: number): Field<boolean> => ({
  number,
  wire: wireVarint,
  initial: false,
  write: (writer, value) => writer.bool(number, value),
  read: (reader) => reader.bool(),
});

/** An enum by its names in the order of their numbers; a number beyond them reads as the first. */
export const choice = <const N extends string>(number: number, names: readonly [N, ...N[]]): Field<N> => ({
  number,
  wire: wireVarint,
  initial: names[0],
  write: (writer, value) => writer.number(number, Math.max(0, names.indexOf(value))),
  read: (reader) => names[reader.uint32()] ?? names[0],
});

export const text = (number: number): Field<string> => ({
  number,
  wire: wireLength,
  initial: "",
  write: (writer, value) => writer.bytes(number, value),
  read: (reader) => reader.text(),
});

export const bytes = (number: number): Field<Uint8Array> => ({
  number,
  wire: wireLength,
  initial: noBytes,
  write: (writer, value) => writer.bytes(number, value),
  read: (reader) => reader.bytes(),
});

/** A key or value as callers pass it: text is sent as UTF-8, and is always decoded as bytes. */
export const bytesOrText = (number: number): Field<Bytes> => ({
  number,
  wire: wireLength,
  initial: noBytes,
  write: (writer, value) => writer.bytes(number, value),
  read: (reader) => reader.bytes(),
});

export const header = (number: number): Field<Header> => ({
  number,
  wire: wireLength,
  initial: noHeader,
  write: (writer, value) => writeHeader(writer, number, value),
  read: (reader) => readHeader(reader),
});

/** A message inside; undefined when absent. */
export const inner = <T>(
  number: number,
  codec: Pick<MessageCodec<T>, "read" | "write">,
): Field<T | undefined> => ({
  number,
  wire: wireLength,
  initial: undefined,
  write: (writer, value) => {
    if (value === undefined) return;
    const mark = writer.open();
    codec.write(writer, value);
    writer.close(number, mark);
  },
  read: (reader) => {
    const outer = reader.enter();
    const value = codec.read(reader);
    reader.leave(outer);
    return value;
  },
});

/** The field, or undefined for its default, which proto3 cannot tell from absent; undefined is not written. */
export const optional = <V>(field: Field<V>): Field<V | undefined> => ({
  ...field,
  initial: undefined,
  write: (writer, value) => {
    if (value !== undefined) field.write(writer, value);
  },
  read: (reader) => {
    const value = field.read(reader, field.initial);
    const empty = value === field.initial || (value instanceof Uint8Array && value.byteLength === 0);
    return empty ? undefined : value;
  },
});

/** Repeated texts or bytes; empty ones are elements too. */
const repeatedScalar = <V extends Bytes>(
  number: number,
  read: (reader: WireReader) => V,
): Field<readonly V[]> => ({
  number,
  wire: wireLength,
  initial: none,
  write: (writer, values) => {
    for (let i = values.length - 1; i >= 0; i--) writer.bytesAlways(number, values[i] ?? "");
  },
  read: (reader, before) => append(before, read(reader)),
});

export const texts = (number: number): Field<readonly string[]> =>
  repeatedScalar(number, (reader) => reader.text());
export const manyBytes = (number: number): Field<readonly Uint8Array[]> =>
  repeatedScalar(number, (reader) => reader.bytes());

/** Repeated messages. */
export const many = <T>(
  number: number,
  codec: Pick<MessageCodec<T>, "read" | "write">,
): Field<readonly T[]> => ({
  number,
  wire: wireLength,
  initial: none,
  write: (writer, values) => {
    for (let i = values.length - 1; i >= 0; i--) {
      const mark = writer.open();
      codec.write(writer, values[i] as T);
      writer.close(number, mark);
    }
  },
  read: (reader, before) => {
    const outer = reader.enter();
    const value = codec.read(reader);
    reader.leave(outer);
    return append(before, value);
  },
});

/** Appends in place to a list created here; the shared empty one is replaced first. */
function append<V>(before: readonly V[], value: V): readonly V[] {
  if (before === none) return [value];
  (before as V[]).push(value);
  return before;
}
