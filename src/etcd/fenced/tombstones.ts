/**
 * Graves: what a create compares so that a late one cannot raise an object after its deletion.
 *
 *   create A sent (its member is paused, answer lost) ... delete A, answered ... member resumes: A is back
 *
 * Guards and sessions do not help there: "no such key" is true again, and the client that gave up on the create may be gone.
 * So every delete through keelson also writes the bucket of its key, and every create compares
 *
 *   mod(bucket of key) <= highest revision its client had seen when it was sent
 *
 * A delete answered after the create was given up has a higher revision than that. 1,024 buckets keep the number of
 * keys fixed; sharing one costs a create, at worst, one more try. The hash is part of the format on disk: every
 * client must agree on it.
 */

/** Buckets: with 100 deletes/s under way for 2 ms each, one create in 5,000 meets a neighbour's. */
const tombstoneBuckets = 1024;

const fnvOffset = 0x811c9dc5;
const fnvPrime = 0x01000193;

/** `<root>/graves/<bucket>`, bucket = FNV-1a (32 bit) of the key's UTF-8 modulo 1,024, as three hex digits. */
export function tombstoneKey(root: string, key: string): string {
  let hash = fnvOffset;
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    if (unit >= 0x80) {
      hash = hashOfBytes(Buffer.from(key));
      break;
    }
    hash = Math.imul(hash ^ unit, fnvPrime);
  }
  return `${root}/graves/${((hash >>> 0) % tombstoneBuckets).toString(16).padStart(3, "0")}`;
}

function hashOfBytes(bytes: Uint8Array): number {
  let hash = fnvOffset;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, fnvPrime);
  return hash;
}

/** What a delete writes into its bucket: the ids of the deletes in that transaction, one after the other. */
export function tombstoneValue(writeIds: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(writeIds);
}

/** Whether the tombstone was written by the transaction that carried this delete. */
export function tombstoneHolds(value: Uint8Array, writeId: Uint8Array): boolean {
  for (let at = 0; at + writeId.length <= value.length; at += writeId.length) {
    if (writeId.every((byte, i) => value[at + i] === byte)) return true;
  }
  return false;
}
