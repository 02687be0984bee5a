/**
 * A digest of a bbolt file's content: every bucket, its sequence, every key and value in order. Two files with the same
 * digest are the same database, whatever their page layout. The reader checks each page on the way.
 */
import { createHash, type Hash } from "node:crypto";

export class ContentDigest {
  readonly #hash: Hash = createHash("sha256");
  #records = 0;

  bucket(name: string, sequence: bigint): void {
    this.#lengths(name.length, Number(sequence % 0x1_0000_0000n));
    this.#hash.update(name, "latin1").update(sequence.toString());
  }

  record(key: Uint8Array, value: Uint8Array): void {
    this.#records++;
    this.#lengths(key.length, value.length);
    this.#hash.update(key).update(value);
  }

  get records(): number {
    return this.#records;
  }

  finish(): string {
    return this.#hash.digest("hex");
  }

  /** Adds lengths, so that no other split of the same bytes has the same digest. */
  #lengths(first: number, second: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(first, 0);
    bytes.writeUInt32LE(second, 4);
    this.#hash.update(bytes);
  }
}
