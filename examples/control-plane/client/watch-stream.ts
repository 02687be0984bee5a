/** A watch over HTTP: reads one JSON document per line and returns an ordinary Watch. */
import { type Resource, StoreError, type Watch, type WatchEvent } from "keelson";
import { type ApiClient, refusalOf } from "./api-client.ts";

interface Line<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

const endOfInitialEvents = "k8s.io/initial-events-end";

export class WatchStream<T extends Resource> implements Watch<T> {
  readonly #client: ApiClient;
  readonly #path: string;
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  #opened: ReturnType<ApiClient["stream"]> | undefined;

  constructor(client: ApiClient, path: string, signal: AbortSignal | undefined) {
    this.#client = client;
    this.#path = path;
    this.#signal = signal === undefined ? this.#ended.signal : AbortSignal.any([this.#ended.signal, signal]);
  }

  async ready(): Promise<{ readonly resourceVersion: string }> {
    await this.#open();
    return { resourceVersion: "" };
  }

  async *batches(): AsyncGenerator<readonly WatchEvent<T>[], void> {
    try {
      let rest = "";
      for await (const chunk of (await this.#open()).setEncoding("utf8") as AsyncIterable<string>) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        const events = lines.filter((line) => line !== "").map((line) => eventOf<T>(line));
        if (events.length > 0) yield events;
      }
      // A server that stops ends its watches without an error; the watcher resumes from the last version.
      throw new StoreError("UNAVAILABLE", "Cannot go on watching: the API server ended the watch", {
        retryAfterMs: 100,
      });
    } catch (error) {
      if (!this.#signal.aborted) throw error;
    } finally {
      this.#ended.abort();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchEvent<T>, void> {
    for await (const batch of this.batches()) yield* batch;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    return Promise.resolve();
  }

  #open(): ReturnType<ApiClient["stream"]> {
    this.#opened ??= this.#client.stream(this.#path, this.#signal);
    return this.#opened;
  }
}

function eventOf<T extends Resource>(line: string): WatchEvent<T> {
  const { type, object } = JSON.parse(line) as Line<T>;
  if (type === "ERROR") throw refusalOf(JSON.stringify(object), 500);
  const { resourceVersion, annotations } = object.metadata;
  if (type !== "BOOKMARK") return { type, object, resourceVersion };
  return annotations?.[endOfInitialEvents] === "true"
    ? { type, resourceVersion, initialEventsEnd: true }
    : { type, resourceVersion };
}
