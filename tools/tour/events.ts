/** Reads watches one event at a time, so that a step can write, check, and write again. */
import type { Resource, Watch, WatchEvent } from "keelson";
import { StepFailure } from "./step.ts";

export type Change<T> = Exclude<WatchEvent<T>, { type: "BOOKMARK" }>;

/** An open watch whose changes are taken one by one; dispose ends it. */
export class EventReader<T extends Resource> implements AsyncDisposable {
  readonly #watch: Watch<T>;
  readonly #events: AsyncIterator<WatchEvent<T>>;

  constructor(watch: Watch<T>) {
    this.#watch = watch;
    this.#events = watch[Symbol.asyncIterator]();
  }

  /** Waits until the watch is established; later writes are then certainly seen. */
  async ready(signal: AbortSignal): Promise<void> {
    await this.#watch.ready({ signal });
  }

  /** The next change; bookmarks are skipped. @throws StepFailure when the watch ends instead */
  async next(): Promise<Change<T>> {
    for (;;) {
      const result = await this.#events.next();
      if (result.done === true) throw new StepFailure("the watch ended before the event came");
      if (result.value.type !== "BOOKMARK") return result.value;
    }
  }

  /** The next `count` changes. */
  async take(count: number): Promise<readonly Change<T>[]> {
    const changes: Change<T>[] = [];
    while (changes.length < count) changes.push(await this.next());
    return changes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch[Symbol.asyncDispose]();
  }
}

/** "MODIFIED  greeting  version 71", as the steps print it. */
export function formatChange({ type, object, resourceVersion }: Change<Resource>): string {
  return `${type.padEnd(8)}  ${object.metadata.name}  version ${resourceVersion}`;
}
