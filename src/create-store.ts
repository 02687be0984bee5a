/**
 * `createStore` assembles the parts. It only decides which part gets which other part; each behaviour has its file in
 * src/storage/.
 *
 *   options checked ─► context (keys, fenced writes, epoch, memories) ─► kinds opened ─► namespaces ensured ─► Store
 *
 * The caller that opened etcd closes it; closing the store lets its writes finish and ends its watches.
 */
import { type Call, CallScope } from "./base/call.ts";
import { CallGate } from "./base/call-gate.ts";
import { KeyQueues } from "./base/key-queues.ts";
import { Permits } from "./base/permits.ts";
import { quote } from "./base/text/quote.ts";
import { TurnBudget } from "./base/time/turn-budget.ts";
import { untilAborted } from "./base/until-aborted.ts";
import { invalidArgument, isStoreError, StoreError } from "./errors.ts";
import { createFencedWrites } from "./etcd/fenced/fenced-writes.ts";
import { openStore } from "./open-store.ts";
import { createQuotas } from "./quota/create-quotas.ts";
import type { ResourceStore } from "./resource/contract/resource-store.ts";
import type { Store } from "./resource/contract/store.ts";
import { KeySpace } from "./resource/model/keys.ts";
import type { Kind } from "./resource/model/kind.ts";
import { limits } from "./resource/model/limits.ts";
import { initialNamespaces, namespaceKind } from "./resource/model/namespace-kind.ts";
import type { Namespace } from "./resource/model/resource.ts";
import { createDictionaryStore } from "./storage/bookkeeping/dictionary-store.ts";
import { KindRecords } from "./storage/bookkeeping/kind-records.ts";
import { checkSealingKeys } from "./storage/bookkeeping/sealing-keys.ts";
import { ValueReferences } from "./storage/bookkeeping/value-references.ts";
import { ChargedAmounts } from "./storage/context/charged-amounts.ts";
import { ContinueKey } from "./storage/context/continue-key.ts";
import { Epoch } from "./storage/context/epoch.ts";
import { GroupedGets } from "./storage/context/grouped-gets.ts";
import type { KindHandle } from "./storage/context/kind-handle.ts";
import { RecentRecords } from "./storage/context/recent-records.ts";
import type { StorageContext } from "./storage/context/storage-context.ts";
import { StoreCounters } from "./storage/context/store-counters.ts";
import { WatchStarts } from "./storage/context/watch-starts.ts";
import { foreignValueWarning, isOwnForm } from "./storage/foreign-values.ts";
import { KindRegistry } from "./storage/kind-registry.ts";
import { NamespaceGuard } from "./storage/namespace/namespace-guard.ts";
import { NamespaceLifecycle } from "./storage/namespace/namespace-lifecycle.ts";
import { typedStore } from "./storage/object-store.ts";
import { storedCensus } from "./storage/read/census.ts";
import type { WriteGuard } from "./storage/seam/write-guard.ts";
import { StoreBackground } from "./storage/store-background.ts";
import { rewriteKind } from "./storage/write/rewrite.ts";
import { type CheckedStoreOptions, checkStoreOptions, type StoreOptions } from "./store-options.ts";

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
  const checked = checkStoreOptions(options);
  const { etcd, kinds, codec, transforms } = checked;
  const keys = new KeySpace(checked.prefix);
  using scope = new CallScope(options, etcd.clock, "create store");
  const epoch = await Epoch.open(etcd, keys.bookkeeping("epoch"), etcd.random, { signal: scope.signal });
  const guards: WriteGuard[] = [];
  const context = createContext(checked, keys, epoch, guards);
  const registry = new KindRegistry(context, {
    codec,
    transforms,
    dictionaries: createDictionaryStore(etcd.kv, keys),
  });
  epoch.onChange(() => registry.forgetDictionaries());
  const namespaceHandle = registry.add(namespaceKind, new NamespaceLifecycle(etcd.clock));
  openKinds(registry, kinds);
  const namespaces = typedStore<Namespace>(registry.storeOf(namespaceKind));
  const background = new StoreBackground({
    namespaces: namespaceHandle,
    registry,
    records: new KindRecords(etcd.kv, keys),
    makeNamespaces: () => makeInitialNamespaces(namespaces),
    compactionIntervalMs: checked.compactionIntervalMs,
  });
  const quotas = createQuotas({
    etcd,
    keys,
    gate: context.gate,
    census: storedCensus(({ signal }) => background.kindsWithObjects(signal)),
    turns: context.turns,
    onEpochChange: (listener) => epoch.onChange(listener),
  });
  if (checked.namespaces === "required") guards.push(new NamespaceGuard(namespaceHandle));
  guards.push(background.termination, quotas.guard);
  const store = openStore({ context, registry, namespaces, background, quotas });
  try {
    const unsettled = await checkSealingKeys(
      context,
      registry.handles.map((handle) => ({ handle, transform: registry.transformOf(handle.definition) })),
      scope.signal,
    );
    // Every create reads its namespace, and no caller migrates our internal kinds, so this does.
    if (unsettled.includes(namespaceHandle)) await bringUpToDate(namespaceHandle, scope);
    await background.recordKinds(registry.kinds, scope.signal);
    const [warning] = await Promise.all([
      isOwnForm(codec) ? foreignValueWarning(context, scope.signal) : undefined,
      untilAborted(context.continueKey.get(), scope.signal),
    ]);
    if (warning !== undefined) process.emitWarning(warning, "KeelsonWarning");
    await untilAborted(makeInitialNamespaces(namespaces, scope.restForWrite()), scope.signal);
  } catch (error) {
    await store.close();
    throw error;
  }
  background.start();
  return store;
}

/** The context that every part of the store shares; `guards` is filled once the guarding parts exist. */
function createContext(
  { etcd, bookmarkIntervalMs, freeze }: CheckedStoreOptions,
  keys: KeySpace,
  epoch: Epoch,
  guards: readonly WriteGuard[],
): StorageContext {
  const { kv, clock, random } = etcd;
  const recent = new RecentRecords();
  const references = new ValueReferences(kv, keys);
  const continueKey = new ContinueKey(kv, keys.bookkeeping("continue-key"), random);
  const linearizableGets = new GroupedGets(kv, { serializable: false });
  epoch.onChange(() => {
    recent.clear();
    references.forget();
    continueKey.forget();
  });
  return {
    etcd,
    clock,
    random,
    keys,
    writes: createFencedWrites({ etcd, root: keys.bookkeepingRoot.slice(0, -1) }),
    guards,
    charged: new ChargedAmounts(kv, linearizableGets, keys),
    references,
    epoch,
    continueKey,
    gate: new CallGate("store"),
    turns: new TurnBudget(clock),
    recent,
    hotKeys: new KeyQueues(clock),
    listPermits: new Permits(limits.concurrentListsMax, clock),
    linearizableGets,
    serializableGets: new GroupedGets(kv, { serializable: true }),
    watchStarts: new WatchStarts(),
    counters: new StoreCounters(clock),
    bookmarkIntervalMs,
    freeze,
  };
}

/** @throws INVALID_ARGUMENT for two kinds of one resource, kinds that cannot be open together, and transforms of no kind */
function openKinds(registry: KindRegistry, kinds: readonly Kind[]): void {
  for (const kind of new Set(kinds)) {
    if (kind === namespaceKind) continue;
    const count = registry.handles.length;
    const { definition } = registry.add(kind);
    if (registry.handles.length > count) continue;
    throw invalidArgument("kinds", `Cannot create store: two kinds are ${quote(definition.resource)}`);
  }
  registry.checkTransforms();
}

/** Without space or permission the store still opens, for reads. */
async function bringUpToDate(handle: KindHandle, scope: CallScope): Promise<void> {
  try {
    await rewriteKind(handle, {}, scope);
  } catch (error) {
    if (!isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) throw error;
  }
}

/** Without space or permission the store still opens, for reads. */
async function makeInitialNamespaces(namespaces: ResourceStore<Namespace>, call: Call = {}): Promise<void> {
  const drafts = initialNamespaces.map((name) => ({ metadata: { name } }));
  const results = await namespaces.createMany(drafts, call);
  for (const result of results) {
    if (!(result instanceof StoreError)) continue;
    if (!isStoreError(result, "ALREADY_EXISTS", "NO_SPACE", "PERMISSION_DENIED")) throw result;
  }
}
