/**
 * One process of a simulated world: keelson's own client, store and caches over the cluster, and workers and watchers
 * that use them as a server would. It reports its calls and results to the recorder; it cannot see the truth.
 *
 *   start ─► store open (tried again until it is) ─► caches ─► workers: calls, one after the other
 *                                                          └─► watchers: list or initial events, then watch, over again
 *
 * A killed process stops abruptly; another one takes its place.
 */
import {
  createStore,
  createWatchCache,
  isStoreError,
  type Kind,
  type QuotaRequest,
  type ResourceStore,
  type Store,
  type WatchCache,
  withCache,
  withCaches,
} from "keelson";
import { jsonCodec, msgpackCodec } from "keelson/codec";
import type { Random } from "../../src/base/random.ts";
import { openEtcdAtOnce } from "../../src/etcd/connect-etcd.ts";
import type { Etcd } from "../../src/etcd/ports/etcd.ts";
import type { TransportFactory } from "../../src/etcd/transport/transport.ts";
import type { Call, Recorder, Stream } from "./checks/recorder.ts";
import { type Item, Note, namespaces, weighedItem } from "./item.ts";
import { isPassing } from "./passing.ts";
import { type Plan, type ProcessPlan, weightHard } from "./plan.ts";
import type { ProcessClock } from "./virtual-time.ts";
import { type Outlook, Watcher } from "./watcher.ts";
import { Worker, type Workplace } from "./worker.ts";

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

export class SimulatedProcess implements Workplace, Outlook {
  readonly name: string;
  readonly own: ProcessPlan;
  readonly clock: ProcessClock;
  /** Its version of the kind; undefined for the quota's controller, which does not have it. */
  readonly kind: Kind<Item> | undefined;
  readonly #parts: ProcessParts;
  readonly #random: Random;
  readonly #recorder: Recorder;
  readonly #stopWatching = new AbortController();
  readonly #watchers = new Set<Promise<void>>();
  #noticed: number;
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
    this.#noticed = parts.recorder.era;
  }

  /** Starts the process; faults of its work go to `fail`. */
  start(): void {
    this.#own(this.#run());
  }

  /** Its workers have made all their calls. */
  get finished(): boolean {
    return this.#started && this.#working === 0;
  }

  /** Its store is open, and its namespaces and quota are set up. */
  get started(): boolean {
    return this.#started;
  }

  get noticed(): number {
    return this.#noticed;
  }

  get stopping(): AbortSignal {
    return this.#stopWatching.signal;
  }

  get items(): ResourceStore<Item> {
    if (this.#items === undefined) throw new Error("the store is not open yet");
    return this.#items;
  }

  nextToken(): number {
    return this.#tokens++;
  }

  asked({ era, via, read }: Call): void {
    // Only the epoch reveals a silent restore; caches check it before a linearizable read.
    const { isSilent } = this.#recorder.eras.of(era);
    if (!isSilent || (via === "cache" && read !== undefined)) this.#noticed = Math.max(this.#noticed, era);
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

  /** Ends watches, cache, store and client; afterwards no timer or stream is left. */
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
    }
    for (let i = 0; i < own.watchers; i++) {
      const watching = new Watcher(this, i, random, this.#recorder).run();
      this.#watchers.add(watching);
      this.#own(watching);
    }
    this.#working += own.workers;
    this.#started = true;
    for (let i = 0; i < own.workers; i++) {
      this.#own(
        new Worker(this, i, this.#parts).run().finally(() => {
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

  /** Sets the world's quota; it is in force on return. */
  async setQuota(store: Store): Promise<void> {
    const request = this.#quota();
    const { eras } = this.#recorder;
    for (;;) {
      const begun = eras.present;
      if (await this.#tried(() => store.quotas.set("a", request))) return eras.quotaSet(begun);
      await this.clock.sleep(50);
    }
  }

  /** With `lighter` it does not limit weight, so that setting the full quota again requires a count. */
  #quota(lighter = false): QuotaRequest {
    const { hard = 0, mixed } = this.#parts.plan;
    return { hard: { "count/items": hard, ...(mixed && !lighter ? { weight: weightHard } : {}) } };
  }

  /** Begins to set the quota again; a process killed during that leaves it unchanged. */
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

  /** As a controller that does not know the kinds it counts. */
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

  /** False for temporary errors, and for work that another process has already done. */
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
}
