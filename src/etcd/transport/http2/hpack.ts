/**
 * HPACK (RFC 7541): header blocks of requests out, header blocks of replies in.
 *
 * Encoding never indexes and never compresses: a request's block is a constant per method plus a few literals, and
 * no state is shared with the peer. Decoding is complete (static and dynamic table, Huffman), limited by
 * `headerListBytesMax`, and returns undefined for damaged input: the connection then ends with COMPRESSION_ERROR.
 */
import { decodeHuffman } from "./huffman.ts";

/** The static table (RFC 7541 appendix A), index 1 to 61. */
const staticTable: readonly (readonly [string, string])[] = [
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  [":status", "200"],
  [":status", "204"],
  [":status", "206"],
  [":status", "304"],
  [":status", "400"],
  [":status", "404"],
  [":status", "500"],
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
  ["accept-language", ""],
  ["accept-ranges", ""],
  ["accept", ""],
  ["access-control-allow-origin", ""],
  ["age", ""],
  ["allow", ""],
  ["authorization", ""],
  ["cache-control", ""],
  ["content-disposition", ""],
  ["content-encoding", ""],
  ["content-language", ""],
  ["content-length", ""],
  ["content-location", ""],
  ["content-range", ""],
  ["content-type", ""],
  ["cookie", ""],
  ["date", ""],
  ["etag", ""],
  ["expect", ""],
  ["expires", ""],
  ["from", ""],
  ["host", ""],
  ["if-match", ""],
  ["if-modified-since", ""],
  ["if-none-match", ""],
  ["if-range", ""],
  ["if-unmodified-since", ""],
  ["last-modified", ""],
  ["link", ""],
  ["location", ""],
  ["max-forwards", ""],
  ["proxy-authenticate", ""],
  ["proxy-authorization", ""],
  ["range", ""],
  ["referer", ""],
  ["refresh", ""],
  ["retry-after", ""],
  ["server", ""],
  ["set-cookie", ""],
  ["strict-transport-security", ""],
  ["transfer-encoding", ""],
  ["user-agent", ""],
  ["vary", ""],
  ["via", ""],
  ["www-authenticate", ""],
];

/** Dynamic table that we allow the peer: we need none, but a peer may use the default until it has our settings. */
const dynamicTableBytesMax = 4096;
/** RFC 7541 4.1: the size of an entry beyond its octets. */
const entryOverheadBytes = 32;
/** Blocks recognised by their bytes: the headers and the trailers of unary replies and of streams. */
const knownBlocksMax = 4;
/** Decoded header list, bytes with overhead: etcd sends well under 1 KiB; an error text may be some KiB. */
export const headerListBytesMax: number = 256 * 1024;

/** A literal header field without indexing, name and value as plain octets. */
export function encodeLiteral(name: string, value: string): Uint8Array {
  const nameBytes = Buffer.from(name, "latin1");
  const valueBytes = Buffer.from(value, "latin1");
  return Buffer.concat([
    Buffer.of(0),
    encodeInteger(nameBytes.length, 7),
    nameBytes,
    encodeInteger(valueBytes.length, 7),
    valueBytes,
  ]);
}

/** A static-table field by name and value; falls back to a literal. */
export function encodeField(name: string, value: string): Uint8Array {
  const index = staticTable.findIndex((entry) => entry[0] === name && entry[1] === value);
  return index < 0 || value === "" ? encodeLiteral(name, value) : Buffer.of(0x80 | (index + 1));
}

function encodeInteger(value: number, prefixBits: number): Uint8Array {
  const limit = 2 ** prefixBits - 1;
  if (value < limit) return Buffer.of(value);
  const bytes = [limit];
  let rest = value - limit;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** One per connection: the dynamic table lives as long as it does. */
export class HeaderDecoder {
  readonly #dynamic: (readonly [string, string])[] = [];
  #dynamicBytes = 0;
  #capacityBytes = dynamicTableBytesMax;
  /** Blocks that neither read nor changed the dynamic table, the last one decoded first. */
  readonly #known: { readonly block: Buffer; readonly headers: ReadonlyMap<string, string> }[] = [];

  /**
   * Headers of one complete block by lower-case name, the last of equal names. Undefined: not HPACK, or too large.
   * Repeated blocks, as one server's replies are, are recognised without decoding.
   */
  decode(block: Buffer): ReadonlyMap<string, string> | undefined {
    for (const known of this.#known) if (known.block.equals(block)) return known.headers;
    const headers = new Map<string, string>();
    const reader = new BlockReader(block);
    let listBytes = 0;
    let stateless = true;
    while (!reader.done) {
      const first = reader.byte();
      if (first === undefined) return undefined;
      let entry: readonly [string, string] | undefined;
      if ((first & 0x80) !== 0) {
        const index = reader.integer(first, 7);
        entry = index === undefined ? undefined : this.#entry(index);
        if (index !== undefined && index > staticTable.length) stateless = false;
      } else if ((first & 0xe0) === 0x20) {
        const capacity = reader.integer(first, 5);
        if (capacity === undefined || capacity > dynamicTableBytesMax) return undefined;
        this.#capacityBytes = capacity;
        this.#evict(0);
        stateless = false;
        continue;
      } else {
        const indexed = (first & 0x40) !== 0;
        const index = reader.integer(first, indexed ? 6 : 4);
        if (index === undefined) return undefined;
        const name = index === 0 ? reader.string() : this.#entry(index)?.[0];
        const value = reader.string();
        if (name === undefined || value === undefined) return undefined;
        if (index > staticTable.length) stateless = false;
        entry = [name, value];
        if (indexed) {
          stateless = false;
          this.#insert(entry);
        }
      }
      if (entry === undefined) return undefined;
      listBytes += entry[0].length + entry[1].length + entryOverheadBytes;
      if (listBytes > headerListBytesMax) return undefined;
      headers.set(entry[0], entry[1]);
    }
    if (stateless) {
      this.#known.unshift({ block: Buffer.from(block), headers });
      if (this.#known.length > knownBlocksMax) this.#known.pop();
    }
    return headers;
  }

  #entry(index: number): readonly [string, string] | undefined {
    return index <= staticTable.length
      ? staticTable[index - 1]
      : this.#dynamic[index - staticTable.length - 1];
  }

  #insert(entry: readonly [string, string]): void {
    const bytes = entry[0].length + entry[1].length + entryOverheadBytes;
    this.#evict(bytes);
    if (bytes > this.#capacityBytes) return;
    this.#dynamic.unshift(entry);
    this.#dynamicBytes += bytes;
  }

  #evict(neededBytes: number): void {
    while (this.#dynamic.length > 0 && this.#dynamicBytes + neededBytes > this.#capacityBytes) {
      const [name, value] = this.#dynamic.pop() ?? ["", ""];
      this.#dynamicBytes -= name.length + value.length + entryOverheadBytes;
    }
  }
}

class BlockReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number | undefined {
    return this.#bytes[this.#at++];
  }

  /** An integer whose first octet has been read; undefined when cut off or above 2^28. */
  integer(first: number, prefixBits: number): number | undefined {
    const limit = 2 ** prefixBits - 1;
    let value = first & limit;
    if (value < limit) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.byte();
      if (byte === undefined) return undefined;
      value += (byte & 127) * 2 ** shift;
      if ((byte & 128) === 0) return value;
    }
    return undefined;
  }

  string(): string | undefined {
    const first = this.byte();
    if (first === undefined) return undefined;
    const length = this.integer(first, 7);
    if (length === undefined || length > this.#bytes.length - this.#at) return undefined;
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return (first & 0x80) === 0 ? bytes.toString("latin1") : decodeHuffman(bytes);
  }
}
