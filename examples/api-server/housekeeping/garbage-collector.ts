/**
 * The garbage collector: handles objects whose owner is deleted, as Kubernetes does.
 *
 *   Background   the owner goes at once; a dependent none of whose owners are left is deleted
 *   Foreground   the owner waits, marked, until all dependents that block it are gone
 *   Orphan       the owner waits until its dependents no longer name it
 *
 * It watches the metadata of every kind through the caches and keeps a map of owners to dependents. It can run beside
 * Kubernetes' own collector: both act only on live objects and on the uids they saw.
 */
import {
  type CachedStores,
  isStoreError,
  type Kind,
  metadataView,
  type Preconditions,
  type Resource,
  type WatchEvent,
} from "keelson";

interface Node {
  readonly kind: Kind;
  readonly object: Resource;
}

const orphan = "orphan";
const foreground = "foregroundDeletion";

/** Milliseconds before a failed step is retried. */
const retryMs = 1_000;

export class GarbageCollector {
  readonly #store: CachedStores;
  readonly #signal: AbortSignal;
  readonly #byUid = new Map<string, Node>();
  /** Dependents by their owner's uid. */
  readonly #dependents = new Map<string, Set<string>>();
  readonly #watched = new Set<Kind>();

  constructor(store: CachedStores, signal: AbortSignal) {
    this.#store = store;
    this.#signal = signal;
  }

  /** Watches all kinds that are open now; call it again when kinds change. Resolves when their objects are known. */
  async follow(): Promise<void> {
    const kinds = this.#store.kinds.filter((kind) => !this.#watched.has(kind) && kind.kind !== "Event");
    await Promise.all(kinds.map((kind) => this.#followKind(kind)));
  }

  async #followKind(kind: Kind): Promise<void> {
    this.#watched.add(kind);
    const reader = this.#store.resources(kind).as(metadataView);
    const watch = reader.watch({ sendInitialEvents: true, signal: this.#signal });
    let known = (): void => {};
    const synced = new Promise<void>((done) => {
      known = done;
    });
    void (async () => {
      try {
        for await (const event of watch) {
          if (event.type === "BOOKMARK") known();
          else this.#see(kind, event);
        }
      } catch (error) {
        if (!this.#signal.aborted && !isStoreError(error, "CLOSED")) {
          this.#later(() => this.#followKind(kind));
        }
      } finally {
        this.#watched.delete(kind);
        known();
      }
    })();
    await synced;
  }

  #see(kind: Kind, { type, object }: Exclude<WatchEvent<Resource>, { type: "BOOKMARK" }>): void {
    const { uid } = object.metadata;
    const before = this.#byUid.get(uid)?.object.metadata.ownerReferences ?? [];
    for (const owner of before) this.#dependents.get(owner.uid)?.delete(uid);
    if (type === "DELETED") {
      this.#byUid.delete(uid);
      // Its dependents have one owner less, and owners that waited for it may be deleted now.
      for (const dependent of this.#dependents.get(uid) ?? []) this.#attend(dependent);
      for (const owner of before) this.#attend(owner.uid);
      return;
    }
    this.#byUid.set(uid, { kind, object });
    for (const owner of object.metadata.ownerReferences ?? []) {
      const known = this.#dependents.get(owner.uid) ?? new Set();
      this.#dependents.set(owner.uid, known.add(uid));
    }
    this.#attend(uid);
  }

  #attend(uid: string): void {
    const node = this.#byUid.get(uid);
    if (node === undefined) return;
    this.#settle(node).catch(() => this.#later(() => this.#attend(uid)));
  }

  async #settle(node: Node): Promise<void> {
    const { metadata } = node.object;
    if (metadata.deletionTimestamp !== undefined) {
      if (metadata.finalizers?.includes(orphan)) return this.#orphan(node);
      if (metadata.finalizers?.includes(foreground)) return this.#deleteForeground(node);
      return;
    }
    const owners = metadata.ownerReferences ?? [];
    if (owners.length === 0) return;
    const states = await Promise.all(owners.map((owner) => this.#ownerState(node, owner)));
    if (states.includes("there")) return;
    const policy = states.includes("waiting") ? "Foreground" : "Background";
    await this.#delete(node, policy);
  }

  /** "waiting": it is in foreground deletion and waits for its dependents. */
  async #ownerState(
    { object }: Node,
    {
      uid,
      apiVersion,
      kind: kindName,
      name,
    }: { uid: string; apiVersion: string; kind: string; name: string },
  ): Promise<"there" | "waiting" | "gone"> {
    const known = this.#byUid.get(uid)?.object;
    if (known !== undefined) {
      const { deletionTimestamp, finalizers } = known.metadata;
      return deletionTimestamp !== undefined && finalizers?.includes(foreground) ? "waiting" : "there";
    }
    // Not seen: it may be newer than the watch's last event, or of a kind that is not served here.
    const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
    const kind = this.#store.kinds.find((one) => one.kind === kindName && one.group === group);
    if (kind === undefined) return "there";
    const { namespace } = object.metadata;
    const key = kind.scope === "Cluster" ? { name } : { namespace, name };
    try {
      const owner = await this.#store.resources(kind).get(key, { signal: this.#signal });
      return owner.metadata.uid === uid ? "there" : "gone";
    } catch (error) {
      if (isStoreError(error, "NOT_FOUND")) return "gone";
      throw error;
    }
  }

  /** Removes the owner from its dependents' references; then the owner can be deleted. */
  async #orphan(owner: Node): Promise<void> {
    const { uid } = owner.object.metadata;
    for (const dependent of this.#dependentsOf(uid)) {
      await this.#change(dependent, (current) => {
        const { ownerReferences = [], ...metadata } = current.metadata;
        const others = ownerReferences.filter((one) => one.uid !== uid);
        return {
          ...current,
          metadata: others.length === 0 ? metadata : { ...metadata, ownerReferences: others },
        };
      });
    }
    await this.#release(owner, orphan);
  }

  async #deleteForeground(owner: Node): Promise<void> {
    const blocking = this.#dependentsOf(owner.object.metadata.uid).filter(({ object }) =>
      object.metadata.ownerReferences?.some(
        (one) => one.uid === owner.object.metadata.uid && one.blockOwnerDeletion === true,
      ),
    );
    if (blocking.length === 0) return this.#release(owner, foreground);
    const live = blocking.filter(({ object }) => object.metadata.deletionTimestamp === undefined);
    await Promise.all(live.map((dependent) => this.#settle(dependent)));
  }

  #dependentsOf(uid: string): readonly Node[] {
    return [...(this.#dependents.get(uid) ?? [])]
      .map((dependent) => this.#byUid.get(dependent))
      .filter((node) => node !== undefined);
  }

  #release(node: Node, finalizer: string): Promise<void> {
    return this.#change(node, (current) => {
      const finalizers = (current.metadata.finalizers ?? []).filter((one) => one !== finalizer);
      return { ...current, metadata: { ...current.metadata, finalizers } };
    });
  }

  async #change({ kind, object }: Node, change: (current: Resource) => Resource): Promise<void> {
    const { namespace, name, uid } = object.metadata;
    const options = { preconditions: { uid }, subresource: undefined, signal: this.#signal };
    await ignoringGone(
      this.#store
        .resources(kind)
        .guaranteedUpdate({ namespace, name }, (current) => change(current), options),
    );
  }

  async #delete({ kind, object }: Node, propagationPolicy: "Background" | "Foreground"): Promise<void> {
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const preconditions: Preconditions = { uid, resourceVersion };
    await ignoringGone(
      this.#store
        .resources(kind)
        .delete({ namespace, name }, { preconditions, propagationPolicy, signal: this.#signal }),
    );
  }

  #later(step: () => unknown): void {
    if (this.#signal.aborted) return;
    setTimeout(() => {
      if (!this.#signal.aborted) step();
    }, retryMs).unref();
  }
}

/** Another writer was faster, or the object has changed since: its next event queues it again. */
async function ignoringGone(step: Promise<unknown>): Promise<void> {
  try {
    await step;
  } catch (error) {
    if (!isStoreError(error, "NOT_FOUND", "NAMESPACE_NOT_FOUND", "PRECONDITION_FAILED")) throw error;
  }
}
