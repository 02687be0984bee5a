/**
 * One process of a simulated world: keelson's own client, store and caches over the cluster, and workers and watchers
 * that use them as a server would. It tells the recorder what it asks and is told; it knows nothing of the truth.
 *
 *   start ─► store open (tried again until it is) ─► caches ─► workers: calls, one after the other
 *                                                          └─► watchers: list or initial events, then watch, over again
 *
 * A killed process stops in the middle of everything; another one takes its place.
 */
import {
  createStore,
  createWatchCache,
  isStoreError,
  type Kind,
  type QuotaRequest,
  type ReadFreshness,
  type ResourceReader,
  type ResourceStore,
  type Store,
  type Watch,
  type WatchCache,
  type WatchOptions,
  withCache,
  withCaches,
} from "keelson";
import { jsonCodec, msgpackCodec } from "keelson/codec";
import type { Random } from "../../src/base/random.ts";
import { openEtcdAtOnce } from "../../src/etcd/connect-etcd.ts";
import type { Etcd } from "../../src/etcd/ports/ports.ts";
import type { TransportFactory } from "../../src/etcd/transport/transport.ts";
import { type Item, itemOf, keyOf, Note, weighedItem } from "./item.ts";
import { type Plan, type ProcessPlan, weightHard } from "./plan.ts";
import type { Call, Freshness, Recorder, Stream } from "./recorder.ts";
import { itemPrefix, tokenIn, tokenText } from "./truth.ts";
import type { ProcessClock } from "./virtual-time.ts";

export interface ProcessParts {
  /** Unique in the world; letters and digits. */
  readonly name: string;
  readonly plan: Plan;
  readonly own: ProcessPlan;
  readonly endpoints: readonly string[];
  readonly clock: ProcessClock;
  readonly random: Random;
  readonly transport: TransportFactory;
  readonly recorder: Recorder;
  readonly fail: (error: unknown) => void;
}

/** Namespaces whose names begin alike: a range that is cut wrongly shows. */
export const namespaces = ["a", "a-b", "ab"] as const;
const names = ["x", "x-1", "y"] as const;
const apps = ["web", "db"] as const;
const nodes = ["", "n1", "n2"] as const;

/** A watcher's wish, and the same as a condition on keys and tokens. */
interface Wish {
  readonly options: WatchOptions;
  readonly wants: (key: string, token: string) => boolean;
}

const wishes: readonly Wish[] = [
  { options: {}, wants: () => true },
  { options: { namespace: "a" }, wants: (key) => key.startsWith(`${itemPrefix}a/`) },
  { options: { labelSelector: "app=web" }, wants: (_, token) => tokenIn(token).app === "web" },
  {
    options: { namespace: "a", fieldSelector: "spec.node=n1" },
    wants: (key, token) => key.startsWith(`${itemPrefix}a/`) && tokenIn(token).node === "n1",
  },
  { options: { fieldSelector: "spec.node!=n2" }, wants: (_, token) => tokenIn(token).node !== "n2" },
  { options: { namespace: "a", name: "x" }, wants: (key) => key === `${itemPrefix}a/x` },
];

export class SimulatedProcess {
  readonly name: string;
  readonly own: ProcessPlan;
  readonly clock: ProcessClock;
  /** As it knows it; undefined for the quota's controller, which does not. */
  readonly kind: Kind<Item> | undefined;
  readonly #parts: ProcessParts;
  readonly #random: Random;
  readonly #recorder: Recorder;
  readonly #stopWatching = new AbortController();
  readonly #watchers = new Set<Promise<void>>();
  #etcd: Etcd | undefined;
  #store: Store | undefined;
  #cache: WatchCache<Item> | undefined;
  #items: ResourceStore<Item> | undefined;
  #working = 0;
  #started = false;
  #tokens = 0;
  /** Streams that are open. */
  readonly live: Set<Stream> = new Set();

  constructor(parts: ProcessParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.own = parts.own;
    this.kind = parts.own.controls === undefined ? weighedItem(parts.own.weight) : undefined;
    this.clock = parts.clock;
    this.#random = parts.random;
    this.#recorder = parts.recorder;
  }

  /** Begins; faults of what runs in it go to `fail`. */
  start(): void {
    this.#own(this.#run());
  }

  /** Its workers have made all their calls. */
  get finished(): boolean {
    return this.#started && this.#working === 0;
  }

  get cache(): WatchCache<Item> | undefined {
    return this.#cache;
  }

  get store(): Store | undefined {
    return this.#store;
  }

  get etcd(): Etcd | undefined {
    return this.#etcd;
  }

  /** Ends watches, cache, store and client; afterwards nothing of it is left. */
  async close(): Promise<void> {
    this.#stopWatching.abort();
    await Promise.all(this.#watchers);
    await this.#cache?.[Symbol.asyncDispose]();
    await this.#store?.close();
    await this.#etcd?.close();
  }

  #own(work: Promise<void>): void {
    work.catch((error: unknown) => this.#parts.fail(error));
  }

  async #run(): Promise<void> {
    const { clock, random, endpoints, transport, own, plan } = this.#parts;
    const { requestTimeoutMs } = own;
    this.#etcd = openEtcdAtOnce({ endpoints, clock, random, requestTimeoutMs }, transport);
    const store = await this.#opened(this.#etcd);
    const { kind } = this;
    if (kind === undefined) return await this.#control(store, own.controls ?? 0);
    if (own.cache === "store") {
      const cached = withCaches(store, this.#cacheOptions());
      this.#store = cached;
      this.#cache = cached.cache(kind);
      this.#items = cached.resources(kind);
    } else {
      this.#store = store;
      this.#items = store.resources(kind);
      if (own.cache === "kind") {
        this.#cache = createWatchCache(store.resources(kind), this.#cacheOptions());
        this.#items = withCache(store.resources(kind), this.#cache);
      }
    }
    if (plan.hard !== undefined) {
      await this.setQuota(this.#store);
      this.#recorder.quotaSet();
    }
    for (let i = 0; i < own.watchers; i++) {
      const watching = this.#watch(i);
      this.#watchers.add(watching);
      this.#own(watching);
    }
    this.#working += own.workers;
    this.#started = true;
    for (let i = 0; i < own.workers; i++) {
      this.#own(
        this.#work(i).finally(() => {
          this.#working--;
        }),
      );
    }
  }

  #cacheOptions(): { historyBytes: number; selfCheckIntervalMs: number | false } {
    return {
      historyBytes: this.own.historyBytes,
      selfCheckIntervalMs: this.#random.float() < 0.5 ? 5_000 : false,
    };
  }

  async #opened(etcd: Etcd): Promise<Store> {
    const { clock, own, plan } = this.#parts;
    const name = own.codec ?? plan.codec;
    const codec = name === "msgpack" ? msgpackCodec() : jsonCodec(name === "raw-json" ? { raw: true } : {});
    for (;;) {
      try {
        const store = await createStore({
          etcd,
          kinds: [this.kind ?? Note],
          codec,
          namespaces: plan.namespaces,
          compaction: own.compactionMs === false ? false : { intervalMs: own.compactionMs },
        });
        if (plan.namespaces === "required") await this.#makeNamespaces(store);
        return store;
      } catch (error) {
        if (!isPassing(error)) throw error;
        await clock.sleep(100);
      }
    }
  }

  async #makeNamespaces(store: Store): Promise<void> {
    for (const name of namespaces) {
      while (!(await this.#tried(() => store.namespaces.create({ metadata: { name } })))) {
        await this.clock.sleep(50);
      }
    }
  }

  /** Sets the quota as the world wants it; holds on return. */
  async setQuota(store: Store): Promise<void> {
    const request = this.#quota();
    while (!(await this.#tried(() => store.quotas.set("a", request)))) await this.clock.sleep(50);
  }

  /** With `lighter` it does not limit weight, so that setting the whole one again has to count. */
  #quota(lighter = false): QuotaRequest {
    const { hard = 0, mixed } = this.#parts.plan;
    return { hard: { "count/items": hard, ...(mixed && !lighter ? { weight: weightHard } : {}) } };
  }

  /** Begins to set the quota anew; who is killed meanwhile leaves it where it was. */
  beginSet(): void {
    const store = this.#store;
    if (store === undefined) return;
    this.#working++;
    this.#own(
      (async () => {
        await this.#tried(() => store.quotas.set("a", this.#quota(true)));
        await this.setQuota(store);
        this.#working--;
      })(),
    );
  }

  /** As a controller does that knows nothing of what it counts. */
  async #control(store: Store, times: number): Promise<void> {
    this.#store = store;
    this.#working++;
    this.#started = true;
    await this.setQuota(store);
    for (let i = 0; i < times; i++) {
      await this.clock.sleep(this.#random.float() * 2_000);
      const lighter = this.#random.float() < 0.5;
      await this.#tried(() =>
        this.#random.float() < 0.5
          ? store.quotas.reconcile("a")
          : store.quotas.set("a", this.#quota(lighter)),
      );
    }
    this.#working--;
  }

  /** False for what may pass, and what somebody else has done is done. */
  async #tried(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (isStoreError(error, "ALREADY_EXISTS")) return true;
      if (isPassing(error) || isStoreError(error, "OUTCOME_UNKNOWN", "CONFLICT")) return false;
      throw error;
    }
  }

  // Workers ---------------------------------------------------------------------------------------

  async #work(worker: number): Promise<void> {
    const { plan } = this.#parts;
    const known = new Map<string, Item>();
    for (let n = 0; n < plan.calls; n++) {
      await this.clock.sleep(this.#random.float() * plan.thinkMs);
      await this.#oneCall(worker, known);
    }
  }

  async #oneCall(worker: number, known: Map<string, Item>): Promise<void> {
    const client = `${this.name}-${worker}`;
    const namespace = this.#pick(namespaces[0], namespaces[0], namespaces[1], namespaces[2]);
    const name = this.#pick(...names);
    const at = { namespace, name };
    const key = `${itemPrefix}${namespace}/${name}`;
    const draw = this.#random.float();
    if (draw < 0.18) return this.#create(worker, client, at, key, known);
    if (draw < 0.34) return this.#update(worker, client, key, known);
    if (draw < 0.52) return this.#guaranteedUpdate(worker, client, at, key, known);
    if (draw < 0.64) return this.#delete(client, at, key, known);
    if (draw < 0.67) return this.#createMany(worker, client, namespace);
    if (draw < 0.69) return this.#deleteCollection(client, namespace);
    if (draw < 0.84) return this.#get(client, at, key, known);
    return this.#list(client, namespace, known);
  }

  async #create(
    worker: number,
    client: string,
    at: { namespace: string; name: string },
    key: string,
    known: Map<string, Item>,
  ): Promise<void> {
    const ttlSeconds = this.#random.float() < 0.15 ? 2 + this.#random.below(4) : undefined;
    const call = this.#begin({ client, kind: "create", via: "store", key, guard: 0n, ttlSeconds });
    const token = this.#token(worker, call);
    await this.#recorded(call, async (end) => {
      const made = await this.#use.create(itemOf(at.namespace, at.name, token), { ttlSeconds, ...end });
      known.set(key, made);
      return made;
    });
  }

  async #update(worker: number, client: string, key: string, known: Map<string, Item>): Promise<void> {
    const last = known.get(key);
    if (last === undefined) return;
    const blind = this.#random.float() < 0.2;
    const guard = blind ? undefined : BigInt(last.metadata.resourceVersion);
    const call = this.#begin({ client, kind: "update", via: "store", key, guard });
    const token = this.#token(worker, call);
    const { namespace = "", name, resourceVersion } = last.metadata;
    const next = itemOf(namespace, name, token);
    await this.#recorded(call, async (end) => {
      const metadata = { ...last.metadata, labels: next.metadata.labels, resourceVersion };
      if (blind) {
        // Whoever has it now: the last write wins.
        const { resourceVersion: _, uid: __, ...rest } = metadata;
        const draft = { ...last, spec: next.spec, metadata: rest };
        const written = await this.#use.update(draft as unknown as Item, end);
        known.set(key, written);
        return written;
      }
      const written = await this.#use.update({ ...last, spec: next.spec, metadata }, end);
      known.set(key, written);
      return written;
    });
  }

  async #guaranteedUpdate(
    worker: number,
    client: string,
    at: { namespace: string; name: string },
    key: string,
    known: Map<string, Item>,
  ): Promise<void> {
    const creates = this.#random.float() < 0.5;
    const call = this.#begin({ client, kind: "guaranteedUpdate", via: "store", key, guard: undefined });
    await this.#recorded(call, async (end) => {
      const written = await this.#use.guaranteedUpdate(
        at,
        (current) => {
          call.guard = BigInt(current.metadata.resourceVersion);
          const next = itemOf(at.namespace, at.name, this.#token(worker, call));
          return {
            ...current,
            spec: next.spec,
            metadata: { ...current.metadata, labels: next.metadata.labels },
          };
        },
        creates
          ? {
              ...end,
              createIfMissing: () => {
                call.guard = 0n;
                return itemOf(at.namespace, at.name, this.#token(worker, call));
              },
            }
          : end,
      );
      known.set(key, written);
      return written;
    });
  }

  async #delete(
    client: string,
    at: { namespace: string; name: string },
    key: string,
    known: Map<string, Item>,
  ): Promise<void> {
    const last = known.get(key);
    const resourceVersion =
      last !== undefined && this.#random.float() < 0.4 ? last.metadata.resourceVersion : undefined;
    const guard = resourceVersion === undefined ? undefined : BigInt(resourceVersion);
    const call = this.#begin({ client, kind: "delete", via: "store", key, guard });
    await this.#recorded(call, async (end) => {
      const gone = await this.#use.delete(at, {
        ...end,
        ...(resourceVersion === undefined ? {} : { preconditions: { resourceVersion } }),
      });
      known.delete(key);
      return gone;
    });
  }

  async #createMany(worker: number, client: string, namespace: string): Promise<void> {
    const calls = names.map((name) =>
      this.#begin({
        client,
        kind: "create",
        via: "store",
        key: `${itemPrefix}${namespace}/${name}`,
        guard: 0n,
      }),
    );
    const drafts = calls.map((call, i) => itemOf(namespace, names[i] ?? "", this.#token(worker, call)));
    try {
      const results = await this.#use.createMany(drafts);
      results.forEach((result, i) => {
        const call = calls[i];
        if (call === undefined) return;
        if (result instanceof Error) this.#recorder.fail(call, result, undefined);
        else this.#recorder.end(call, okOf(result));
      });
    } catch (error) {
      for (const call of calls) this.#recorder.fail(call, error, undefined);
    }
  }

  async #deleteCollection(client: string, namespace: string): Promise<void> {
    const call = this.#begin({
      client,
      kind: "deleteCollection",
      via: "store",
      key: `${itemPrefix}${namespace}/`,
      guard: undefined,
    });
    await this.#recorded(call, async (end) => {
      await this.#use.deleteCollection({ namespace, labelSelector: "app=db", ...end });
      return undefined;
    });
  }

  async #get(
    client: string,
    at: { namespace: string; name: string },
    key: string,
    known: Map<string, Item>,
  ): Promise<void> {
    const read = this.#freshness(known);
    const call = this.#begin({ client, kind: "get", key, guard: undefined, ...this.#reading(read) });
    await this.#recorded(call, async (end) => {
      const item = await this.#readFrom(call.via).get(at, { read: readOf(read), ...end });
      known.set(key, item);
      return item;
    });
  }

  async #list(client: string, namespace: string, known: Map<string, Item>): Promise<void> {
    const read = this.#freshness(known);
    const all = this.#random.float() < 0.3;
    const web = this.#random.float() < 0.3;
    const limit = this.#random.float() < 0.4 ? 1 + this.#random.below(2) : undefined;
    const call = this.#begin({
      client,
      kind: "list",
      key: all ? itemPrefix : `${itemPrefix}${namespace}/`,
      guard: undefined,
      wants: web ? (token) => tokenIn(token).app === "web" : () => true,
      ...this.#reading(read),
    });
    const scope = { ...(all ? {} : { namespace }), ...(web ? { labelSelector: "app=web" } : {}) };
    const { signal } = this.#stopWatching;
    try {
      const reader = this.#readFrom(call.via);
      let page = await reader.list({ ...scope, limit, read: readOf(read) });
      const items = [...page.items];
      const { resourceVersion } = page;
      while (page.continueToken !== undefined) {
        page = await reader.list({ ...scope, limit, continueToken: page.continueToken });
        if (page.resourceVersion !== resourceVersion) throw new Error("a page is of another version");
        items.push(...page.items);
      }
      for (const item of items) known.set(keyOf(item), item);
      const shown = items.map((item) => ({ key: keyOf(item), ...seen(item) }));
      this.#recorder.end(call, { type: "ok", revision: BigInt(resourceVersion), items: shown });
    } catch (error) {
      this.#recorder.fail(call, error, signal);
    }
  }

  #begin(facts: Omit<Parameters<Recorder["begin"]>[0], "process">): Call {
    return this.#recorder.begin({ process: this.name, ...facts });
  }

  /** Some calls have a bound of their own, some are aborted. */
  async #recorded(
    call: Call,
    run: (end: { signal?: AbortSignal; timeoutMs?: number }) => Promise<Item | undefined>,
  ): Promise<void> {
    const draw = this.#random.float();
    const abort = new AbortController();
    const end = draw < 0.1 ? { timeoutMs: 20 + this.#random.float() * 2_000 } : { signal: abort.signal };
    const timer =
      draw > 0.93
        ? this.clock.setTimer(this.#random.float() * 100, () => abort.abort(new Error("enough")))
        : undefined;
    try {
      this.#recorder.end(call, okOf(await run(end)));
    } catch (error) {
      this.#recorder.fail(call, error, abort.signal);
    } finally {
      timer?.cancel();
    }
  }

  #freshness(known: ReadonlyMap<string, Item>): { freshness: Freshness; revision: bigint } {
    const draw = this.#random.float();
    const versions = [...known.values()].map(({ metadata }) => BigInt(metadata.resourceVersion));
    const revision = versions[this.#random.below(Math.max(1, versions.length))] ?? 0n;
    if (draw < 0.6 || (draw >= 0.75 && revision === 0n)) return { freshness: "linearizable", revision: 0n };
    if (draw < 0.75) return { freshness: "any", revision: 0n };
    return { freshness: draw < 0.9 ? "notOlderThan" : "exact", revision };
  }

  #reading(read: { freshness: Freshness; revision: bigint }): {
    read: { freshness: Freshness; revision: bigint };
    via: "store" | "cache";
  } {
    const cached = this.#cache !== undefined && this.#random.float() < 0.7;
    return { read, via: cached ? "cache" : "store" };
  }

  /** "cache": now the cache alone, now the store that reads from it. */
  #readFrom(via: "store" | "cache"): ResourceReader<Item> {
    if (via === "cache" && this.#cache !== undefined && this.#random.float() < 0.5) return this.#cache;
    return this.#use;
  }

  get #use(): ResourceStore<Item> {
    if (this.#items === undefined) throw new Error("the store is not open yet");
    return this.#items;
  }

  #token(worker: number, call: Call): string {
    const token = tokenText(this.name, worker, this.#tokens++, this.#pick(...apps), this.#pick(...nodes));
    call.tokens.push(token);
    return token;
  }

  #pick<T>(...choices: readonly [T, ...T[]]): T {
    return choices[this.#random.below(choices.length)] ?? choices[0];
  }

  // Watchers --------------------------------------------------------------------------------------

  async #watch(watcher: number): Promise<void> {
    const { signal } = this.#stopWatching;
    const wish = wishes[this.#random.below(wishes.length)] ?? wishes[0];
    if (wish === undefined) return;
    const slowMs = this.#random.float() < 0.3 ? this.#random.float() * 1_000 : 0;
    const viaCache = this.#cache !== undefined && this.#random.float() < 0.7;
    const reader: ResourceReader<Item> = viaCache && this.#cache !== undefined ? this.#cache : this.#use;
    const via = viaCache || this.own.cache !== "none" ? "cache" : "store";
    for (let turn = 0; !signal.aborted; turn++) {
      try {
        await this.#follow(`${this.name}-w${watcher}-${turn}`, via, reader, wish, slowMs);
      } catch (error) {
        // ready() rejects with the reason of an abort, which is the process's own.
        if (error === signal.reason && signal.aborted) return;
        if (!isPassing(error) && !isStoreError(error, "EXPIRED", "FUTURE_VERSION")) throw error;
      }
      if (!signal.aborted) await this.clock.sleep(20);
    }
  }

  async #follow(
    name: string,
    via: "store" | "cache",
    reader: ResourceReader<Item>,
    wish: Wish,
    slowMs: number,
  ): Promise<void> {
    const { signal } = this.#stopWatching;
    const draw = this.#random.float();
    const bookmarks = this.#random.float() < 0.5;
    let options: WatchOptions = { ...wish.options, bookmarks };
    let start: bigint | undefined;
    if (draw < 0.4) {
      const { resourceVersion } = await reader.list(draw < 0.1 ? { limit: 1 } : {});
      start = BigInt(resourceVersion);
      options = { ...options, resourceVersion };
    } else if (draw < 0.8) options = { ...options, sendInitialEvents: true };
    if (signal.aborted) return;
    const stream: Stream = {
      name,
      process: this.name,
      via,
      start,
      began: undefined,
      wants: wish.wants,
      events: [],
      relists: this.#relists(),
      relistsAtEnd: 0,
      relistedAt: this.#recorder.relistedAt,
    };
    const watch = reader.watch({ ...options, signal });
    this.#recorder.streams.push(stream);
    this.live.add(stream);
    try {
      if (start === undefined && options.sendInitialEvents !== true) await this.#begun(stream, watch);
      // Now and then it stops in the middle and is opened again where it was.
      const leaveAfter = this.#random.float() < 0.3 ? this.#random.below(12) : Number.POSITIVE_INFINITY;
      for await (const batch of watch.batches()) {
        stream.events.push(...batch);
        if (slowMs > 0) await this.clock.sleep(slowMs);
        if (stream.events.length > leaveAfter) break;
      }
      stream.ended = "left";
    } catch (error) {
      stream.ended = isStoreError(error) ? error.code : "FAULT";
      throw error;
    } finally {
      stream.relistsAtEnd = this.#relists();
      this.live.delete(stream);
      await watch[Symbol.asyncDispose]();
    }
  }

  /** A watch from now begins where it says. */
  async #begun(stream: Stream, watch: Watch<Item>): Promise<void> {
    stream.began = BigInt((await watch.ready()).resourceVersion);
  }

  #relists(): number {
    const stats = this.#cache?.stats();
    return stats === undefined ? 0 : stats.relists + stats.fills;
  }
}

/** What may be otherwise a moment later. */
function isPassing(error: unknown): boolean {
  return isStoreError(error, "UNAVAILABLE", "DEADLINE", "NOT_READY", "OUTCOME_UNKNOWN");
}

function okOf(item: Item | undefined): Call["outcome"] {
  return item === undefined ? { type: "ok", revision: 0n } : { type: "ok", ...seen(item) };
}

function seen(item: Item): { revision: bigint; token: string } {
  return { revision: BigInt(item.metadata.resourceVersion), token: item.spec.token };
}

function readOf({ freshness, revision }: { freshness: Freshness; revision: bigint }): ReadFreshness {
  if (freshness === "linearizable" || freshness === "any") return { consistency: freshness };
  return { consistency: freshness, resourceVersion: revision.toString() };
}
