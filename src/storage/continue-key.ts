/**
 * The key that authenticates continue tokens: made once per prefix, kept under the bookkeeping root, so that every
 * process over the prefix takes every other's tokens, also after restarts and restores. Read when the first token is
 * needed. Where nothing may be written (read-only rights, etcd out of space) this process uses one of its own.
 */
import { createHash } from "node:crypto";
import type { Random } from "../base/random.ts";
import { isStoreError } from "../errors.ts";
import type { Kv } from "../etcd/ports.ts";

const keyBytes = 32;

export class ContinueKey {
  readonly #kv: Pick<Kv, "range" | "txn">;
  readonly #etcdKey: string;
  readonly #random: Random;
  #loading: Promise<Uint8Array> | undefined;

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

  async #load(): Promise<Uint8Array> {
    const found = await this.#read();
    if (found !== undefined) return found;
    const own = this.#random.bytes(keyBytes);
    try {
      await this.#kv.txn({
        compare: [{ key: this.#etcdKey, target: "create", result: "=", operand: 0n }],
        success: [{ type: "put", put: { key: this.#etcdKey, value: own } }],
        failure: [],
      });
    } catch (error) {
      if (isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) return own; // tokens of this process only
      // Whether it was applied does not matter: the first one to be there is everybody's.
      if (!isStoreError(error, "OUTCOME_UNKNOWN")) throw error;
    }
    const settled = await this.#read();
    if (settled !== undefined) return settled;
    return this.#load();
  }

  async #read(): Promise<Uint8Array | undefined> {
    const { kvs } = await this.#kv.range({ key: this.#etcdKey });
    const [kv] = kvs;
    // Hashed, so that a key of any length somebody has put there serves as well.
    return kv === undefined ? undefined : createHash("sha256").update(kv.value).digest();
  }
}
