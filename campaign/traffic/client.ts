/**
 * A logical client: one call at a time, at a steady rate, until it is stopped. Its profile defines the calls.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { Store } from "keelson";
import type { Random } from "../../src/base/random.ts";
import type { Valued } from "./kinds.ts";
import { RecordedKind, type RecordedKindOptions } from "./recorded-kind.ts";
import type { Recorder } from "./recorder.ts";

export interface ClientOptions {
  readonly name: string;
  readonly random: Random;
  readonly recorder: Recorder;
  readonly store: Store;
  /** Calls per second without faults. */
  readonly rate: number;
  /** Whether the faults are over. */
  readonly isCalm: () => boolean;
}

/** Deadlines of calls: short, so that faults leave calls without a response. */
const deadlineMs = { shortest: 300, longest: 1_000 } as const;
/** Without faults every call is answered, however slow the machine. */
const calmDeadlineMs = 30_000;
/** Pause after a failure, so that immediate failures do not cause a storm of calls. */
const afterFailureMs = 20;

export class Client {
  readonly name: string;
  readonly random: Random;
  readonly store: Store;
  readonly recorder: Recorder;
  readonly #paceMs: number;
  readonly #isCalm: () => boolean;
  #values = 0;

  constructor(options: ClientOptions) {
    this.name = options.name;
    this.random = options.random;
    this.store = options.store;
    this.recorder = options.recorder;
    this.#paceMs = 1_000 / options.rate;
    this.#isCalm = options.isCalm;
  }

  deadline(): number {
    if (this.#isCalm()) return calmDeadlineMs;
    return deadlineMs.shortest + this.random.below(deadlineMs.longest - deadlineMs.shortest);
  }

  /** Unique in the run: a client's name is, with its process's incarnation in it. */
  nextValue(): string {
    return `${this.name}-${++this.#values}`;
  }

  /** True with a probability of `percent`. */
  chance(percent: number): boolean {
    return this.random.below(100) < percent;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.random.below(items.length)];
    if (item === undefined) throw new Error(`${this.name} has nothing to pick from`);
    return item;
  }

  kind(options: Omit<RecordedKindOptions, "recorder" | "client">): RecordedKind {
    return new RecordedKind({ recorder: this.recorder, client: this.name, ...options });
  }

  /** Repeats `step` until stopped; a step returns whether its call was answered. */
  async run(step: () => Promise<boolean>, stop: AbortSignal): Promise<void> {
    let next = performance.now() + this.random.float() * this.#paceMs;
    while (!stop.aborted) {
      const wait = next - performance.now();
      if (wait > 0) await delay(wait, undefined, { signal: stop }).catch(() => {});
      if (stop.aborted) return;
      // Calls missed while one hung are not made up for.
      next = Math.max(next, performance.now()) + this.#paceMs;
      if (!(await step())) next = Math.max(next, performance.now() + afterFailureMs);
    }
  }
}

/** An object as a caller may change it. */
export function changed(object: Valued, spec: Valued["spec"], app?: string): Valued {
  const labels = app === undefined ? object.metadata.labels : { ...object.metadata.labels, app };
  return { ...object, metadata: { ...object.metadata, ...(labels === undefined ? {} : { labels }) }, spec };
}
