/**
 * The identity of this prefix's history: a random id kept under the bookkeeping root, made once, made anew by a
 * restore. Versions and tokens of one epoch mean nothing in another.
 *
 * This form reads and creates the record and tells listeners of a change it is told of. Who notices a restore calls
 * `changed`.
 */
import { type Random, randomUuid } from "../base/random.ts";
import { isStoreError } from "../errors.ts";
import type { EtcdCall, Kv } from "../etcd/ports.ts";

export class Epoch {
  #id: string;
  readonly #listeners = new Set<() => void>();

  private constructor(id: string) {
    this.#id = id;
  }

  /** Reads the record, or makes it; without rights or space to make it, this process goes on with "unrecorded". */
  static async open(
    kv: Pick<Kv, "range" | "txn">,
    key: string,
    random: Random,
    call: EtcdCall,
  ): Promise<Epoch> {
    for (;;) {
      const { kvs } = await kv.range({ key }, call);
      const [kv0] = kvs;
      if (kv0 !== undefined) return new Epoch(new TextDecoder().decode(kv0.value));
      try {
        await kv.txn(
          {
            compare: [{ key, target: "create", result: "=", operand: 0n }],
            success: [{ type: "put", put: { key, value: randomUuid(random) } }],
            failure: [],
          },
          call,
        );
      } catch (error) {
        if (isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) return new Epoch("unrecorded");
        if (!isStoreError(error, "OUTCOME_UNKNOWN")) throw error;
      }
    }
  }

  /** Opaque; equal ids mean one history. */
  get id(): string {
    return this.#id;
  }

  /** The store's history was replaced by another one. */
  changed(id: string): void {
    if (id === this.#id) return;
    this.#id = id;
    for (const listener of [...this.#listeners]) listener();
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }
}
