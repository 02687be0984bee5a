/**
 * The key that authenticates continue tokens: made once per prefix, kept under the bookkeeping root, so that every
 * process over the prefix takes every other's tokens, also after restarts and restores. Read when the first token is
 * needed. Where nothing may be written (read-only rights, etcd out of space) this process uses one of its own.
 */
import { createHash } from "node:crypto";
import type { Random } from "../../base/random.ts";
import { isStoreError } from "../../errors.ts";
import type { Kv } from "../../etcd/ports/ports.ts";

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
      const { succeeded, responses } = await this.#kv.txn({
        compare: [{ key: this.#etcdKey, target: "create", result: "=", operand: 0n }],
        success: [{ type: "put", put: { key: this.#etcdKey, value: own } }],
        failure: [{ type: "range", range: { key: this.#etcdKey } }],
      });
      if (succeeded) return usable(own);
      const [answer] = responses;
      const [kv] = answer?.type === "range" ? answer.range.kvs : [];
      // Somebody was faster, and it is everybody's; or it has gone again at once.
      return kv === undefined ? await this.#load() : usable(kv.value);
    } catch (error) {
      if (isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) return own; // tokens of this process only
      // Whether it was applied does not matter: the one that is there is everybody's.
      if (isStoreError(error, "OUTCOME_UNKNOWN")) return this.#load();
      throw error;
    }
  }

  async #read(): Promise<Uint8Array | undefined> {
    const { kvs } = await this.#kv.range({ key: this.#etcdKey });
    const [kv] = kvs;
    return kv === undefined ? undefined : usable(kv.value);
  }
}

/** Hashed, so that a key of any length somebody has put there serves as well. */
function usable(stored: Uint8Array): Uint8Array {
  return createHash("sha256").update(stored).digest();
}
