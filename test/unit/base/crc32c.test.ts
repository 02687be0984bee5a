import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32c } from "../../../src/base/crc32c.ts";

const bytewise = (bytes: Uint8Array): number => {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
};

describe("crc32c()", () => {
  it("gives the check value of the standard", () => {
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  });

  it("equals the bit by bit definition at every length and offset", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), (bytes, start) => {
        const from = Math.min(start, bytes.length);
        expect(crc32c(bytes, from)).toBe(bytewise(bytes.subarray(from)));
      }),
    );
  });

  it("goes on from a seed as if there had been no cut", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
        const at = Math.min(cut, bytes.length);
        expect(crc32c(bytes, at, bytes.length, crc32c(bytes, 0, at))).toBe(crc32c(bytes));
      }),
    );
  });
});
