/**
 * A kind as a controller sees it: a watch cache over the API server, with a callback for every change and an index by
 * owner. Its reads may be slightly stale; the server checks the version of every write.
 */
import {
  createWatchCache,
  isStoreError,
  type Key,
  type OwnerReference,
  type Resource,
  type WatchCache,
} from "keelson";
import type { ResourceClient } from "./resource-client.ts";

export type Change<T> = (object: T, gone: boolean) => void;

const local = { consistency: "any" } as const;

export class Informer<T extends Resource = Resource> implements AsyncDisposable {
  readonly resources: ResourceClient<T>;
  readonly #cache: WatchCache<T>;
  readonly #listeners = new Set<Change<T>>();
  /** Keys of the objects of each owner, by the owner's uid. */
  readonly #owned = new Map<string, Map<string, Key>>();
  readonly #signal: AbortSignal;

  constructor(resources: ResourceClient<T>, signal: AbortSignal) {
    this.resources = resources;
    this.#signal = signal;
    this.#cache = createWatchCache(resources, { kind: resources.kind, selfCheckIntervalMs: false });
  }

  /** Called for every existing object, then for every change. */
  onChange(listener: Change<T>): void {
    this.#listeners.add(listener);
  }

  /** Resolves when the callbacks have received every existing object. */
  async start(): Promise<void> {
    await this.#cache.ready({ signal: this.#signal });
    await new Promise<void>((synced) => {
      void this.#follow(synced);
    });
  }

  /** undefined: the cache does not have it. */
  async get(key: Key): Promise<T | undefined> {
    try {
      return await this.#cache.get(key, { read: local });
    } catch (error) {
      if (isStoreError(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  }

  async list(namespace?: string, labelSelector?: string): Promise<readonly T[]> {
    return (await this.#cache.list({ namespace, labelSelector, read: local })).items;
  }

  /** The objects whose controller has this uid. */
  async ownedBy(uid: string): Promise<readonly T[]> {
    const keys = [...(this.#owned.get(uid)?.values() ?? [])];
    const found = await Promise.all(keys.map((key) => this.get(key)));
    return found.filter((object) => object !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cache[Symbol.asyncDispose]();
  }

  async #follow(synced: () => void): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        for await (const event of this.#cache.watch({
          sendInitialEvents: true,
          read: local,
          signal: this.#signal,
        })) {
          if (event.type === "BOOKMARK") synced();
          else this.#tell(event.object, event.type === "DELETED");
        }
      } catch (error) {
        if (this.#signal.aborted || isStoreError(error, "CLOSED")) return;
      }
    }
  }

  #tell(object: T, gone: boolean): void {
    const owner = controllerOf(object);
    if (owner !== undefined) {
      const { uid, namespace, name } = object.metadata;
      const keys = this.#owned.get(owner.uid) ?? new Map<string, Key>();
      this.#owned.set(owner.uid, keys);
      if (!gone) keys.set(uid, { namespace, name });
      else if (keys.delete(uid) && keys.size === 0) this.#owned.delete(owner.uid);
    }
    for (const listener of this.#listeners) listener(object, gone);
  }
}

/** The owner that manages an object. */
export const controllerOf = ({ metadata }: Resource): OwnerReference | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller === true);

/** The reference that marks `owner` as the controller of an object it creates. */
export const ownedByReference = ({
  apiVersion,
  kind,
  metadata: { name, uid },
}: Resource): OwnerReference => ({
  apiVersion,
  kind,
  name,
  uid,
  controller: true,
  blockOwnerDeletion: true,
});
