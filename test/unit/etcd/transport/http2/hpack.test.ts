import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeField, encodeLiteral, HeaderDecoder } from "../../../../../src/etcd/transport/http2/hpack.ts";
import { decodeHuffman } from "../../../../../src/etcd/transport/http2/huffman.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ""), "hex");

describe("decodeHuffman()", () => {
  test("the code is complete: every sequence of bits begins with the code of a byte, or with EOS", () => {
    const text = (bits: string): string | undefined => {
      const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "1");
      return decodeHuffman(Buffer.from(padded.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []));
    };
    // "0" is 00000: behind the code of a byte it is read as itself.
    const byteOf = (code: string): string | undefined => {
      const found = text(`${code}00000`);
      return found?.length === 2 && found.endsWith("0") ? found[0] : undefined;
    };
    const bytes = new Set<string>();
    const open = [""];
    let looked = 0;
    for (let code = open.pop(); code !== undefined && looked < 1000; code = open.pop()) {
      looked++;
      const byte = byteOf(code);
      if (byte !== undefined) bytes.add(byte);
      else if (code !== "1".repeat(30)) open.push(`${code}0`, `${code}1`);
    }
    expect(bytes.size).toBe(256);
    // A tree of 257 codes, none of them the beginning of another, has 513 places.
    expect({ looked, open }).toEqual({ looked: 513, open: [] });
  });

  test("reads the examples of RFC 7541 appendix C", () => {
    expect(decodeHuffman(hex("f1e3c2e5f23a6ba0ab90f4ff"))).toBe("www.example.com");
    expect(decodeHuffman(hex("a8eb10649cbf"))).toBe("no-cache");
    expect(decodeHuffman(hex("25a849e95bb8e8b4bf"))).toBe("custom-value");
    expect(decodeHuffman(hex("d07abe941054d444a8200595040b8166e082a62d1bff"))).toBe(
      "Mon, 21 Oct 2013 20:13:21 GMT",
    );
  });

  test("padding that is not all ones, or a byte long, is refused", () => {
    expect(decodeHuffman(hex("a8eb10649cbe"))).toBeUndefined();
    expect(decodeHuffman(hex("a8eb10649cbfff"))).toBeUndefined();
  });
});

describe("HeaderDecoder", () => {
  test("reads the request examples with Huffman and a growing dynamic table (RFC 7541 C.4)", () => {
    const decoder = new HeaderDecoder();
    expect([...(decoder.decode(hex("828684418cf1e3c2e5f23a6ba0ab90f4ff")) ?? [])]).toEqual([
      [":method", "GET"],
      [":scheme", "http"],
      [":path", "/"],
      [":authority", "www.example.com"],
    ]);
    expect(decoder.decode(hex("828684be5886a8eb10649cbf"))?.get("cache-control")).toBe("no-cache");
    const third = decoder.decode(hex("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"));
    expect(third?.get("custom-key")).toBe("custom-value");
    expect(third?.get(":authority")).toBe("www.example.com");
  });

  test("reads the response examples with eviction (RFC 7541 C.5, table of 4096)", () => {
    const decoder = new HeaderDecoder();
    const first = decoder.decode(
      hex(
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
      ),
    );
    expect(first?.get(":status")).toBe("302");
    expect(first?.get("location")).toBe("https://www.example.com");
    expect(decoder.decode(hex("4803333037c1c0bf"))?.get(":status")).toBe("307");
  });

  test("reads back what the encoder writes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/), fc.stringMatching(/^[ -~]{0,300}$/)), {
          maxLength: 20,
        }),
        (fields) => {
          const block = Buffer.concat(fields.map(([name, value]) => encodeLiteral(name, value)));
          expect(Object.fromEntries(new HeaderDecoder().decode(block) ?? [])).toEqual(
            Object.fromEntries(fields),
          );
        },
      ),
    );
    expect(new HeaderDecoder().decode(Buffer.from(encodeField(":method", "POST")))?.get(":method")).toBe(
      "POST",
    );
  });

  test("blocks that come by turns are recognised by their bytes, unless the dynamic table is in them", () => {
    const decoder = new HeaderDecoder();
    const headers = Buffer.concat([
      encodeField(":status", "200"),
      encodeLiteral("content-type", "application/grpc"),
    ]);
    const trailers = Buffer.from(encodeLiteral("grpc-status", "0"));
    const first = [decoder.decode(headers), decoder.decode(trailers)];
    expect([decoder.decode(Buffer.from(headers)), decoder.decode(Buffer.from(trailers))]).toEqual(first);
    expect(decoder.decode(Buffer.from(headers))).toBe(first[0]);
    // Index 62 is whatever came into the table last: "a" first, then "b".
    const entry = (text: string): Buffer =>
      Buffer.concat([Buffer.of(0x40, 1), Buffer.from("k"), Buffer.of(1), Buffer.from(text)]);
    decoder.decode(entry("a"));
    expect(decoder.decode(Buffer.of(0xbe))?.get("k")).toBe("a");
    decoder.decode(entry("b"));
    expect(decoder.decode(Buffer.of(0xbe))?.get("k")).toBe("b");
  });

  test("hostile blocks give undefined, never an exception: random bytes, absurd lengths, index 0, unknown index", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const headers = new HeaderDecoder().decode(Buffer.from(bytes));
        expect(headers === undefined || headers instanceof Map).toBe(true);
      }),
      { numRuns: 5_000 },
    );
    for (const block of ["80", "ff", "be", "00ffffffffff7f", "0005", "7fffffffff0f", "3fe1ffff7f"]) {
      expect(new HeaderDecoder().decode(hex(block)), block).toBeUndefined();
    }
  });

  test("a block that decodes to more than the bound is refused (header bomb through the dynamic table)", () => {
    const decoder = new HeaderDecoder();
    const value = "x".repeat(3_000);
    const entry = Buffer.concat([Buffer.of(0x40, 1), Buffer.from("k"), hex("7fb916"), Buffer.from(value)]);
    expect(decoder.decode(entry)?.get("k")).toBe(value);
    expect(decoder.decode(Buffer.alloc(4_000, 0xbe))).toBeUndefined();
  });
});
