/**
 * `createStore`: the parts put together. Nothing is decided here but which part gets what; each behaviour has its
 * file in src/storage/.
 *
 *   options checked ─► context (keys, fenced writes, epoch, memories) ─► kinds opened ─► namespaces made sure of ─► Store
 *
 * The caller that opened etcd closes it; closing the store lets its writes finish and ends its watches.
 */
import { type Call, CallScope, callNames } from "./base/call.ts";
import { CallGate } from "./base/call-gate.ts";
import { KeyQueues } from "./base/key-queues.ts";
import { Permits } from "./base/permits.ts";
import type { PlainStats } from "./base/stats.ts";
import { checkOptions, type NamesOf } from "./base/text/known-options.ts";
import { quote } from "./base/text/quote.ts";
import { TurnBudget } from "./base/time/turn-budget.ts";
import { untilAborted } from "./base/until-aborted.ts";
import { type Codec, isCodec, msgpackCodec } from "./codec/form/codec.ts";
import { isTransform, type Transform } from "./codec/sealing/transform.ts";
import { invalidArgument, isStoreError, StoreError } from "./errors.ts";
import { createFencedWrites } from "./etcd/fenced/fenced-writes.ts";
import type { Etcd } from "./etcd/ports/ports.ts";
import { createQuotas, type QuotaParts } from "./quota/create-quotas.ts";
import type { ResourceStore } from "./resource/contract/contract.ts";
import {
  type Health,
  type Quotas,
  type RewriteOptions,
  type RewriteReport,
  rewriteNames,
  type Store,
  type StoreStats,
} from "./resource/contract/store.ts";
import { KeySpace } from "./resource/model/keys.ts";
import type { Kind } from "./resource/model/kind.ts";
import { limits } from "./resource/model/limits.ts";
import { initialNamespaces, namespaceKind } from "./resource/model/namespace-kind.ts";
import type { Namespace, Resource } from "./resource/model/resource.ts";
import { formatResourceVersion } from "./resource/model/revision.ts";
import { compactionIntervalMs } from "./storage/bookkeeping/compaction.ts";
import { createDictionaryStore } from "./storage/bookkeeping/dictionary-store.ts";
import { KindRecords } from "./storage/bookkeeping/kind-records.ts";
import { checkSealingKeys } from "./storage/bookkeeping/sealing-keys.ts";
import { ValueReferences } from "./storage/bookkeeping/value-references.ts";
import { ContinueKey } from "./storage/context/continue-key.ts";
import { Epoch } from "./storage/context/epoch.ts";
import { currentRevision } from "./storage/context/freshness.ts";
import { GroupedGets } from "./storage/context/grouped-gets.ts";
import type { KindSlot } from "./storage/context/kind-slot.ts";
import { RecentRecords } from "./storage/context/recent-records.ts";
import type { StorageContext } from "./storage/context/storage-context.ts";
import { StoreCounters } from "./storage/context/store-counters.ts";
import { WatchStarts } from "./storage/context/watch-starts.ts";
import { WriteScope } from "./storage/context/write-scope.ts";
import { foreignValueProblems, foreignValueWarning, isOwnForm } from "./storage/foreign-values.ts";
import { lookAtHealth } from "./storage/health.ts";
import { KindRegistry } from "./storage/kind-registry.ts";
import { NamespaceGate } from "./storage/namespace/namespace-gate.ts";
import { NamespaceLifecycle } from "./storage/namespace/namespace-lifecycle.ts";
import { typedStore } from "./storage/object-store.ts";
import { storedCensus } from "./storage/read/census.ts";
import { type HasStoredSource, type StoredSource, storedSource } from "./storage/seam/stored.ts";
import type { WriteGuard } from "./storage/seam/write-guard.ts";
import { StoreBackground } from "./storage/store-background.ts";
import { RangeSource } from "./storage/watch/watch-source.ts";
import { rewriteKind } from "./storage/write/rewrite.ts";

/** What `createStore` takes. */
export interface StoreOptions extends Call {
  /** The connection; stays the caller's. */
  readonly etcd: Etcd;
  /**
   * The kinds to open, each made by `defineKind` or `kubernetesKinds`; two of the same group and plural are
   * INVALID_ARGUMENT. Namespaces are always open. More can come later with `addKind`.
   */
  readonly kinds: readonly Kind[];
  /** Where objects live; default "/registry". */
  readonly prefix?: string | undefined;
  /** How values are written; default `msgpackCodec()`. Every known format is read. */
  readonly codec?: Codec | undefined;
  /** Encryption at rest, by "secrets", "deployments.apps", a group ("*.apps"; "*." is the core group), or "*" for the rest. */
  readonly transforms?: Readonly<Record<string, Transform>> | undefined;
  /** Default "required": creates into a missing or terminating namespace fail. */
  readonly namespaces?: "required" | "open" | undefined;
  /** Default every 5 minutes, one compactor among many processes; false: somebody else compacts. */
  readonly compaction?:
    | {
        /**
         * Milliseconds between two compactions, above 0; at least one whole interval of history stays, however many
         * processes compact.
         */
        readonly intervalMs: number;
      }
    | false
    | undefined;
  /** Between two bookmarks of a watch that asks for them, milliseconds; default 60,000, at least 100. */
  readonly bookmarkIntervalMs?: number | undefined;
  /**
   * Whether what get, list and watch give is frozen, deeply, as a cache's is: default true. False saves a tenth of a large list at most;
   * nothing is shared then, so a change shows up nowhere else. What a write gives back is the caller's own, and never frozen.
   */
  readonly freeze?: boolean | undefined;
}

const storeNames: NamesOf<StoreOptions> = {
  ...callNames,
  etcd: true,
  kinds: true,
  prefix: true,
  codec: true,
  transforms: true,
  namespaces: true,
  compaction: true,
  bookmarkIntervalMs: true,
  freeze: true,
};
/** As Kubernetes' API server has it. */
const bookmarkIntervalMsDefault = 60_000;
const bookmarkIntervalMsMin = 100;

/**
 * Opens a store over a prefix of etcd.
 * @throws INVALID_ARGUMENT; UNAVAILABLE, DEADLINE, UNAUTHENTICATED … when etcd cannot be read
 *
 *
 * @example
 * ```ts
 * import { createStore, defineKind, type Resource } from "keelson";
 * import { connectEtcd } from "keelson/etcd";
 *
 * interface Widget extends Resource {
 *   spec: { size: number };
 * }
 * const Widget = defineKind<Widget>({
 *   group: "example.com", version: "v1", kind: "Widget", plural: "widgets", scope: "Namespaced",
 * });
 *
 * const etcd = await connectEtcd({ endpoints: "http://127.0.0.1:2379" });
 * const store = await createStore({ etcd, kinds: [Widget] });
 * const widgets = store.resources(Widget);
 * await store.close();
 * await etcd.close();
 * ```
 */
export async function createStore(options: StoreOptions): Promise<Store> {
  checkParts(options);
  const { etcd, kinds } = options;
  const namespaces = options.namespaces ?? "required";
  if (namespaces !== "required" && namespaces !== "open") {
    throw invalidArgument(
      "namespaces",
      `Cannot create store: namespaces is ${quote(namespaces)}, expected "required" or "open"`,
    );
  }
  const freeze: unknown = options.freeze ?? true;
  if (typeof freeze !== "boolean") {
    throw invalidArgument(
      "freeze",
      `Cannot create store: freeze is ${quote(freeze)}, expected true or false`,
    );
  }
  const intervalMs = compactionIntervalMs(options.compaction);
  const bookmarkIntervalMs = options.bookmarkIntervalMs ?? bookmarkIntervalMsDefault;
  if (!(typeof bookmarkIntervalMs === "number" && bookmarkIntervalMs >= bookmarkIntervalMsMin)) {
    throw invalidArgument(
      "bookmarkIntervalMs",
      `Cannot create store: bookmarkIntervalMs is ${quote(bookmarkIntervalMs)}, expected a number of at least ${bookmarkIntervalMsMin}`,
    );
  }
  const keys = new KeySpace(options.prefix);
  using scope = new CallScope(options, etcd.clock, "create store");
  const epoch = await Epoch.open(etcd, keys.bookkeeping("epoch"), etcd.random, { signal: scope.signal });
  const guards: WriteGuard[] = [];
  const context: StorageContext = {
    etcd,
    clock: etcd.clock,
    random: etcd.random,
    keys,
    writes: createFencedWrites({ etcd, root: keys.bookkeepingRoot.slice(0, -1) }),
    guards,
    references: new ValueReferences(etcd.kv, keys),
    epoch,
    continueKey: new ContinueKey(etcd.kv, keys.bookkeeping("continue-key"), etcd.random),
    gate: new CallGate("store"),
    turns: new TurnBudget(etcd.clock),
    recent: new RecentRecords(),
    hotKeys: new KeyQueues(etcd.clock),
    listPermits: new Permits(limits.concurrentListsMax, etcd.clock),
    linearizableGets: new GroupedGets(etcd.kv, { serializable: false }),
    serializableGets: new GroupedGets(etcd.kv, { serializable: true }),
    watchStarts: new WatchStarts(),
    counters: new StoreCounters(etcd.clock),
    bookmarkIntervalMs,
    freeze,
  };
  epoch.onChange(() => {
    context.recent.clear();
    context.references.forget();
    context.continueKey.forget();
  });
  const registry = new KindRegistry(context, {
    codec: options.codec ?? msgpackCodec(),
    transforms: options.transforms ?? {},
    dictionaries: createDictionaryStore(etcd.kv, keys),
  });
  epoch.onChange(() => registry.forgetDictionaries());
  const namespaceSlot = registry.add(namespaceKind, new NamespaceLifecycle(etcd.clock));
  for (const kind of new Set(kinds)) {
    if (kind === namespaceKind) continue;
    const count = registry.slots.length;
    const { definition } = registry.add(kind);
    if (registry.slots.length > count) continue;
    throw invalidArgument("kinds", `Cannot create store: two kinds are ${quote(definition.resource)}`);
  }
  registry.checkTransforms();
  if (namespaces === "required") guards.push(new NamespaceGate(namespaceSlot));
  const background = new StoreBackground({
    namespaces: namespaceSlot,
    registry,
    records: new KindRecords(etcd.kv, keys),
    makeNamespaces: () => makeInitialNamespaces(store.namespaces),
    compactionIntervalMs: intervalMs,
  });
  guards.push(background.termination);
  const store: OpenStore = new OpenStore(context, registry, background, () => quotas);
  const quotas = createQuotas({
    etcd,
    keys,
    gate: context.gate,
    census: storedCensus(({ signal }) => background.kindsWithObjects(signal)),
    turns: context.turns,
    onEpochChange: (listener) => epoch.onChange(listener),
  });
  guards.push(quotas.guard);
  try {
    const unsettled = await checkSealingKeys(
      context,
      registry.slots.map((slot) => ({ slot, transform: registry.transformOf(slot.definition) })),
      scope.signal,
    );
    // Every create reads its namespace, and no caller migrates our internal kinds, so we do.
    if (unsettled.includes(namespaceSlot)) await bringUpToDate(namespaceSlot, scope);
    await background.recordKinds(registry.kinds, scope.signal);
    const ownForm = isOwnForm(options.codec ?? msgpackCodec());
    const [warning] = await Promise.all([
      ownForm ? foreignValueWarning(context, scope.signal) : undefined,
      untilAborted(context.continueKey.get(), scope.signal),
    ]);
    if (warning !== undefined) process.emitWarning(warning, "KeelsonWarning");
    await untilAborted(makeInitialNamespaces(store.namespaces), scope.signal);
  } catch (error) {
    await store.close();
    throw error;
  }
  background.start();
  return store;
}

/** The parts that come ready-made: each must be one. @throws INVALID_ARGUMENT */
function checkParts(options: StoreOptions): void {
  checkOptions(options ?? null, "create store", storeNames);
  const { etcd, kinds, codec, transforms = {} } = options;
  if (typeof etcd?.kv?.txn !== "function") {
    throw invalidArgument(
      "etcd",
      "Cannot create store: etcd is no connection, expected what connectEtcd() gives",
    );
  }
  if (!Array.isArray(kinds)) throw invalidArgument("kinds", "Cannot create store: kinds is not an array");
  if (codec !== undefined && !isCodec(codec)) {
    throw invalidArgument(
      "codec",
      "Cannot create store: codec is not made by msgpackCodec(), jsonCodec() or kubernetesCodec()",
    );
  }
  for (const [name, transform] of Object.entries(transforms)) {
    if (isTransform(transform)) continue;
    throw invalidArgument(
      "transforms",
      `Cannot create store: the transform for ${quote(name)} is not made by aesGcm(), kmsEnvelope() or encryptionConfiguration()`,
    );
  }
}

/** Without space or rights the store still opens, for reads. */
async function bringUpToDate(slot: KindSlot, scope: CallScope): Promise<void> {
  try {
    await rewriteKind(slot, {}, scope);
  } catch (error) {
    if (!isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) throw error;
  }
}

/** Without space or rights the store still opens, for reads. */
async function makeInitialNamespaces(namespaces: ResourceStore<Namespace>): Promise<void> {
  const results = await namespaces.createMany(initialNamespaces.map((name) => ({ metadata: { name } })));
  for (const result of results) {
    if (!(result instanceof StoreError)) continue;
    if (!isStoreError(result, "ALREADY_EXISTS", "NO_SPACE", "PERMISSION_DENIED")) throw result;
  }
}

class OpenStore implements Store, HasStoredSource {
  readonly [storedSource]: StoredSource;
  readonly namespaces: ResourceStore<Namespace>;
  readonly #context: StorageContext;
  readonly #registry: KindRegistry;
  readonly #background: StoreBackground;
  readonly #quotas: () => QuotaParts;
  #closing: Promise<void> | undefined;

  constructor(
    context: StorageContext,
    registry: KindRegistry,
    background: StoreBackground,
    quotas: () => QuotaParts,
  ) {
    this.#context = context;
    this.#registry = registry;
    this.#background = background;
    this.#quotas = quotas;
    this.namespaces = this.resources(namespaceKind);
    this[storedSource] = new RangeSource(context, {
      range: context.keys.all(),
      slots: () => registry.slots,
      closed: context.gate.signal,
    });
  }

  get kinds(): readonly Kind[] {
    return this.#registry.kinds;
  }

  get quotas(): Quotas {
    return this.#quotas().quotas;
  }

  resources<T extends Resource>(kind: Kind<T>): ResourceStore<T> {
    return typedStore<T>(this.#registry.storeOf(kind));
  }

  addKind(kind: Kind, options: Call = {}): Promise<void> {
    return this.#context.gate.run(async () => {
      checkOptions(options, "add kind", callNames);
      using scope = new CallScope(options, this.#context.clock, "add kind");
      // Open only once other processes will find its objects: whatever ends this before leaves the store as it was.
      const slot = this.#registry.candidate(kind);
      const { definition } = slot;
      const transform = this.#registry.transformOf(definition);
      await checkSealingKeys(this.#context, [{ slot, transform }], scope.signal);
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
      const slot = this.#registry.slotOf(kind);
      checkOptions(options, `rewrite ${slot.definition.resource}`, rewriteNames);
      using scope = new WriteScope(this.#context, options, `rewrite ${slot.definition.resource}`);
      return await rewriteKind(slot, options, scope);
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
      ...foreignValueProblems(this.#registry.slots),
      ...this.#quotas().problems(),
    ];
    const health =
      own.length === 0 ? looked : { ...looked, ok: false, problems: [...looked.problems, ...own] };
    if (!this.#context.gate.signal.aborted) return health;
    const closed = "The store is closed: it answers no calls; open another one";
    return { ...health, ok: false, problems: [closed, ...health.problems] };
  }

  stats(): StoreStats {
    const { counters, etcd, writes } = this.#context;
    // Plain numbers and text all through; the interfaces they come in have no index signature.
    const plain = { ...etcd.stats(), writes: { ...writes.stats() } } as unknown as PlainStats;
    return counters.snapshot(plain);
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
    await Promise.all([this.#quotas()[Symbol.asyncDispose](), this.#registry.settled()]);
    await this.#context.writes.close();
  }
}
