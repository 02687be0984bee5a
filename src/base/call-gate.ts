/**
 * The gate of something that can be closed. It counts the calls under way, refuses new calls once closed, and lets
 * the closing call wait until the last of them has ended.
 */
import { setMaxListeners } from "node:events";
import { StoreError } from "../errors.ts";

export class CallGate {
  readonly #what: string;
  readonly #controller = new AbortController();
  #underWay = 0;
  #onEmpty: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  /** @param what names the closed thing, as in `Cannot use the store: it is closed` */
  constructor(what: string) {
    this.#what = what;
    // Every open watch listens. Thousands of listeners are usual and not a leak.
    setMaxListeners(0, this.#controller.signal);
  }

  /** Aborted with CLOSED as soon as closing begins. It ends streams and waits; calls under way continue. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Runs `call` unless closed. @throws CLOSED */
  async run<T>(call: () => Promise<T>): Promise<T> {
    this.enter();
    try {
      return await call();
    } finally {
      this.leave();
    }
  }

  /** Begins a call that reports its end with `leave`. @throws CLOSED */
  enter(): void {
    this.throwIfClosed();
    this.#underWay++;
  }

  leave(): void {
    this.#underWay--;
    if (this.#underWay === 0) this.#onEmpty?.();
  }

  throwIfClosed(): void {
    if (this.#closing !== undefined) throw this.#error();
  }

  /** Refuses new calls; resolves once those under way have ended. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#onEmpty = resolve;
      if (this.#underWay === 0) resolve();
    });
    this.#controller.abort(this.#error());
    return this.#closing;
  }

  #error(): StoreError<"CLOSED"> {
    return new StoreError("CLOSED", `Cannot use the ${this.#what}: it is closed`, { what: this.#what });
  }
}
