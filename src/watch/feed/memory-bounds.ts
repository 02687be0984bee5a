/**
 * How much a cache may hold, and what it drops beyond that: history first, the oldest of all kinds before the newer, then
 * holes in the slabs. Objects are never dropped: when they alone exceed the budget, the cache is NOT_READY.
 */
import type { Clock } from "../../base/time/clock.ts";
import { StoreError } from "../../errors.ts";
import { type CacheBounds, cacheLimits } from "../bounds/cache-options.ts";
import type { CachedKind } from "../fan-out/cached-kind.ts";
import type { DecodedValues } from "../state/decoded-values.ts";
import type { Slabs } from "../state/slabs.ts";

/** How often time is noted, milliseconds: history is trimmed to its bound within this. */
const markEveryMs = 1_000;

export class MemoryBounds {
  readonly #bounds: CacheBounds;
  readonly #clock: Clock;
  readonly #kinds: ReadonlyMap<string, CachedKind>;
  readonly #slabs: Slabs;
  readonly #decoded: DecodedValues;
  readonly #marks: { readonly ms: number; readonly revision: bigint }[] = [];

  constructor(
    bounds: CacheBounds,
    clock: Clock,
    held: {
      readonly kinds: ReadonlyMap<string, CachedKind>;
      readonly slabs: Slabs;
      readonly decoded: DecodedValues;
    },
  ) {
    this.#bounds = bounds;
    this.#clock = clock;
    this.#kinds = held.kinds;
    this.#slabs = held.slabs;
    this.#decoded = held.decoded;
  }

  /** Bytes charged for everything. */
  get bytes(): number {
    return this.stateBytes + this.holes + this.#decoded.bytes;
  }

  get stateBytes(): number {
    return this.#sum((kind) => kind.state.bytes);
  }

  get holes(): number {
    return this.#slabs.allocatedBytes - this.#slabs.liveBytes;
  }

  /**
   * Forgets history beyond its time and its bytes. `applied` is the version of now.
   * @throws NOT_READY when the objects alone exceed the budget
   */
  trim(applied: bigint): void {
    const now = this.#clock.monotonicMs();
    const newest = this.#marks.at(-1);
    if (newest === undefined || now - newest.ms >= markEveryMs) {
      this.#marks.push({ ms: now, revision: applied });
      let horizon: bigint | undefined;
      while ((this.#marks[0]?.ms ?? now) < now - this.#bounds.historyMs)
        horizon = this.#marks.shift()?.revision;
      if (horizon !== undefined) this.#forgetUpTo(horizon);
      this.#evacuate();
    }
    while (this.#historyIsOver() && this.#forgetOldest());
    if (this.bytes > this.#bounds.budgetBytes) this.#evacuate();
    this.check();
  }

  /** @throws NOT_READY when the objects alone exceed the budget */
  check(): void {
    const { budgetBytes } = this.#bounds;
    if (this.bytes <= budgetBytes) return;
    const reason = `the objects need more than the budget of ${budgetBytes} bytes`;
    throw new StoreError("NOT_READY", `Cannot fill the cache: ${reason}`, {
      retryAfterMs: cacheLimits.retryMaxMs,
      reason,
    });
  }

  /** Monotonic time at which `revision` was applied, as far as it is noted. */
  timeOf(revision: bigint): number | undefined {
    let found: number | undefined;
    for (const { ms, revision: at } of this.#marks) {
      if (at > revision) break;
      found = ms;
    }
    return found;
  }

  /** Drops the noted times: the history was replaced. */
  clear(): void {
    this.#marks.length = 0;
  }

  #historyIsOver(): boolean {
    const history = this.#sum((kind) => kind.state.historyBytes);
    return history > this.#bounds.historyBytes || (history > 0 && this.bytes > this.#bounds.budgetBytes);
  }

  #forgetUpTo(revision: bigint): void {
    for (const kind of this.#kinds.values()) {
      const { log } = kind.state;
      const position = log.positionAt(revision);
      if ((log.first?.position ?? Number.POSITIVE_INFINITY) > position) continue;
      kind.forgetBefore(position, log.at(position)?.revision ?? revision);
    }
  }

  /** A sixteenth of the history that reaches back furthest, whole revisions: trimming then costs little per event. */
  #forgetOldest(): boolean {
    let oldest: CachedKind | undefined;
    let at: bigint | undefined;
    for (const kind of this.#kinds.values()) {
      const first = kind.state.log.first?.revision;
      if (first !== undefined && (at === undefined || first < at)) [oldest, at] = [kind, first];
    }
    const log = oldest?.state.log;
    const first = log?.first;
    if (oldest === undefined || log === undefined || first === undefined) return false;
    const { revision } = log.at(first.position + (log.length >> 4)) ?? first;
    oldest.forgetBefore(log.positionAt(revision), revision);
    return true;
  }

  #evacuate(): void {
    if (this.#slabs.evacuate()) for (const kind of this.#kinds.values()) kind.state.evacuate();
  }

  #sum(read: (kind: CachedKind) => number): number {
    let sum = 0;
    for (const kind of this.#kinds.values()) sum += read(kind);
    return sum;
  }
}
