/**
 * One watcher of a simulated process: a list or initial events, then a watch, repeatedly. Each stream is recorded as
 * received.
 */
import {
  isStoreError,
  type ResourceReader,
  type ResourceStore,
  type Watch,
  type WatchCache,
  type WatchOptions,
} from "keelson";
import type { Random } from "../../src/base/random.ts";
import type { Recorder, Stream } from "./checks/recorder.ts";
import { itemPrefix, tokenIn } from "./checks/truth.ts";
import type { Item } from "./item.ts";
import { isPassing } from "./passing.ts";
import type { ProcessClock } from "./virtual-time.ts";

/** What a watcher uses of its process. */
export interface Outlook {
  readonly name: string;
  readonly clock: ProcessClock;
  readonly items: ResourceStore<Item>;
  readonly cache: WatchCache<Item> | undefined;
  readonly noticed: number;
  /** Aborted when it closes. */
  readonly stopping: AbortSignal;
  /** Streams that are open. */
  readonly live: Set<Stream>;
}

/** A watcher's selection, also as a condition on keys and tokens. */
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

export class Watcher {
  readonly #process: Outlook;
  readonly #watcher: number;
  readonly #random: Random;
  readonly #recorder: Recorder;

  constructor(process: Outlook, watcher: number, random: Random, recorder: Recorder) {
    this.#process = process;
    this.#watcher = watcher;
    this.#random = random;
    this.#recorder = recorder;
  }

  /** Until the process closes. */
  async run(): Promise<void> {
    const signal = this.#process.stopping;
    const wish = wishes[this.#random.below(wishes.length)] ?? wishes[0];
    if (wish === undefined) return;
    const slowMs = this.#random.float() < 0.3 ? this.#random.float() * 1_000 : 0;
    const { cache, items } = this.#process;
    const viaCache = cache !== undefined && this.#random.float() < 0.7;
    const reader: ResourceReader<Item> = viaCache ? cache : items;
    const via = viaCache || cache !== undefined ? "cache" : "store";
    for (let turn = 0; !signal.aborted; turn++) {
      try {
        await this.#follow(`${this.#process.name}-w${this.#watcher}-${turn}`, via, reader, wish, slowMs);
      } catch (error) {
        // ready() rejects with the abort's reason, which comes from the process.
        if (error === signal.reason && signal.aborted) return;
        if (!isPassing(error) && !isStoreError(error, "EXPIRED", "FUTURE_VERSION")) throw error;
      }
      if (!signal.aborted) await this.#process.clock.sleep(20);
    }
  }

  async #follow(
    name: string,
    via: "store" | "cache",
    reader: ResourceReader<Item>,
    wish: Wish,
    slowMs: number,
  ): Promise<void> {
    const signal = this.#process.stopping;
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
      process: this.#process.name,
      via,
      start,
      began: undefined,
      noticed: this.#process.noticed,
      openEra: this.#recorder.era,
      wants: wish.wants,
      events: [],
      relists: this.#relists(),
      relistsAtEnd: 0,
      relistedAt: this.#recorder.relistedAt,
    };
    const watch = reader.watch({ ...options, signal });
    this.#recorder.streams.push(stream);
    this.#process.live.add(stream);
    try {
      if (start === undefined && options.sendInitialEvents !== true) await this.#begun(stream, watch);
      // Sometimes a watch is closed and resumed at the same version.
      const leaveAfter = this.#random.float() < 0.3 ? this.#random.below(12) : Number.POSITIVE_INFINITY;
      for await (const batch of watch.batches()) {
        stream.events.push(...batch);
        if (slowMs > 0) await this.#process.clock.sleep(slowMs);
        if (stream.events.length > leaveAfter) break;
      }
      stream.ended = "left";
    } catch (error) {
      stream.ended = isStoreError(error) ? error.code : "FAULT";
      throw error;
    } finally {
      stream.relistsAtEnd = this.#relists();
      stream.endEra = this.#recorder.era;
      this.#process.live.delete(stream);
      await watch[Symbol.asyncDispose]();
    }
  }

  /** A watch from now reports where it begins. */
  async #begun(stream: Stream, watch: Watch<Item>): Promise<void> {
    stream.began = BigInt((await watch.ready()).resourceVersion);
  }

  #relists(): number {
    const stats = this.#process.cache?.stats();
    return stats === undefined ? 0 : stats.relists + stats.fills;
  }
}
