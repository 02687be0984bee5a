/**
 * The key that authenticates continue tokens: made once per prefix, kept under the bookkeeping root, so that every
 * process over the prefix takes every other's tokens, also after restarts and restores. Made sure of when the store is
 * opened, which writes anyway: a read then never does. Where nothing may be written (read-only rights, etcd out of space)
 * this process uses one of its own.
 *
 * A restore may bring back another key, or none. Then tokens of the key before are still distinguished from forged ones, so that
 * they are EXPIRED and not INVALID_TOKEN; where there is none, the key before is put again.
 */
import { createHash } from "node:crypto";
import type { Random } from "../../base/random.ts";
import { isStoreError } from "../../errors.ts";
import type { Kv } from "../../etcd/ports/kv.ts";

const keyBytes = 32;
/** Keys of earlier histories that are remembered: tokens are used within minutes. */
const formerMax = 4;

export class ContinueKey {
  readonly #kv: Pick<Kv, "range" | "txn">;
  readonly #etcdKey: string;
  readonly #random: Random;
  #loading: Promise<Uint8Array> | undefined;
  /** As it is stored; undefined before the first answer. */
  #stored: Uint8Array | undefined;
  readonly #former: Uint8Array[] = [];

  /** @param etcdKey where it is kept, e.g. "/keelson/registry/continue-key" */
  constructor(kv: Pick<Kv, "range" | "txn">, etcdKey: string, random: Random) {
    this.#kv = kv;
    this.#etcdKey = etcdKey;
    this.#random = random;
  }

  /** The key, from etcd at the first call; shared by all who wait. */
  get(): Promise<Uint8Array> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  /** The key, and those of earlier histories: what may have signed a token. */
  async all(): Promise<readonly Uint8Array[]> {
    const key = await this.get();
    return this.#former.length === 0 ? [key] : [key, ...this.#former];
  }

  /** History was replaced: what is in etcd now may be another one, or none. */
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
      // Somebody was faster, and it is everybody's; or it has gone again at once.
      return kv === undefined ? await this.#readOrMake(own) : kv.value;
    } catch (error) {
      if (isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) return own; // tokens of this process only
      // Whether it was applied does not matter: the one that is there is everybody's.
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

/** Hashed, so that a key of any length somebody has put there serves as well. */
function usable(stored: Uint8Array): Uint8Array {
  return createHash("sha256").update(stored).digest();
}
