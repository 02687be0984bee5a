/**
 * The key that authenticates continue tokens: created once per prefix and kept under the bookkeeping root, so that
 * every process over the prefix accepts every other's tokens, also after restarts and restores. Opening a store
 * ensures that it exists, so a read never has to write it. Where it cannot be written (read-only permission, etcd out
 * of space), this process uses its own key.
 *
 * A restore may bring back another key, or none. Tokens under the previous key are still distinguished from forged
 * ones, so that they are EXPIRED and not INVALID_TOKEN; where the restore left no key, the previous key is put again.
 */
import { createHash } from "node:crypto";
import type { Random } from "../../base/random.ts";
import { isStoreError } from "../../errors.ts";
import type { Kv } from "../../etcd/ports/kv.ts";

const keyBytes = 32;
/** Number of keys of earlier histories remembered: tokens are used within minutes. */
const formerMax = 4;

export class ContinueKey {
  readonly #kv: Pick<Kv, "range" | "txn">;
  readonly #etcdKey: string;
  readonly #random: Random;
  #loading: Promise<Uint8Array> | undefined;
  /** The key as stored; undefined before the first response. */
  #stored: Uint8Array | undefined;
  readonly #former: Uint8Array[] = [];

  /** @param etcdKey its etcd key, e.g. "/keelson/registry/continue-key" */
  constructor(kv: Pick<Kv, "range" | "txn">, etcdKey: string, random: Random) {
    this.#kv = kv;
    this.#etcdKey = etcdKey;
    this.#random = random;
  }

  /** The key, read from etcd at the first call; concurrent callers share the read. */
  get(): Promise<Uint8Array> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  /** The key and those of earlier histories: any of them may have signed a token. */
  async all(): Promise<readonly Uint8Array[]> {
    const key = await this.get();
    return this.#former.length === 0 ? [key] : [key, ...this.#former];
  }

  /** The history was replaced: etcd may now have another key, or none. */
  forget(): void {
    this.#loading = undefined;
  }

  async #load(): Promise<Uint8Array> {
    const before = this.#stored;
    const stored = await this.#readOrMake(before ?? this.#random.bytes(keyBytes));
    const key = usable(stored);
    if (before !== undefined && Buffer.compare(before, stored) !== 0) {
      this.#former.unshift(usable(before));
      this.#former.splice(formerMax);
    }
    this.#stored = stored;
    return key;
  }

  async #readOrMake(own: Uint8Array): Promise<Uint8Array> {
    const found = await this.#read();
    if (found !== undefined) return found;
    try {
      const { succeeded, responses } = await this.#kv.txn({
        compare: [{ key: this.#etcdKey, target: "create", result: "=", operand: 0n }],
        success: [{ type: "put", put: { key: this.#etcdKey, value: own } }],
        failure: [{ type: "range", range: { key: this.#etcdKey } }],
      });
      if (succeeded) return own;
      const [answer] = responses;
      const [kv] = answer?.type === "range" ? answer.range.kvs : [];
      // Another process created it first, and its key is used; or the key was deleted at once.
      return kv === undefined ? await this.#readOrMake(own) : kv.value;
    } catch (error) {
      if (isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) return own; // tokens of this process only
      // The outcome does not matter: the key that exists is used.
      if (isStoreError(error, "OUTCOME_UNKNOWN")) return this.#readOrMake(own);
      throw error;
    }
  }

  async #read(): Promise<Uint8Array | undefined> {
    const { kvs } = await this.#kv.range({ key: this.#etcdKey });
    const [kv] = kvs;
    return kv?.value;
  }
}

/** Hashed, so that a stored key of any length works. */
function usable(stored: Uint8Array): Uint8Array {
  return createHash("sha256").update(stored).digest();
}
