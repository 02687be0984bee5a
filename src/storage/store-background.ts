/**
 * The background work of an open store: it follows the epoch, records its bookkeeping again after a restore, empties
 * namespaces, and compacts. It starts when the store is open and ends before the store's writes end; failures are
 * retried, and health() shows them.
 */
import { BackgroundLoop } from "../base/time/background-loop.ts";
import type { KindDefinition } from "../resource/model/kind.ts";
import { startCompaction } from "./bookkeeping/compaction.ts";
import type { KindRecords } from "./bookkeeping/kind-records.ts";
import type { KindHandle } from "./context/kind-handle.ts";
import type { Background } from "./health.ts";
import type { KindRegistry } from "./kind-registry.ts";
import { startNamespaceEmptier } from "./namespace/namespace-emptier.ts";
import { NamespaceTermination } from "./namespace/namespace-termination.ts";
import { StuckNamespaces } from "./namespace/stuck-namespaces.ts";

/** Bookkeeping is checked after each detected restore, and at this interval in case one was not detected. */
const recordIntervalMs = 3_600_000;
const recordRetryMs = 1_000;

export interface BackgroundParts {
  readonly namespaces: KindHandle;
  readonly registry: KindRegistry;
  readonly records: KindRecords;
  /** Creates the namespaces that every store has, when a restore brought back a state without them. */
  readonly makeNamespaces: () => Promise<void>;
  /** Undefined: this process does not compact. */
  readonly compactionIntervalMs: number | undefined;
}

export class StoreBackground {
  /** Added to the transactions that mark and remove namespaces. */
  readonly termination: NamespaceTermination;
  readonly #parts: BackgroundParts;
  readonly #stop = new AbortController();
  readonly #stuck = new StuckNamespaces();
  #epoch: Promise<void> | undefined;
  #recording: BackgroundLoop | undefined;
  #emptier: BackgroundLoop | undefined;
  #compaction: BackgroundLoop | undefined;

  constructor(parts: BackgroundParts) {
    this.#parts = parts;
    const { keys } = parts.namespaces.context;
    this.termination = new NamespaceTermination(
      keys,
      async (namespace, { signal }) =>
        (await this.#namespacedKinds(signal)).map(({ definition }) => keys.range(definition, namespace)),
      () => this.#emptier?.kick(),
    );
  }

  /** So that other processes can find their objects. */
  recordKinds(definitions: readonly KindDefinition[], signal: AbortSignal | undefined): Promise<void> {
    return this.#parts.records.record(definitions, { signal });
  }

  /** Starts the work; at most once, and not after `close`. */
  start(): void {
    const { namespaces, compactionIntervalMs } = this.#parts;
    const { context } = namespaces;
    const { etcd, clock, epoch } = context;
    this.#epoch = epoch.follow(clock, this.#stop.signal);
    this.#recording = BackgroundLoop.start(clock, {
      firstWaitMs: recordIntervalMs,
      failureWaitMs: recordRetryMs,
      round: async (signal) => {
        await this.recordKinds(this.#parts.registry.kinds, signal);
        await context.continueKey.get();
        await this.#parts.makeNamespaces();
        return recordIntervalMs;
      },
    });
    epoch.onChange(() => this.#recording?.kick());
    this.#emptier = startNamespaceEmptier({
      namespaces,
      kinds: (signal) => this.#namespacedKinds(signal),
      stuck: this.#stuck,
    });
    if (compactionIntervalMs !== undefined) this.#compaction = startCompaction(etcd, compactionIntervalMs);
  }

  /** For health(). */
  get work(): readonly Background[] {
    return [
      {
        name: "emptying namespaces",
        failure: () => this.#emptier?.failure,
        problems: () => this.#stuck.problems,
      },
      { name: "bookkeeping after a restore", failure: () => this.#recording?.failure },
      { name: "compaction", failure: () => this.#compaction?.failure },
    ];
  }

  /** Ends all work and waits for it. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#parts.namespaces.context.epoch[Symbol.dispose]();
    await Promise.all([
      this.#epoch,
      this.#recording?.close(),
      this.#emptier?.close(),
      this.#compaction?.close(),
    ]);
  }

  /** Every kind that may have objects: the open ones, and recorded ones that are not defined here. */
  async kindsWithObjects(signal: AbortSignal | undefined): Promise<readonly KindHandle[]> {
    const { registry, records } = this.#parts;
    const open = registry.handles;
    const paths = new Set(open.map(({ definition }) => definition.keyPath));
    const others = (await records.list({ signal }))
      .map((kind) => registry.detached(kind))
      .filter(({ definition }) => !paths.has(definition.keyPath));
    return [...open, ...others];
  }

  /** Those kinds whose objects are deleted with their namespace. */
  async #namespacedKinds(signal: AbortSignal | undefined): Promise<readonly KindHandle[]> {
    const all = await this.kindsWithObjects(signal);
    return all.filter(({ definition }) => definition.scope === "Namespaced");
  }
}
