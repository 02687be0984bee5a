/**
 * What a watcher reads where its kind's log cannot serve: the state it begins with, and etcd's own history.
 *
 *   initial   every object at one version, from memory, or from etcd once memory has forgotten that version
 *   history   what etcd still has after a version, until the log reaches back that far
 *
 * `cache-watch.ts` decides which of the two comes next. Each part is made into events after a turn for other work.
 */
import type { WatchEvent } from "../../resource/contract/watch.ts";
import { makeEvents, type WatchGroup } from "../fan-out/watch-group.ts";
import { HistoryReplay } from "./history-replay.ts";
import { InitialEvents } from "./initial-events.ts";
import type { WatchStartParts } from "./watch-start.ts";

export class CatchUp {
  readonly #parts: WatchStartParts;
  readonly #group: WatchGroup;
  #initial: InitialEvents | undefined;
  #history: HistoryReplay | undefined;

  constructor(parts: WatchStartParts, group: WatchGroup) {
    this.#parts = parts;
    this.#group = group;
  }

  /** The next objects of the state at `revision`. @throws EXPIRED when neither memory nor etcd has it any more */
  async initial(
    revision: bigint,
    signal: AbortSignal,
  ): Promise<{ readonly events: readonly WatchEvent<unknown>[]; readonly done: boolean }> {
    const { feed, kind } = this.#parts;
    const { filter, view } = this.#group;
    this.#initial ??= new InitialEvents(this.#parts, filter, revision);
    const { events, keeping, done } = await this.#initial.next(signal);
    await feed.source.turns.pause();
    if (done) this.#initial = undefined;
    const replayed = makeEvents(events, kind.values, view, keeping);
    return { events: replayed.map((event) => Object.freeze({ ...event, more: true as const })), done };
  }

  /** Opens etcd's history after `from`. @throws EXPIRED when etcd has compacted it */
  async openHistory(from: bigint, signal: AbortSignal): Promise<void> {
    this.#history = await HistoryReplay.open(this.#parts, this.#group.filter, from, signal);
  }

  get readsHistory(): boolean {
    return this.#history !== undefined;
  }

  /** The next events of etcd's history, and the version up to which they are all; undefined when it has ended. */
  async history(): Promise<
    { readonly events: readonly WatchEvent<unknown>[]; readonly revision: bigint } | undefined
  > {
    const { feed, kind } = this.#parts;
    const part = await this.#history?.next();
    if (part === undefined) return undefined;
    await feed.source.turns.pause();
    const events = makeEvents(part.events, kind.values, this.#group.view, "once");
    return { events, revision: part.revision };
  }

  closeHistory(): void {
    this.#history?.close();
    this.#history = undefined;
  }
}
