/**
 * The store that a caller holds: each public call passes the gate and one scope, and goes to the part that implements
 * it. Closing waits for the writes under way and ends the watches; the connection stays open, because its opener
 * closes it.
 */
import { type Call, CallScope, callNames } from "./base/call.ts";
import type { PlainStats } from "./base/stats.ts";
import { checkOptions } from "./base/text/known-options.ts";
import { untilAborted } from "./base/until-aborted.ts";
import type { QuotaParts } from "./quota/create-quotas.ts";
import type { ResourceStore } from "./resource/contract/resource-store.ts";
import {
  type Health,
  type Quotas,
  type RewriteOptions,
  type RewriteReport,
  rewriteNames,
  type Store,
  type StoreStats,
} from "./resource/contract/store.ts";
import type { Kind } from "./resource/model/kind.ts";
import type { Namespace, Resource } from "./resource/model/resource.ts";
import { formatResourceVersion } from "./resource/model/revision.ts";
import { checkSealingKeys } from "./storage/bookkeeping/sealing-keys.ts";
import { currentRevision } from "./storage/context/freshness.ts";
import type { StorageContext } from "./storage/context/storage-context.ts";
import { WriteScope } from "./storage/context/write-scope.ts";
import { foreignValueProblems } from "./storage/foreign-values.ts";
import { lookAtHealth } from "./storage/health.ts";
import type { KindRegistry } from "./storage/kind-registry.ts";
import { typedStore } from "./storage/object-store.ts";
import { type HasStoredSource, type StoredSource, storedSource } from "./storage/seam/stored.ts";
import type { StoreBackground } from "./storage/store-background.ts";
import { RangeSource } from "./storage/watch/watch-source.ts";
import { rewriteKind } from "./storage/write/rewrite.ts";

/** The parts of an open store, assembled. */
export interface StoreParts {
  readonly context: StorageContext;
  readonly registry: KindRegistry;
  readonly namespaces: ResourceStore<Namespace>;
  readonly background: StoreBackground;
  readonly quotas: QuotaParts;
}

/** An open store over its parts; its `close` ends them. */
export function openStore(parts: StoreParts): Store & HasStoredSource {
  return new OpenStore(parts);
}

class OpenStore implements Store, HasStoredSource {
  readonly [storedSource]: StoredSource;
  readonly namespaces: ResourceStore<Namespace>;
  readonly #context: StorageContext;
  readonly #registry: KindRegistry;
  readonly #background: StoreBackground;
  readonly #quotas: QuotaParts;
  #closing: Promise<void> | undefined;

  constructor({ context, registry, namespaces, background, quotas }: StoreParts) {
    this.#context = context;
    this.#registry = registry;
    this.namespaces = namespaces;
    this.#background = background;
    this.#quotas = quotas;
    this[storedSource] = new RangeSource(context, {
      range: context.keys.all(),
      handles: () => registry.handles,
      closed: context.gate.signal,
    });
  }

  get kinds(): readonly Kind[] {
    return this.#registry.kinds;
  }

  get quotas(): Quotas {
    return this.#quotas.quotas;
  }

  resources<T extends Resource>(kind: Kind<T>): ResourceStore<T> {
    return typedStore<T>(this.#registry.storeOf(kind));
  }

  addKind(kind: Kind, options: Call = {}): Promise<void> {
    return this.#context.gate.run(async () => {
      checkOptions(options, "add kind", callNames);
      using scope = new CallScope(options, this.#context.clock, "add kind");
      // Opens only once other processes can find its objects: a failure before that leaves the store unchanged.
      const handle = this.#registry.candidate(kind);
      const { definition } = handle;
      const transform = this.#registry.transformOf(definition);
      await checkSealingKeys(this.#context, [{ handle, transform }], scope.signal);
      await this.#background.recordKinds([definition], scope.signal);
      scope.throwIfEnded();
      this.#registry.add(kind);
    });
  }

  removeKind(kind: Kind, options: Call = {}): Promise<void> {
    return this.#context.gate.run(async () => {
      checkOptions(options, "remove kind", callNames);
      using _scope = new CallScope(options, this.#context.clock, "remove kind");
      this.#registry.remove(kind);
    });
  }

  rewrite(kind: Kind, options: RewriteOptions = {}): Promise<RewriteReport> {
    return this.#context.gate.run(async () => {
      const handle = this.#registry.handleOf(kind);
      checkOptions(options, `rewrite ${handle.definition.resource}`, rewriteNames);
      using scope = new WriteScope(this.#context, options, `rewrite ${handle.definition.resource}`);
      return await rewriteKind(handle, options, scope);
    });
  }

  currentResourceVersion(options: Call = {}): Promise<string> {
    return this.#context.gate.run(async () => {
      checkOptions(options, "read the current version", callNames);
      using scope = new CallScope(options, this.#context.clock, "read the current version");
      return formatResourceVersion(await untilAborted(currentRevision(this.#context), scope.signal));
    });
  }

  async health(options: Call = {}): Promise<Health> {
    const looked = await lookAtHealth(this.#context, this.#background.work, options);
    const own = [
      ...this.#registry.problems,
      ...foreignValueProblems(this.#registry.handles),
      ...this.#quotas.problems(),
    ];
    const health =
      own.length === 0 ? looked : { ...looked, ok: false, problems: [...looked.problems, ...own] };
    if (!this.#context.gate.signal.aborted) return health;
    const closed = "The store is closed: it answers no calls; open another one";
    return { ...health, ok: false, problems: [closed, ...health.problems] };
  }

  stats(): StoreStats {
    const { counters, etcd, writes } = this.#context;
    // Contains only plain numbers and text; the source interfaces have no index signature.
    const plain = { ...etcd.stats(), writes: { ...writes.stats() } } as unknown as PlainStats;
    return counters.snapshot(this.#registry.plaintextRead, plain);
  }

  async close(options: Call = {}): Promise<void> {
    checkOptions(options, "close the store", callNames);
    using scope = new CallScope(options, this.#context.clock, "close the store");
    this.#closing ??= this.#end();
    await untilAborted(this.#closing, scope.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #end(): Promise<void> {
    await Promise.all([this.#context.gate.close(), this.#background.close()]);
    await Promise.all([this.#quotas[Symbol.asyncDispose](), this.#registry.settled()]);
    await this.#context.writes.close();
  }
}
