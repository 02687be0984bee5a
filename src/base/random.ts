/**
 * Randomness as a port: jitter, ids and shuffles come from here, so that a seed repeats a run exactly.
 * `systemRandom` is cryptographic; `seededRandom` is for tests and simulation only.
 */
import { randomFillSync } from "node:crypto";

/** The randomness that keelson uses: `connectEtcd` takes one. */
export interface Random {
  /** Uniform in [0, 1). */
  float(): number;
  /** Uniform integer in [0, below). `below` is at most 2^32. */
  below(below: number): number;
  /** `length` fresh random bytes, owned by the caller. */
  bytes(length: number): Uint8Array;
}

/** Bytes drawn from the system at a time: one system call serves about 250 ids. */
const poolBytes = 4096;

function createSystemRandom(): Random {
  const pool = Buffer.alloc(poolBytes);
  let used = poolBytes;
  const take = (length: number): number => {
    if (used + length > poolBytes) {
      randomFillSync(pool);
      used = 0;
    }
    const at = used;
    used += length;
    return at;
  };
  const uint32 = (): number => pool.readUInt32LE(take(4));
  return {
    float: () => uint32() / 2 ** 32,
    below: (below) => Math.floor((uint32() / 2 ** 32) * below),
    bytes(length) {
      if (length > poolBytes) return randomFillSync(new Uint8Array(length));
      const at = take(length);
      const bytes = new Uint8Array(length);
      bytes.set(pool.subarray(at, at + length));
      pool.fill(0, at, at + length);
      return bytes;
    },
  };
}

export const systemRandom: Random = createSystemRandom();

const hexDigits = "0123456789abcdef";
const dash = 0x2d;
const uuidCharacters = 36;

/** A random (version 4) UUID in lower-case text. */
export function randomUuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  // Written as bytes and decoded once: text concatenated from pieces would keep the pieces in memory.
  const text = Buffer.allocUnsafe(uuidCharacters);
  let at = 0;
  for (let i = 0; i < 16; i++) {
    const byte = bytes[i] ?? 0;
    text[at++] = hexDigits.charCodeAt(byte >> 4);
    text[at++] = hexDigits.charCodeAt(byte & 15);
    if (i === 3 || i === 5 || i === 7 || i === 9) text[at++] = dash;
  }
  return text.toString("latin1");
}
