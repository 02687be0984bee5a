/**
 * A worker process of the campaign: clients of one profile, or a cache with its readers and watchers, or watchers of the
 * store, or servers over HTTP with their watchers. It writes its own history file and may be paused or killed at any time.
 */
import {
  createStore,
  isStoreError,
  type ResourceReader,
  type Store,
  type StoreOptions,
  withCaches,
} from "keelson";
import { connectEtcd, type Etcd } from "keelson/etcd";
import { type Clock, systemClock } from "../../src/base/time/clock.ts";
import { seededRandom } from "../../test/support/seeded-random.ts";
import { HistoryFile, runClock } from "../checkers/history.ts";
import { Pulse, watchClients } from "../truth/pulse.ts";
import { CacheReader, traceRelists } from "./cache-reader.ts";
import { churnStep } from "./churn.ts";
import { Client } from "./client.ts";
import { HttpEdge } from "./http-edge.ts";
import { HttpReader } from "./http-reader.ts";
import { Claim, prefix, Relic, type Valued, Widget } from "./kinds.ts";
import { kubeStep } from "./kube.ts";
import { pagerStep } from "./pager.ts";
import { quotaStep } from "./quota.ts";
import { Recorder } from "./recorder.ts";
import { Watcher, watcherKinds } from "./watchers.ts";
import type { FromWorker, ToWorker, WorkerConfig } from "./worker-protocol.ts";

const countsEveryMs = 250;
const resourcesEveryMs = 5_000;
/** A request that hangs is abandoned before the call's deadline, so that time remains to settle it or to use another member. */
const requestTimeoutMs = 1_000;
const startWithinMs = 60_000;
const bookmarkIntervalMs = 1_000;
/** Clients that read a cache with "any", like most readers of an API server; they continue while etcd is unavailable. */
const anyReaders = 2;
const anyRate = 150;
/** Some seconds, counted in checks: while the process was suspended, no socket could close. */
const socketLooksMax = 250;

/** Kinds of watchers whose readers learn in time that a version is complete: from later events, or from bookmarks. */
const httpKinds: ReadonlySet<string> = new Set(["namespace", "one-object", "label", "field", "restless"]);
/** Watchers of each kind over HTTP. */
const httpCopies = 2;

class Worker {
  readonly #config: WorkerConfig;
  readonly #recorder: Recorder;
  readonly #file: HistoryFile;
  readonly #quiet = new AbortController();
  readonly #stop = new AbortController();
  readonly #etcds: Etcd[] = [];
  readonly #stores: Store[] = [];
  readonly #clients: Promise<void>[] = [];
  readonly #watchers: { readonly watcher: Watcher; readonly running: Promise<void> }[] = [];
  #cache: CacheReader | undefined;
  #edge: HttpEdge | undefined;
  #calm = false;
  /** Added to the wall clock. */
  #jumpMs = 0;

  constructor(config: WorkerConfig) {
    this.#config = config;
    this.#file = new HistoryFile(config.historyFile);
    this.#recorder = new Recorder({
      process: `${config.name}.${config.incarnation}`,
      sink: this.#file,
      now: runClock(BigInt(config.originNs)),
    });
  }

  async start(): Promise<void> {
    const { role, endpoints, pinned } = this.#config;
    const wide = await this.#open(endpoints);
    if (role === "cache") await this.#startCache(wide);
    else if (role === "watchers") this.#startWatchers(wide);
    else if (role === "http") await this.#startHttp([wide, await this.#open(endpoints)]);
    else this.#startClients(wide, await this.#open([pinned]));
  }

  jump(ms: number): void {
    this.#jumpMs += ms;
  }

  calm(): void {
    this.#calm = true;
    this.#edge?.calm();
  }

  counts(): FromWorker {
    return { type: "counts", ...this.#recorder.counts };
  }

  resources(final: boolean): void {
    const { rss, heapUsed } = process.memoryUsage();
    this.#recorder.sink.write({
      line: "resources",
      process: this.#recorder.process,
      atNs: this.#recorder.now(),
      rssBytes: rss,
      heapBytes: heapUsed,
      openStreams: this.#etcds.reduce((sum, etcd) => sum + etcd.stats().openStreams, 0),
      sockets: sockets(),
      ...(final ? { final: true } : {}),
    });
  }

  /** Records its clients' view of etcd when it changes. Returns what ends that. */
  pulse(): () => void {
    const { process, sink, now } = this.#recorder;
    return watchClients(() => this.#etcds, process, new Pulse(sink, now));
  }

  /** Clients end after the call they are in. */
  async quiet(): Promise<void> {
    this.#quiet.abort();
    await Promise.all(this.#clients);
  }

  /** The names of readers that did not reach `revision` in time (C8). */
  async finish(revision: bigint, withinMs: number): Promise<readonly string[]> {
    await this.quiet();
    const late: string[] = [];
    if (this.#cache !== undefined && !(await this.#cache.finish(revision, withinMs))) {
      late.push(this.#recorder.process);
    }
    const end = performance.now() + withinMs;
    for (const { watcher } of this.#watchers) {
      while (!watcher.reached(revision) && performance.now() < end) await systemClock.sleep(20);
      if (!watcher.reached(revision)) late.push(watcher.name);
    }
    this.#stop.abort();
    await Promise.all(this.#watchers.map(({ running }) => running));
    await this.#edge?.close();
    await this.#cache?.close();
    for (const store of this.#stores) await store.close();
    for (const etcd of this.#etcds) await etcd.close();
    // A closed socket is gone a moment later.
    for (let looks = 0; sockets() > 0 && looks < socketLooksMax; looks++) await systemClock.sleep(20);
    this.resources(true);
    this.#file[Symbol.dispose]();
    return late;
  }

  async #open(endpoints: readonly string[]): Promise<Store> {
    const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + this.#jumpMs };
    const { compactionMs, auth } = this.#config;
    const etcd = await connectEtcd({ endpoints, auth, requestTimeoutMs, clock, timeoutMs: startWithinMs });
    this.#etcds.push(etcd);
    const store = await this.#opened({
      etcd,
      kinds: [Widget, Claim, Relic],
      prefix,
      compaction: compactionMs === undefined ? false : { intervalMs: compactionMs },
      timeoutMs: startWithinMs,
    });
    this.#stores.push(store);
    return store;
  }

  /** On a machine that stalls for seconds, a request of the opening may time out: it is opened again. */
  async #opened(options: StoreOptions): Promise<Store> {
    const endMs = performance.now() + startWithinMs;
    for (;;) {
      try {
        return await createStore(options);
      } catch (error) {
        const passes = isStoreError(error, "UNAVAILABLE", "DEADLINE", "OUTCOME_UNKNOWN");
        if (!passes || performance.now() > endMs) throw error;
        await systemClock.sleep(500);
      }
    }
  }

  #startClients(wide: Store, pinned: Store): void {
    const { role, clients } = this.#config;
    const steps = { kube: kubeStep, churn: churnStep, quota: quotaStep } as const;
    const stepOf = steps[role as keyof typeof steps];
    for (let i = 0; i < clients; i++) {
      const client = this.#client(`${i % 2 === 0 ? "wide" : "pinned"}-${i}`, i % 2 === 0 ? wide : pinned);
      this.#clients.push(client.run(stepOf(client), this.#quiet.signal));
    }
    if (role !== "churn") return;
    const pager = this.#client("pager", wide, 2);
    this.#clients.push(pager.run(pagerStep(pager), this.#quiet.signal));
  }

  async #startCache(store: Store): Promise<void> {
    const caches = withCaches(store, {
      kinds: [Widget, Relic],
      bookmarkIntervalMs,
      selfCheckIntervalMs: 20_000,
    });
    const cache = caches.cache(Widget);
    this.#cache = new CacheReader({ cache, store: caches, recorder: this.#recorder });
    traceRelists(this.#recorder);
    await cache.ready({ timeoutMs: startWithinMs });
    for (let i = 0; i < this.#config.clients; i++) {
      const client = this.#client(`reader-${i}`, store);
      this.#clients.push(client.run(this.#cache.step(client), this.#quiet.signal));
    }
    for (let i = 0; i < anyReaders; i++) {
      const client = this.#client(`any-${i}`, store, anyRate);
      this.#clients.push(client.run(this.#cache.anyStep(client), this.#quiet.signal));
    }
    this.#cache.startSampling();
    const few = watcherKinds.filter(({ name }) => name !== "past" && name !== "slow");
    this.#watch(cache, this.#recorder.process, few);
  }

  #startWatchers(store: Store): void {
    this.#watch(store.resources(Widget), "store", watcherKinds);
  }

  /** Watchers that switch servers, whose caches are at different versions. */
  async #startHttp(stores: readonly Store[]): Promise<void> {
    const caches = stores.map((store) => withCaches(store, { kinds: [Widget], bookmarkIntervalMs }));
    // Closed with it; closing their stores twice is allowed.
    this.#stores.unshift(...caches);
    traceRelists(this.#recorder);
    for (const cache of caches) await cache.ready({ timeoutMs: startWithinMs });
    const { clients, seed } = this.#config;
    const edge = await HttpEdge.open(
      caches.map((cache) => cache.cache(Widget)),
      clients,
      seededRandom(seed),
    );
    this.#edge = edge;
    const reader = new HttpReader(() => edge.next());
    const kinds = watcherKinds.filter(({ name }) => httpKinds.has(name));
    for (let copy = 0; copy < httpCopies; copy++) {
      const named = kinds.map((kind) => ({ ...kind, name: `${kind.name}-${copy}` }));
      this.#watch(reader, this.#recorder.process, named, true);
    }
  }

  #watch(
    reader: Pick<ResourceReader<Valued>, "get" | "list" | "watch">,
    via: string,
    kinds: typeof watcherKinds,
    byObject = false,
  ): void {
    for (const kind of kinds) {
      const watcher = new Watcher({
        kind,
        reader,
        via,
        recorder: this.#recorder,
        stop: this.#stop.signal,
        byObject,
      });
      this.#watchers.push({ watcher, running: watcher.run() });
    }
  }

  #client(name: string, store: Store, rate: number = this.#config.rate): Client {
    const { seed } = this.#config;
    return new Client({
      name: `${this.#recorder.process}/${name}`,
      random: seededRandom(seed + this.#clients.length * 7919),
      recorder: this.#recorder,
      store,
      rate,
      isCalm: () => this.#calm,
    });
  }
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource.startsWith("TCP")).length;
}

function say(message: FromWorker): void {
  process.send?.(message);
}

const config = JSON.parse(process.argv[2] ?? "{}") as WorkerConfig;
const worker = new Worker(config);
process.on("message", (message: ToWorker) => {
  if (message.type === "clock-jump") worker.jump(message.ms);
  else if (message.type === "calm") worker.calm();
  else if (message.type === "quiet") void worker.quiet().then(() => say({ type: "quiet" }));
  else {
    void worker.finish(BigInt(message.revision), message.withinMs).then((late) => {
      clearInterval(counting);
      clearInterval(measuring);
      endPulse();
      say({ type: "finished", late });
      process.disconnect();
    });
  }
});
// The campaign process is gone and can no longer send "finish".
process.on("disconnect", () => process.exit());
const counting = setInterval(() => say(worker.counts()), countsEveryMs);
const endPulse = worker.pulse();
const measuring = setInterval(() => worker.resources(false), resourcesEveryMs);
try {
  await worker.start();
  say({ type: "ready" });
} catch (error) {
  say({ type: "failed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
  process.disconnect();
}
