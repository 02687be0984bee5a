/**
 * Reads of single keys with few requests for many callers. A caller that arrives while the allowed requests are under
 * way waits for the next one, which carries all gathered keys, each once.
 *
 *   idle:      get ──────────► one range, sent in the same turn
 *   under load: get get get ─► one read-only transaction of up to 64 ranges
 *
 * A caller never joins a request that has already been sent: its result was read after it asked, so every read stays
 * linearizable.
 */
import { soon } from "../../base/time/microtask.ts";
import { isStoreError } from "../../errors.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { KeyValue, RangeResponse } from "../../etcd/ports/messages.ts";

/** Requests under way at a time; more would only split the groups. */
const requestsMax = 4;
/** Keys in one request: beyond it the cost per key no longer falls (25 us at 128, 33 at 32). */
const groupKeysMax = 64;
/** Target size of one response, bytes: well below a client's limit. */
const groupBytes = 1024 * 1024;
/** Weight of the newest response in the running average of value sizes. */
const averageWeight = 0.1;

export interface GotKey {
  /** Undefined: the key does not exist at `revision`. */
  readonly kv: KeyValue | undefined;
  /** The store's revision at which it was read. */
  readonly revision: bigint;
}

interface Waiting {
  readonly promise: Promise<GotKey>;
  resolve(got: GotKey): void;
  reject(error: unknown): void;
}

export class GroupedGets {
  readonly #kv: Pick<Kv, "range" | "txn">;
  readonly #serializable: boolean;
  #next = new Map<string, Waiting>();
  #underWay = 0;
  #scheduled = false;
  #averageBytes = 2048;

  /** @param options.serializable served by the member alone, perhaps stale */
  constructor(kv: Pick<Kv, "range" | "txn">, options: { readonly serializable: boolean }) {
    this.#kv = kv;
    this.#serializable = options.serializable;
  }

  /** The key's state at a moment after this call. The promise is shared: race it with the caller's own scope. */
  get(key: string): Promise<GotKey> {
    const joined = this.#next.get(key);
    if (joined !== undefined) return joined.promise;
    const waiting = deferred();
    this.#next.set(key, waiting);
    this.#schedule();
    return waiting.promise;
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay >= requestsMax || this.#next.size === 0) return;
    this.#scheduled = true;
    // At the end of this turn's microtasks, so that a Promise.all of gets becomes one group.
    soon(() => {
      this.#scheduled = false;
      while (this.#underWay < requestsMax && this.#next.size > 0) void this.#send(this.#take());
    });
  }

  #take(): Map<string, Waiting> {
    const keysMax = Math.max(1, Math.min(groupKeysMax, Math.floor(groupBytes / this.#averageBytes)));
    if (this.#next.size <= keysMax) {
      const all = this.#next;
      this.#next = new Map();
      return all;
    }
    const group = new Map<string, Waiting>();
    for (const [key, waiting] of this.#next) {
      if (group.size === keysMax) break;
      group.set(key, waiting);
      this.#next.delete(key);
    }
    return group;
  }

  async #send(group: ReadonlyMap<string, Waiting>): Promise<void> {
    this.#underWay++;
    try {
      const keys = [...group.keys()];
      const answers = await this.#read(keys);
      keys.forEach((key, i) => {
        const answer = answers[i];
        if (answer !== undefined) group.get(key)?.resolve(answer);
      });
    } catch (error) {
      for (const waiting of group.values()) waiting.reject(error);
    } finally {
      this.#underWay--;
      this.#schedule();
    }
  }

  async #read(keys: readonly string[]): Promise<readonly GotKey[]> {
    const [only] = keys;
    if (keys.length === 1 && only !== undefined) return [await this.#readOne(only)];
    try {
      return await this.#readGroup(keys);
    } catch (error) {
      // A key that must not be read, or responses too large together, must not fail the others.
      if (!isStoreError(error, "PERMISSION_DENIED", "TOO_LARGE", "INVALID_ARGUMENT")) throw error;
      return Promise.all(keys.map((key) => this.#readOne(key)));
    }
  }

  async #readOne(key: string): Promise<GotKey> {
    return this.#answer(await this.#kv.range({ key, serializable: this.#serializable }));
  }

  async #readGroup(keys: readonly string[]): Promise<readonly GotKey[]> {
    const { responses, header } = await this.#kv.txn({
      compare: [],
      success: keys.map((key) => ({ type: "range", range: { key, serializable: this.#serializable } })),
      failure: [],
    });
    return responses.map((response) =>
      response.type === "range"
        ? { ...this.#answer(response.range), revision: header.revision }
        : { kv: undefined, revision: header.revision },
    );
  }

  #answer(answer: RangeResponse): GotKey {
    const [kv] = answer.kvs;
    if (kv !== undefined) {
      this.#averageBytes += averageWeight * (kv.value.byteLength - this.#averageBytes);
    }
    return { kv, revision: answer.header.revision };
  }
}

function deferred(): Waiting {
  let resolve: (got: GotKey) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<GotKey>((onDone, onFail) => {
    resolve = onDone;
    reject = onFail;
  });
  return { promise, resolve, reject };
}
