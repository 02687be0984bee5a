/**
 * Adding a kind to a cache, or replacing its definition, while the cache follows its source.
 *
 *   cache ready     the kind's events are kept ─► it is listed at R ─► the stream reaches R ─► it joins (`joining-kinds.ts`)
 *   cache pending   it is listed with all the others
 *
 * One addition of a kind runs at a time. What cannot be listed alone is listed with everything, until that succeeds.
 */
import { StoreError } from "../../errors.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";
import type { CachedKind } from "../fan-out/cached-kind.ts";
import type { Feed } from "./feed.ts";

export class AddedKinds {
  readonly #feed: Feed;
  /** The last addition of each kind, while it runs. */
  readonly #running = new Map<string, Promise<void>>();

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  /** Follows replacements of the source's own kinds, until the feed stops. */
  start(): void {
    const { source, signal } = this.#feed;
    if (signal.aborted) return;
    const replaced = source.onReplaced?.(() => {
      for (const definition of source.kinds()) this.add(definition).catch(() => undefined);
    });
    signal.addEventListener("abort", () => replaced?.[Symbol.dispose](), { once: true });
  }

  /** Caches a kind opened after the start, or its new definition. Resolves once it is filled. */
  async add(definition: KindDefinition): Promise<void> {
    const { resource } = definition;
    if (!this.#feed.carries(definition)) return;
    const before = this.#running.get(resource);
    const adding = before === undefined ? this.#add(resource) : before.then(() => this.#add(resource));
    const settled = adding.catch(() => undefined);
    this.#running.set(resource, settled);
    try {
      await adding;
    } finally {
      if (this.#running.get(resource) === settled) this.#running.delete(resource);
    }
  }

  /** Resolves when no addition of the kind runs any more, or the last one begun so far has ended. */
  async settled(resource: string): Promise<void> {
    await this.#running.get(resource);
  }

  /** The kind as it is open now: it may have been replaced again, or removed, since it was added. */
  async #add(resource: string): Promise<void> {
    const feed = this.#feed;
    const { source } = feed;
    const definition = source.kinds().find((kind) => kind.resource === resource);
    if (definition === undefined) return;
    const known = feed.kinds.get(resource);
    if (known !== undefined && known.definition === definition) return;
    if (feed.state === "pending") {
      // The list under way may have passed it already.
      if (known === undefined) feed.open(definition);
      else known.reset(feed.applied, definition, source.codecOf(definition));
      feed.listAgain(new StoreError("NOT_READY", "a kind was added", { retryAfterMs: 100 }));
      return feed.ready();
    }
    const kind = known ?? feed.open(definition);
    kind.reset(feed.applied, definition, source.codecOf(definition));
    feed.joining.begin(resource);
    try {
      await this.#join(kind);
    } catch (error) {
      if (feed.signal.aborted || feed.kinds.get(resource) !== kind) throw error;
      feed.heal(`kind ${resource} was added, and could not be listed`);
      return feed.ready();
    }
  }

  /** Lists a kind beside the stream, and joins the two. */
  async #join(kind: CachedKind): Promise<void> {
    const feed = this.#feed;
    const { source, signal } = feed;
    if (!(await source.progressIsReliable({ signal }))) {
      // The stream cannot say that it has come to the version of a list of its own: everything is listed once more.
      feed.heal(`kind ${kind.definition.resource} was added`);
      return feed.ready();
    }
    const revision = await feed.joining.list(kind, source, signal);
    if (revision === undefined) return feed.ready();
    await feed.reach(revision, Number.POSITIVE_INFINITY);
    if (kind.heldFrom !== undefined) return feed.ready();
    feed.join(kind, revision);
  }
}
