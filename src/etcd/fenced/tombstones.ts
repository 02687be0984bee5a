/**
 * Tombstones: what a create compares so that a delayed create cannot resurrect a deleted object.
 *
 *   create A sent (its member is paused, response lost) ... delete A, answered ... member resumes: A is back
 *
 * Guards and sessions do not prevent this: "no such key" is true again, and the client that abandoned the create may be gone.
 * So every delete through keelson also writes the bucket of its key, and every create compares
 *
 *   mod(bucket of key) <= highest revision its client had seen when it was sent
 *
 * A delete answered after the create was abandoned has a higher revision than that. 1,024 buckets keep the number of
 * keys fixed; a shared bucket costs a create at most one more try. The hash is part of the format on disk: all
 * clients must use the same one.
 */

/** Buckets: at 100 deletes/s of 2 ms each, one create in 5,000 collides with a delete of another key. */
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

/** The value that a delete writes into its bucket: the ids of the deletes in that transaction, concatenated. */
export function tombstoneValue(writeIds: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(writeIds);
}

/** Whether the transaction that carried this delete wrote the tombstone. */
export function tombstoneHolds(value: Uint8Array, writeId: Uint8Array): boolean {
  for (let at = 0; at + writeId.length <= value.length; at += writeId.length) {
    if (writeId.every((byte, i) => value[at + i] === byte)) return true;
  }
  return false;
}
