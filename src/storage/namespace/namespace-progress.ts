/**
 * The remaining objects of a namespace that is being emptied, by kind, and their report in the namespace's status,
 * for clients that wait for its removal.
 */
import type { CallScope } from "../../base/call.ts";
import { isStoreError } from "../../errors.ts";
import type { KeyRange } from "../../resource/model/key-range.ts";
import type { AnyResource, Namespace } from "../../resource/model/resource.ts";
import { notFound } from "../../resource/objects/read-errors.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { objectOf } from "../context/records.ts";
import { placeOf } from "../read/reads.ts";
import { runWritePlan } from "../write/write-loop.ts";
import { matchesStatus, withRemaining } from "./namespace-lifecycle.ts";

/** Between two reports of progress in the status, milliseconds. */
const reportMs = 1_000;

export class NamespaceProgress {
  readonly #namespaces: KindHandle;
  readonly #name: string;
  readonly #scope: CallScope;
  #left = new Map<string, number>();
  #writtenMs: number;

  constructor(namespaces: KindHandle, name: string, scope: CallScope) {
    this.#namespaces = namespaces;
    this.#name = name;
    this.#scope = scope;
    this.#writtenMs = namespaces.context.clock.monotonicMs();
  }

  get total(): number {
    let total = 0;
    for (const count of this.#left.values()) total += count;
    return total;
  }

  of(handle: KindHandle): number {
    return this.#left.get(handle.definition.resource) ?? 0;
  }

  removed(handle: KindHandle): void {
    this.#left.set(handle.definition.resource, Math.max(0, this.of(handle) - 1));
  }

  async count(handles: readonly KindHandle[], signal: AbortSignal): Promise<void> {
    const { etcd, keys } = this.#namespaces.context;
    this.#left = new Map();
    await Promise.all(
      handles.map(async (handle) => {
        const { key, rangeEnd }: KeyRange = keys.range(handle.definition, this.#name);
        const { count } = await etcd.kv.range({ key, rangeEnd, countOnly: true }, { signal });
        // A kind that has moved is listed twice, under two key paths.
        if (count > 0n) this.#left.set(handle.definition.resource, this.of(handle) + Number(count));
      }),
    );
  }

  async writeWhenDue(): Promise<void> {
    if (this.#namespaces.context.clock.monotonicMs() - this.#writtenMs >= reportMs) await this.write();
  }

  /** Writes the remaining counts into the namespace's status, except when etcd is out of space. */
  async write(): Promise<void> {
    const handle = this.#namespaces;
    this.#writtenMs = handle.context.clock.monotonicMs();
    const remaining = Object.fromEntries([...this.#left].sort(([a], [b]) => (a < b ? -1 : 1)));
    const place = placeOf(handle, { name: this.#name });
    try {
      await runWritePlan(
        handle,
        {
          place,
          suggestion: undefined,
          dryRun: false,
          decide(record) {
            if (record === undefined) throw notFound(handle.definition, place.at, place.key);
            const current = objectOf(handle.definition, handle.codec, record);
            // Objects of this handle are namespaces, because its kind is the built-in one.
            const next = withRemaining(current as Namespace, remaining) as unknown as AnyResource;
            return matchesStatus(current, next)
              ? { type: "unchanged", object: current }
              : { type: "put", object: next, lease: record.lease };
          },
        },
        this.#scope,
      );
    } catch (error) {
      if (!isStoreError(error, "NO_SPACE", "NOT_FOUND", "OUTCOME_UNKNOWN")) throw error;
    }
  }
}
