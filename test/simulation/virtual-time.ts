/**
 * Virtual time: one event queue for a whole simulated world, and a clock for each process in it.
 *
 * Events due at the same time run in an order that the seed draws; nothing depends on real durations. Between two
 * events everything that is ready runs: promise jobs and the event loop's next turns. A process can be stopped (its
 * timers fire late, as after SIGSTOP) and killed (they never fire).
 */

import type { Random } from "../../src/base/random.ts";
import { type Clock, sleepOn, type Timer } from "../../src/base/time/clock.ts";

interface Event {
  readonly atMs: number;
  /** Random: orders events of the same time. */
  readonly tie: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

/** Start of all clocks of a world; not 0, so that "unset" is never mistaken for "now". */
const startMs = 1_000;

export class VirtualTime {
  readonly #random: Random;
  readonly #heap: Event[] = [];
  #nowMs = startMs;
  #order = 0;
  /** Number of events run so far. */
  fired = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  at(atMs: number, callback: () => void): Timer {
    const event: Event = {
      atMs: Math.max(atMs, this.#nowMs),
      tie: this.#random.float(),
      order: this.#order++,
      callback,
    };
    this.#push(event);
    return {
      cancel: () => {
        event.callback = undefined;
      },
    };
  }

  /**
   * Runs events until `done` says so, or until `limitMs` of virtual time have passed.
   * @returns whether `done` came true
   */
  async run(done: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.#nowMs + limitMs;
    await turns(2);
    while (!done()) {
      const event = this.#pop();
      if (event === undefined) return done();
      if (event.atMs > endMs) {
        this.#push(event);
        this.#nowMs = endMs;
        return done();
      }
      const { callback } = event;
      if (callback === undefined) continue;
      // Code that waits for the loop's next turn runs before time advances.
      const moved = event.atMs > this.#nowMs;
      this.#nowMs = event.atMs;
      event.callback = undefined;
      this.fired++;
      callback();
      await turns(moved ? 2 : 1);
    }
    return true;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !before(event, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && before(right, left)) child++;
      const least = heap[child];
      if (least === undefined || !before(least, last)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Event, b: Event): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  return a.tie !== b.tie ? a.tie < b.tie : a.order < b.order;
}

/** The event loop's next turns, with all promise jobs in between. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** The clock of one process of the world. */
export class ProcessClock implements Clock {
  readonly #time: VirtualTime;
  readonly #open = new Set<object>();
  #stoppedUntilMs = 0;
  #dead = false;
  /** Wall time minus virtual time; worlds let it jump. */
  wallOffsetMs: number = Date.UTC(2026, 0, 1);

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  nowMs(): number {
    return this.#time.nowMs + this.wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#time.nowMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const token = {};
    // A delay beyond any world's end, which the heap can still order.
    const dueMs = this.#time.nowMs + Math.max(0, Math.min(delayMs, Number.MAX_SAFE_INTEGER));
    let timer: Timer;
    const fire = (): void => {
      if (this.#dead) return;
      if (this.#stoppedUntilMs > this.#time.nowMs) {
        timer = this.#time.at(this.#stoppedUntilMs, fire);
        return;
      }
      this.#open.delete(token);
      callback();
    };
    this.#open.add(token);
    timer = this.#time.at(dueMs, fire);
    return {
      cancel: () => {
        this.#open.delete(token);
        timer.cancel();
      },
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Pending timers. */
  get openTimers(): number {
    return this.#open.size;
  }

  get stopped(): boolean {
    return this.#stoppedUntilMs > this.#time.nowMs;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Stops this process for that long; timers that become due during it run afterwards. */
  stop(forMs: number): void {
    this.#stoppedUntilMs = Math.max(this.#stoppedUntilMs, this.#time.nowMs + forMs);
  }

  kill(): void {
    this.#dead = true;
  }
}
