import fc from "fast-check";
import { expect, test } from "vitest";
import { isStoreError } from "../../../../src/errors.ts";
import {
  decodeContinueToken,
  encodeContinueToken,
  type TokenScope,
} from "../../../../src/storage/seam/continue-token.ts";

const key = new Uint8Array(32).fill(7);
const scope: TokenScope = { prefix: "/registry/", resource: "pods", selection: '["a",null,"",""]' };
const positions = fc.record({
  epoch: fc.string({ maxLength: 60 }),
  revision: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  after: fc.string({ maxLength: 600, unit: "grapheme" }),
});

function refused(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    return isStoreError(error, "INVALID_TOKEN");
  }
}

test("a token gives back the position it was made from", () => {
  fc.assert(
    fc.property(positions, (position) => {
      expect(decodeContinueToken(key, scope, encodeContinueToken(key, scope, position))).toEqual(position);
    }),
  );
});

test("a token with any bit flipped is INVALID_TOKEN", () => {
  const bytes = Buffer.from(
    encodeContinueToken(key, scope, { epoch: "e", revision: 5n, after: "/registry/pods/a/b" }),
    "base64url",
  );
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(refused(() => decodeContinueToken(key, scope, flipped.toString("base64url")))).toBe(true);
  }
});

test("a token is good for its own list and key alone", () => {
  const token = encodeContinueToken(key, scope, { epoch: "e", revision: 5n, after: "/registry/pods/a/b" });
  const others: TokenScope[] = [
    { ...scope, prefix: "/other/" },
    { ...scope, resource: "secrets" },
    { ...scope, selection: '["b",null,"",""]' },
    // The same text in all, parted elsewhere.
    { ...scope, prefix: "/registry/p", resource: "ods" },
  ];
  for (const other of others) expect(refused(() => decodeContinueToken(key, other, token))).toBe(true);
  expect(refused(() => decodeContinueToken(new Uint8Array(32), scope, token))).toBe(true);
});

test("text that is no token is INVALID_TOKEN", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), fc.constant("x".repeat(1_000_000))), (text) => {
      expect(refused(() => decodeContinueToken(key, scope, text))).toBe(true);
    }),
  );
});
