/**
 * The quota records as this process last saw them. They are only a hint: every write compares the revision that it
 * relies on, and a refused write updates the cache. The number of records is bounded; a dropped one is read again.
 */
import { LRUCache } from "lru-cache";
import type { Call } from "../../base/call.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { KeyValue } from "../../etcd/ports/messages.ts";
import type { QuotaKeys } from "./quota-keys.ts";
import { decodeSpec, type NamespaceSpec } from "./quota-spec.ts";

/** Namespaces kept: more than are written to at a time. One without quotas takes about 200 bytes. */
const specsMax = 16_384;

export class SpecCache {
  readonly #kv: Kv;
  readonly #keys: QuotaKeys;
  readonly #specs = new LRUCache<string, NamespaceSpec>({ max: specsMax });
  readonly #reading = new Map<string, Promise<NamespaceSpec>>();
  readonly #ended: AbortSignal;

  /** @param ended aborted when the quotas are closed: it ends shared reads, which have no caller's signal */
  constructor(kv: Kv, keys: QuotaKeys, ended: AbortSignal) {
    this.#kv = kv;
    this.#keys = keys;
    this.#ended = ended;
  }

  /** The record as last seen; reads it if it was never seen. */
  get(namespace: string, call: Call): NamespaceSpec | Promise<NamespaceSpec> {
    return this.#specs.get(namespace) ?? this.#readOnce(namespace, call);
  }

  /** Reads the record now. */
  async read(namespace: string, call: Call): Promise<NamespaceSpec> {
    const { kvs } = await this.#kv.range({ key: this.#keys.spec(namespace) }, call);
    return this.learn(namespace, kvs[0]);
  }

  /** Stores the result of a read or a refusal, unless a newer record than `kv` is held. */
  learn(namespace: string, kv: KeyValue | undefined): NamespaceSpec {
    const known = this.#specs.get(namespace);
    if (known !== undefined && known.revision === (kv?.modRevision ?? 0n)) return known;
    const spec = decodeSpec(namespace, kv?.value, kv?.modRevision ?? 0n);
    this.#specs.set(namespace, spec);
    return spec;
  }

  /** Forgets a namespace that is gone. */
  forget(namespace: string): void {
    this.#specs.delete(namespace);
  }

  /** The history was replaced. */
  forgetAll(): void {
    this.#specs.clear();
  }

  /** Concurrent callers share one read; it has its own timeout, not that of the first caller. */
  #readOnce(namespace: string, call: Call): Promise<NamespaceSpec> {
    let reading = this.#reading.get(namespace);
    if (reading === undefined) {
      reading = this.read(namespace, { signal: this.#ended }).finally(() => this.#reading.delete(namespace));
      this.#reading.set(namespace, reading);
    }
    return untilAborted(reading, call.signal);
  }
}
