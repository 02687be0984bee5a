/**
 * Versions written through one store that its cache may not have applied yet. A read of such a key is not older than that.
 * Bounded: the oldest entries are folded into one version that holds for all keys. When the history is replaced, its
 * versions are forgotten: in the new history they stand for other states, or for none yet.
 */

/** Keys remembered one by one; the cache usually has a write back within milliseconds. */
const keysMax = 4_096;

export class WrittenVersions {
  readonly #byKey = new Map<string, bigint>();
  #all = 0n;
  #history = 0;
  readonly #historyNow: () => number;

  /** @param historyNow grows when the history is replaced */
  constructor(historyNow: () => number) {
    this.#historyNow = historyNow;
  }

  /** Take it before a write begins, and pass it with what was written. */
  get history(): number {
    return this.#historyNow();
  }

  /** The version reads of `key` must not be older than; 0n: any will do. */
  of(key: string): bigint {
    this.#forgetOthers();
    const own = this.#byKey.size === 0 ? undefined : this.#byKey.get(key);
    return own !== undefined && own > this.#all ? own : this.#all;
  }

  /**
   * @param applied what the cache has reached: everything up to it is forgotten
   * @param history in which the write was begun
   */
  keep(key: string, revision: bigint, applied: bigint, history: number): void {
    this.#forgetOthers();
    if (history !== this.#history) return;
    const known = this.#byKey.get(key);
    if (known !== undefined && known >= revision) return;
    this.#byKey.delete(key);
    this.#byKey.set(key, revision);
    for (const [other, at] of this.#byKey) {
      if (at > applied && this.#byKey.size <= keysMax) break;
      this.#byKey.delete(other);
      if (at > applied) this.raise(at, history);
    }
  }

  /** Reads of any key are not older than `revision` from now on. */
  raise(revision: bigint, history: number): void {
    this.#forgetOthers();
    if (history !== this.#history) return;
    if (revision > this.#all) this.#all = revision;
  }

  #forgetOthers(): void {
    const now = this.#historyNow();
    if (now === this.#history) return;
    this.#history = now;
    this.#byKey.clear();
    this.#all = 0n;
  }
}
