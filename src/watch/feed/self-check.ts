/**
 * Comparison of the cache with etcd: every few minutes the objects at one version are compared with etcd's at the same
 * version, key by key, version by version, byte by byte. A difference is counted and makes the cache not ready until it
 * has listed again. (A missed event is noticed earlier, at the next change of its key: `cached-kind.ts`.)
 */
import type { Timer } from "../../base/time/clock.ts";
import { isStoreError } from "../../errors.ts";
import type { CachedKind } from "../fan-out/cached-kind.ts";
import type { Feed } from "./feed.ts";

/** Objects compared per request. A pause follows each, so that a check never competes with real work. */
const pageItems = 500;
const pauseMs = 20;

export class SelfCheck {
  readonly #feed: Feed;
  #timer: Timer | undefined;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  start(): void {
    const { bounds, source } = this.#feed;
    if (bounds.selfCheckIntervalMs === false || this.#feed.state === "stopped") return;
    const waitMs = bounds.selfCheckIntervalMs * (1 + source.random.float() / 2);
    this.#timer = source.clock.setTimer(waitMs, () => {
      // A check that fails (etcd is away, the cache is closed) says nothing; the next one does.
      this.#run().then(
        () => this.start(),
        () => this.start(),
      );
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Compares kind after kind, until one differs. */
  async #run(): Promise<void> {
    const feed = this.#feed;
    for (const kind of [...feed.kinds.values()]) {
      if (feed.state !== "ready" || !feed.covers(kind)) return;
      feed.counters.selfChecks++;
      try {
        const difference = await this.#compare(kind);
        if (difference === undefined) continue;
        feed.counters.selfCheckFailures++;
        feed.heal(difference);
        return;
      } catch (error) {
        // The version was compacted, or the kind removed, in between: nothing is known.
        if (!isStoreError(error, "EXPIRED", "CLOSED")) throw error;
      }
    }
  }

  /** The first difference, in words; undefined for none, or when the version left memory in between. */
  async #compare(kind: CachedKind): Promise<string | undefined> {
    const feed = this.#feed;
    const { clock } = feed.source;
    const source = feed.source.only(kind.definition);
    const revision = feed.applied;
    const range = source.keys.range(kind.definition);
    const call = { signal: feed.signal };
    const held = (): number | undefined =>
      kind.heldFrom !== undefined && revision >= kind.heldFrom && feed.state === "ready"
        ? kind.state.log.positionAt(revision)
        : undefined;
    let after: string | undefined;
    let from = range.key;
    do {
      const page = await source.page({ after, revision, limit: pageItems }, call);
      const position = held();
      if (position === undefined) return undefined;
      const end = page.after === undefined ? range.rangeEnd : `${page.after}\0`;
      let at = 0;
      let difference: string | undefined;
      kind.state.scan({ from, end }, position, undefined, (version) => {
        const record = page.records[at++];
        const { key } = version.entry;
        if (record === undefined || record.key > key) difference = `"${key}" is cached and not in etcd`;
        else if (record.key < key) difference = `"${record.key}" is in etcd and not cached`;
        else if (record.modRevision !== version.modRevision) {
          difference = `"${key}" is cached at version ${version.modRevision}, etcd has ${record.modRevision}`;
        } else if (record.value !== undefined && version.bytes !== undefined) {
          if (Buffer.compare(record.value.bytes, version.bytes) !== 0)
            difference = `"${key}" is cached with other bytes`;
        }
        return difference === undefined;
      });
      const missing = difference === undefined ? page.records[at] : undefined;
      if (missing !== undefined) difference = `"${missing.key}" is in etcd and not cached`;
      if (difference !== undefined) return difference;
      after = page.after;
      from = end;
      if (after !== undefined) await clock.sleep(pauseMs, feed.signal);
    } while (after !== undefined);
    return undefined;
  }
}
