/**
 * The metadata segment: a head as bytes, readable without the body. It begins with what says whether the value is in
 * today's form (headerVersion, apiVersion, kind), so that `open` compares a few bytes and decodes nothing.
 */
import { Packr } from "msgpackr";
import type { Head } from "../resource/head.ts";
import { DecodeFault, readMsgpack } from "./msgpack-reader.ts";

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** The segment of a head; a view that is valid until the next call. */
export function encodeHead(head: Head): Uint8Array {
  return packr.pack([
    head.headerVersion,
    head.apiVersion,
    head.kind,
    head.metadata,
    head.fields,
    head.amounts,
  ]);
}

/** @throws DecodeFault */
export function decodeHead(bytes: Uint8Array, start: number, end: number): Head {
  const parts = readMsgpack(bytes, start, end);
  if (!Array.isArray(parts) || parts.length !== 6) throw new DecodeFault("its metadata segment is no head");
  const [headerVersion, apiVersion, kind, metadata, fields, amounts] = parts as unknown[];
  if (
    typeof headerVersion !== "number" ||
    typeof apiVersion !== "string" ||
    typeof kind !== "string" ||
    !isRecord(metadata) ||
    !isTextRecord(fields) ||
    !isTextRecord(amounts)
  ) {
    throw new DecodeFault("its metadata segment is no head");
  }
  if (typeof metadata["name"] !== "string" || typeof metadata["uid"] !== "string") {
    throw new DecodeFault("its metadata has no name or no uid");
  }
  return {
    headerVersion,
    apiVersion,
    kind,
    metadata: metadata as unknown as Head["metadata"],
    fields,
    amounts,
  };
}

/** The bytes every head of this version, apiVersion and kind begins with, once the array's own byte is skipped. */
export function headPreamble(headerVersion: number, apiVersion: string, kind: string): Uint8Array {
  // `.slice` of a Buffer is a view on the packer's slab: copied, as it is kept.
  return Uint8Array.prototype.slice.call(packr.pack([headerVersion, apiVersion, kind]), 1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextRecord(value: unknown): value is Record<string, string> {
  if (!isRecord(value)) return false;
  for (const key in value) if (typeof value[key] !== "string") return false;
  return true;
}
