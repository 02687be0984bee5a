/**
 * Readers of watches, of eight kinds, over the store or a cache. Each runs for the whole campaign: after the end of a
 * stream the next one begins after the last complete version received; if history was compacted, after a new list.
 */

import { setTimeout as delay } from "node:timers/promises";
import { isStoreError, type ResourceReader, type Watch, type WatchEvent, type WatchOptions } from "keelson";
import type { Filter, StreamEndRecord, StreamEvent } from "../checkers/history.ts";
import { keyOf, prefixOf, type Valued } from "./kinds.ts";
import { RecordedKind } from "./recorded-kind.ts";
import type { Recorder } from "./recorder.ts";

interface WatcherKind {
  readonly name: string;
  readonly options: WatchOptions;
  readonly filter: Filter;
  /** How it begins, and begins again when it cannot continue. */
  readonly begin: "now" | "list" | "initial" | "past" | "future";
  /** Ends and resumes after this long. */
  readonly lifeMs?: number;
  /** Waits this long before it takes the next batch. */
  readonly slowMs?: number;
}

const inA: Filter = { prefix: prefixOf("widgets", "a") };
const all: Filter = { prefix: prefixOf("widgets") };

export const watcherKinds: readonly WatcherKind[] = [
  { name: "namespace", options: { namespace: "a", bookmarks: true }, filter: inA, begin: "list" },
  {
    name: "one-object",
    options: { namespace: "a", name: "h" },
    filter: { key: keyOf("widgets", { namespace: "a", name: "h" }) },
    begin: "now",
  },
  {
    name: "label",
    options: { labelSelector: "app=x" },
    filter: { ...all, labels: { app: "x" } },
    begin: "list",
  },
  {
    name: "field",
    options: { fieldSelector: "spec.node=n1" },
    filter: { ...all, fields: { "spec.node": "n1" } },
    begin: "initial",
  },
  { name: "past", options: {}, filter: all, begin: "past", lifeMs: 4_000 },
  { name: "future", options: {}, filter: all, begin: "future", lifeMs: 5_000 },
  { name: "slow", options: {}, filter: all, begin: "list", slowMs: 150 },
  { name: "restless", options: { bookmarks: true }, filter: all, begin: "list", lifeMs: 500 },
];

/** Pause between two tries to begin: reads may fail while etcd is unavailable. */
const retryMs = 100;
const listTimeoutMs = 2_000;
/** How far behind the head the past begins, in revisions; compaction may be nearer. */
const pastRevisions = 300n;
const futureRevisions = 5n;

export interface WatcherOptions {
  readonly kind: WatcherKind;
  readonly reader: Pick<ResourceReader<Valued>, "get" | "list" | "watch">;
  readonly via: string;
  readonly recorder: Recorder;
  readonly stop: AbortSignal;
  /** An event's version is its object's; default false. */
  readonly byObject?: boolean | undefined;
}

export class Watcher {
  readonly #options: WatcherOptions;
  readonly #name: string;
  readonly #lists: RecordedKind;
  #streams = 0;
  /** A beginning that does not continue the previous stream counts as another reader for the checkers. */
  #lives = 0;
  /** Everything up to here was received; undefined: start again. */
  #last: bigint | undefined;
  #failures = 0;
  #expired = false;
  #seen = 0n;
  /** The same for the open stream alone. */
  #seenHere = 0n;
  /** Revision of the last change of the run that concerns it. */
  #final = 2n ** 63n;
  #hurries = false;

  constructor(options: WatcherOptions) {
    this.#options = options;
    const { recorder, kind, via, reader } = options;
    this.#name = `${recorder.process}/${kind.name}`;
    this.#lists = new RecordedKind({ recorder, client: this.#name, via, plural: "widgets", reader });
  }

  get name(): string {
    return this.#name;
  }

  /** Whether it has received the run's last change; its next end is then final. */
  reached(revision: bigint): boolean {
    this.#final = revision;
    this.#hurries = true;
    // A reader that waits for new events has nothing more to receive.
    return this.#seen >= revision || this.#options.kind.begin === "future";
  }

  async run(): Promise<void> {
    const { stop } = this.#options;
    while (!stop.aborted) {
      const begun = await this.#begin();
      if (!begun) {
        await delay(retryMs, undefined, { signal: stop }).catch(() => {});
        continue;
      }
      await this.#stream();
      if (this.#failures > 0) await delay(retryMs, undefined, { signal: stop }).catch(() => {});
    }
  }

  /** False: not now. */
  async #begin(): Promise<boolean> {
    const { kind } = this.#options;
    if (this.#last !== undefined && kind.begin !== "past" && kind.begin !== "future") return true;
    this.#lives++;
    if (kind.begin === "now" || kind.begin === "initial") return true;
    const { namespace, labelSelector, fieldSelector } = kind.options;
    const { prefix: _, ...filter } = kind.filter;
    const result = await this.#lists.list(
      { namespace, labelSelector, fieldSelector, timeoutMs: listTimeoutMs },
      filter,
    );
    if (!result.ok) return false;
    const version = BigInt(result.value.resourceVersion);
    if (kind.begin === "list" && version > this.#seen) this.#seen = version;
    if (kind.begin === "future") this.#last = version + futureRevisions;
    else if (kind.begin === "past" && !this.#expired) this.#last = version - pastRevisions;
    else this.#last = version;
    this.#expired = false;
    return true;
  }

  async #stream(): Promise<void> {
    const { kind, reader, recorder, via, stop } = this.#options;
    const stream = `${this.#name}.${++this.#streams}`;
    const start = this.#last;
    this.#seenHere = start ?? 0n;
    const initial = kind.begin === "initial" && start === undefined;
    recorder.sink.write({
      line: "stream-open",
      process: recorder.process,
      watcher: `${this.#name}#${this.#lives}`,
      stream,
      via,
      filter: kind.filter,
      atNs: recorder.now(),
      ...(start === undefined ? {} : { start }),
      ...(initial ? { initial } : {}),
      ...(this.#options.byObject === true ? { byObject: true } : {}),
    });
    const watch = reader.watch({
      ...kind.options,
      signal: stop,
      ...(start === undefined ? {} : { resourceVersion: `${start}` }),
      ...(initial ? { sendInitialEvents: true } : {}),
      ...(kind.lifeMs === undefined ? {} : { timeoutMs: kind.lifeMs }),
    });
    const ended = await this.#read(watch, stream);
    this.#failures = ended.reason === "timeout" || ended.reason === "aborted" ? 0 : this.#failures + 1;
    this.#expired = ended.reason === "EXPIRED";
    if (this.#expired || ended.reason === "FUTURE_VERSION") this.#last = undefined;
    recorder.sink.write({
      line: "stream-end",
      stream,
      atNs: recorder.now(),
      ...ended,
      ...(stop.aborted && this.#seenHere >= this.#final ? { final: true } : {}),
    });
  }

  async #read(watch: Watch<Valued>, stream: string): Promise<Pick<StreamEndRecord, "reason" | "message">> {
    const { kind, recorder, stop } = this.#options;
    try {
      for await (const batch of watch.batches()) {
        const events = batch.map(streamEventOf);
        recorder.sink.write({ line: "stream-batch", stream, events, atNs: recorder.now() });
        this.#failures = 0;
        for (const event of events) this.#given(event);
        if (kind.slowMs !== undefined && !this.#hurries && !stop.aborted) {
          await delay(kind.slowMs, undefined, { signal: stop }).catch(() => {});
        }
      }
      return { reason: stop.aborted ? "aborted" : "timeout" };
    } catch (error) {
      if (isStoreError(error)) return { reason: error.code, message: error.message };
      return { reason: stop.aborted ? "aborted" : "FAULT", message: String(error) };
    }
  }

  #initialUnder = false;
  #given(event: StreamEvent): void {
    const { kind } = this.#options;
    // Initial events are in no order of versions: only the bookmark after them is a place to resume from.
    if (kind.begin === "initial" && this.#last === undefined) this.#initialUnder = true;
    if (event.initialEventsEnd) this.#initialUnder = false;
    if (this.#initialUnder || event.more) return;
    this.#last = event.revision;
    if (event.revision > this.#seenHere) this.#seenHere = event.revision;
    if (event.revision > this.#seen) this.#seen = event.revision;
  }
}

function streamEventOf(event: WatchEvent<Valued>): StreamEvent {
  const revision = BigInt(event.resourceVersion);
  if (event.type === "BOOKMARK") {
    return { type: "BOOKMARK", revision, ...(event.initialEventsEnd ? { initialEventsEnd: true } : {}) };
  }
  const { namespace = "", name } = event.object.metadata;
  return {
    type: event.type,
    revision,
    key: keyOf("widgets", { namespace, name }),
    value: event.object.spec.value,
    ...(event.more ? { more: true } : {}),
  };
}
