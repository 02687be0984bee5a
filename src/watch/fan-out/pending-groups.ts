/**
 * Groups that have events for their watchers. What arrives in one turn of the event loop is handed over together in the
 * next, so a burst of changes wakes each watcher once.
 *
 * `feed.ts` owns it and passes it down with each event; groups with an event of it are added on the way.
 */
import { setImmediate } from "node:timers";
import type { WatchGroup } from "./watch-group.ts";

export class PendingGroups {
  readonly #groups = new Set<WatchGroup>();
  #scheduled = false;

  add(group: WatchGroup): void {
    this.#groups.add(group);
  }

  /** Hands over what is pending, once in the next turn. */
  flushSoon(): void {
    if (this.#scheduled || this.#groups.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const groups = [...this.#groups];
      this.#groups.clear();
      for (const group of groups) group.flush();
    });
  }
}
