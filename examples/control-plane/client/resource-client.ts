/**
 * One kind at an API server: a reader like the store's, so that `createWatchCache` can use it, and the writes that
 * controllers need.
 */
import type {
  GetOptions,
  Key,
  Kind,
  ListOptions,
  ListPage,
  Resource,
  ResourceReader,
  View,
  Watch,
  WatchOptions,
} from "keelson";
import type { ApiClient } from "./api-client.ts";
import { WatchStream } from "./watch-stream.ts";

interface ListBody<T> {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly T[];
}

type Subresource = "status" | "scale" | "binding" | "eviction";

export class ResourceClient<T extends Resource = Resource> implements ResourceReader<T> {
  readonly kind: Kind<T>;
  readonly #client: ApiClient;

  constructor(client: ApiClient, kind: Kind<T>) {
    this.#client = client;
    this.kind = kind;
  }

  get({ namespace, name }: Key, { signal }: GetOptions = {}): Promise<T> {
    return this.#client.json(this.#path(namespace, name), { signal });
  }

  async list(options: ListOptions = {}): Promise<ListPage<T>> {
    const query = queryOf(options);
    const { limit, continueToken, read, signal } = options;
    if (limit !== undefined) query.set("limit", String(limit));
    if (continueToken !== undefined) query.set("continue", continueToken);
    else if (read?.consistency === "any") query.set("resourceVersion", "0");
    else if (read?.consistency === "exact" || read?.consistency === "notOlderThan") {
      query.set("resourceVersion", read.resourceVersion);
      query.set("resourceVersionMatch", read.consistency === "exact" ? "Exact" : "NotOlderThan");
    }
    const list = await this.#client.json<ListBody<T>>(`${this.#path(options.namespace)}?${query}`, {
      signal,
    });
    const { group, version, kind } = this.kind;
    const apiVersion = group === "" ? version : `${group}/${version}`;
    return {
      items: list.items.map((item) => ({ ...item, apiVersion, kind })),
      resourceVersion: list.metadata.resourceVersion,
      continueToken: list.metadata.continue,
      remainingItemCount: list.metadata.remainingItemCount,
    };
  }

  watch(options: WatchOptions = {}): Watch<T> {
    const query = queryOf(options);
    query.set("watch", "true");
    query.set("allowWatchBookmarks", "true");
    const { resourceVersion, sendInitialEvents } = options;
    if (resourceVersion !== undefined) query.set("resourceVersion", resourceVersion);
    if (sendInitialEvents === true) {
      query.set("sendInitialEvents", "true");
      query.set("resourceVersionMatch", "NotOlderThan");
    }
    return new WatchStream(this.#client, `${this.#path(options.namespace)}?${query}`, options.signal);
  }

  as<V>(view: View<T, V>): ResourceReader<V> {
    throw new Error(`a view ("${view.name}") is had from a cache over this reader`);
  }

  create(object: object, namespace?: string): Promise<T> {
    return this.#client.json(this.#path(namespace), { method: "POST", body: object });
  }

  update(object: T, subresource?: Subresource): Promise<T> {
    const { namespace, name } = object.metadata;
    return this.#client.json(this.#path(namespace, name, subresource), { method: "PUT", body: object });
  }

  /** A merge patch. */
  patch({ namespace, name }: Key, patch: object, subresource?: Subresource): Promise<T> {
    const contentType = "application/merge-patch+json";
    return this.#client.json(this.#path(namespace, name, subresource), {
      method: "PATCH",
      body: patch,
      contentType,
    });
  }

  /** Creates a subresource of an object: the binding or eviction of a pod. */
  post({ namespace, name }: Key, subresource: Subresource, body: object): Promise<unknown> {
    return this.#client.json(this.#path(namespace, name, subresource), { method: "POST", body });
  }

  async delete({ namespace, name }: Key, options: object = {}): Promise<void> {
    await this.#client.json(this.#path(namespace, name), { method: "DELETE", body: options });
  }

  #path(namespace: string | undefined, name?: string, subresource?: Subresource): string {
    const { group, version, plural } = this.kind;
    const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
    const home = namespace === undefined ? root : `${root}/namespaces/${namespace}`;
    return [home, plural, name, subresource].filter((part) => part !== undefined).join("/");
  }
}

function queryOf({ labelSelector, fieldSelector }: ListOptions & WatchOptions): URLSearchParams {
  const query = new URLSearchParams();
  if (typeof labelSelector === "string") query.set("labelSelector", labelSelector);
  if (typeof fieldSelector === "string") query.set("fieldSelector", fieldSelector);
  return query;
}
