/** All kinds of an API server: clients for writes and informers for reads, each created once and shared. */
import type { Kind, Resource } from "keelson";
import { ApiClient } from "./api-client.ts";
import { Informer } from "./informer.ts";
import { ResourceClient } from "./resource-client.ts";

export class ClusterClient implements AsyncDisposable {
  readonly api: ApiClient;
  readonly #informers = new Map<Kind, Informer>();
  readonly #ended = new AbortController();

  constructor(url: string) {
    this.api = new ApiClient(url);
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  resources<T extends Resource>(kind: Kind<T>): ResourceClient<T> {
    return new ResourceClient(this.api, kind);
  }

  /** The shared informer of a kind; `startInformers` starts it. */
  informer<T extends Resource>(kind: Kind<T>): Informer<T> {
    const known = this.#informers.get(kind);
    // It was created below for this kind.
    if (known !== undefined) return known as unknown as Informer<T>;
    const made = new Informer(this.resources(kind), this.signal);
    this.#informers.set(kind, made as unknown as Informer);
    return made;
  }

  async startInformers(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.start()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    for (const informer of this.#informers.values()) await informer[Symbol.asyncDispose]();
    this.api[Symbol.dispose]();
  }
}
