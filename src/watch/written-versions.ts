/**
 * What was written through one store and may not have come back to its cache yet: a read of such a key is not older.
 * Bounded: the oldest entries are folded into one version that holds for all keys.
 */

/** Keys remembered one by one; the cache usually has a write back within milliseconds. */
const keysMax = 4_096;

export class WrittenVersions {
  readonly #byKey = new Map<string, bigint>();
  #all = 0n;

  /** The version reads of `key` must not be older than; 0n: any will do. */
  of(key: string): bigint {
    const own = this.#byKey.size === 0 ? undefined : this.#byKey.get(key);
    return own !== undefined && own > this.#all ? own : this.#all;
  }

  /** @param applied what the cache has reached: everything up to it is forgotten */
  keep(key: string, revision: bigint, applied: bigint): void {
    const known = this.#byKey.get(key);
    if (known !== undefined && known >= revision) return;
    this.#byKey.delete(key);
    this.#byKey.set(key, revision);
    for (const [other, at] of this.#byKey) {
      if (at > applied && this.#byKey.size <= keysMax) break;
      this.#byKey.delete(other);
      if (at > applied) this.raise(at);
    }
  }

  /** Holds for every key from now on. */
  raise(revision: bigint): void {
    if (revision > this.#all) this.#all = revision;
  }
}
