/**
 * Reads and watches of one kind from a cache, of its objects or of a view of them.
 *
 *   any            the state applied last                     linearizable   waits for the store's revision at the call
 *   notOlderThan   waits for the version, 3 s at most         exact          that version if held, else etcd
 *   continue       the token's version if held, else etcd     not ready      NOT_READY
 *
 * A warm read runs in one turn and copies pointers; a cold one decodes in slices and yields to the event loop
 * every few milliseconds.
 */
import { CallScope } from "../base/call.ts";
import type { NamesOf } from "../base/text/known-options.ts";
import { untilAborted } from "../base/until-aborted.ts";
import { isStoreError } from "../errors.ts";
import type { GetOptions, ListOptions, ListPage, ResourceReader } from "../resource/contract/reader.ts";
import { checkView, type View } from "../resource/contract/view.ts";
import { type Watch, type WatchOptions, watchNames } from "../resource/contract/watch.ts";
import type { Key } from "../resource/model/resource.ts";
import { formatResourceVersion } from "../resource/model/revision.ts";
import { notFound, subjectOf } from "../resource/objects/read-errors.ts";
import {
  checkedFlag,
  type Freshness,
  type ParsedListOptions,
  parseGetOptions,
  parseListOptions,
  parseWatchOptions,
} from "../resource/options/read-options.ts";
import { decodeContinueToken, encodeContinueToken, type TokenScope } from "../storage/seam/continue-token.ts";
import { cacheLimits } from "./bounds/cache-options.ts";
import type { CachedKind } from "./fan-out/cached-kind.ts";
import type { AnyView } from "./fan-out/kind-values.ts";
import type { Feed } from "./feed/feed.ts";
import { type EtcdPath, freshnessText, readOf } from "./freshness/etcd-path.ts";
import type { FreshReads } from "./freshness/fresh-reads.ts";
import { type PagePlace, walkPage } from "./page-walk.ts";
import type { Version } from "./state/version.ts";
import { CacheWatch } from "./watcher/cache-watch.ts";
import type { WrittenVersions } from "./written-versions.ts";

/** A watch from a cache may skip intermediate states of an object. */
export interface CacheWatchOptions extends WatchOptions {
  /** Hands a slow consumer only the last of each object's pending events, flagged `coalesced`. Default false. */
  readonly coalesce?: boolean | undefined;
}

const cacheWatchNames: NamesOf<CacheWatchOptions> = { ...watchNames, coalesce: "boolean" };

/** What readers of one cache share. */
export interface ReaderParts {
  readonly feed: Feed;
  readonly fresh: FreshReads;
  readonly path: EtcdPath;
  readonly resource: string;
  /** Open watchers, for bookmarks and lag. */
  readonly watchers: Set<CacheWatch<unknown>>;
  /** What a read does while the cache is not ready: throw NOT_READY, or read from etcd. */
  readonly whenNotReady: "refuse" | "ask etcd";
  /** What was written through the same store: reads of a key are not older. Undefined: nothing is written through it. */
  readonly written: WrittenVersions | undefined;
}

export class KindReader<V> implements ResourceReader<V> {
  readonly #parts: ReaderParts;
  readonly #view: AnyView | undefined;
  /** The reader the cache was made over, in the same view, for reads that the cache cannot answer. */
  readonly #source: ResourceReader<V>;

  constructor(parts: ReaderParts, source: ResourceReader<V>, view: AnyView | undefined) {
    this.#parts = parts;
    this.#source = source;
    this.#view = view;
  }

  get(key: Key, options?: GetOptions): Promise<V> {
    // The hot path: nothing to wait for, no timer or signal to clean up.
    if (
      options?.read?.consistency === "any" &&
      options.signal === undefined &&
      options.timeoutMs === undefined
    ) {
      try {
        parseGetOptions(options);
        const value = this.#getNow(key);
        if (value !== undefined) return Promise.resolve(value);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    return this.#get(key, options);
  }

  list(options?: ListOptions): Promise<ListPage<V>> {
    return this.#list(options);
  }

  watch(options: CacheWatchOptions = {}): Watch<V> {
    const { feed, fresh, resource, watchers } = this.#parts;
    const kind = feed.kind(resource);
    const parsed = parseWatchOptions(kind.definition, options, cacheWatchNames);
    return new CacheWatch<V>({
      feed,
      fresh,
      kind,
      view: this.#view,
      seen: feed.source.seenRevision(),
      coalesce: checkedFlag(options.coalesce, "coalesce"),
      options: parsed,
      call: options,
      watchers,
    });
  }

  as<W>(view: View<V, W>): ResourceReader<W> {
    checkView(view);
    if (this.#view === undefined) {
      return new KindReader<W>(this.#parts, this.#source.as(view), view as AnyView);
    }
    // A view of a view is made from the first one's value, also once per object version.
    const first = this.#view;
    const both: AnyView = {
      name: `${first.name}/${view.name}`,
      from: first.from,
      project: (object: never) => view.project(first.project(object) as V),
      ...(view.sizeBytes === undefined
        ? {}
        : { sizeBytes: (value: unknown) => view.sizeBytes?.(value as W) ?? 0 }),
    };
    return new KindReader<W>(this.#parts, this.#source.as(view), both);
  }

  /** The object as applied last; undefined when that may be older than asked for, and the read must wait or go to etcd. */
  #getNow(key: Key): V | undefined {
    const { feed, resource, written } = this.#parts;
    const kind = feed.kind(resource);
    const etcdKey = feed.source.keys.object(kind.definition, key);
    if (!feed.covers(kind) || (written?.of(etcdKey) ?? 0n) > feed.applied) return undefined;
    const version = kind.state.latest(etcdKey);
    if (version === undefined) throw notFound(kind.definition, key, etcdKey);
    return this.#valueOf(kind, version);
  }

  async #get(key: Key, options: GetOptions = {}): Promise<V> {
    const { feed, path, resource, written, whenNotReady } = this.#parts;
    const kind = feed.kind(resource);
    const { freshness: asked } = parseGetOptions(options);
    const etcdKey = feed.source.keys.object(kind.definition, key);
    using scope = new CallScope(options, feed.source.clock, `get ${kind.definition.resource}`);
    const floor = asked.consistency === "any" ? (written?.of(etcdKey) ?? 0n) : 0n;
    const freshness: Freshness =
      floor > feed.applied ? { consistency: "notOlderThan", revision: floor } : asked;
    const covered = feed.covers(kind);
    if (!covered && whenNotReady === "refuse") throw feed.notReady(`get ${kind.definition.resource}`);
    const position = covered ? await this.#positionFor(kind, freshness, scope) : undefined;
    if (position === undefined) {
      const identity = `get ${this.#identity(kind)} ${etcdKey} ${freshnessText(freshness)}`;
      const read = readOf(freshness);
      return await untilAborted(
        path.read(identity, () => this.#source.get(key, { read })),
        scope.signal,
      );
    }
    const version = kind.state.get(etcdKey, position);
    if (version === undefined) throw notFound(kind.definition, key, etcdKey);
    return this.#valueOf(kind, version);
  }

  /** The position that answers `freshness`; undefined when etcd must be asked. @throws FUTURE_VERSION, NOT_READY */
  async #positionFor(kind: CachedKind, freshness: Freshness, scope: CallScope): Promise<number | undefined> {
    const { feed, fresh } = this.#parts;
    const subject = subjectOf(kind.definition);
    let fits = true;
    if (freshness.consistency === "linearizable") fits = await fresh.linearizable(scope);
    else if ("revision" in freshness && freshness.revision > feed.applied) {
      fits = await fresh.notOlderThan(freshness.revision, scope, subject);
    }
    if (!fits || !feed.covers(kind)) return undefined;
    if (freshness.consistency !== "exact") return kind.state.position;
    return this.#heldPosition(kind, freshness.revision);
  }

  #heldPosition(kind: CachedKind, revision: bigint): number | undefined {
    const held =
      kind.heldFrom !== undefined && revision >= kind.heldFrom && revision <= this.#parts.feed.applied;
    return held ? kind.state.log.positionAt(revision) : undefined;
  }

  async #list(options: ListOptions = {}): Promise<ListPage<V>> {
    const { feed, resource } = this.#parts;
    const kind = feed.kind(resource);
    const plan = parseListOptions(kind.definition, options);
    using scope = new CallScope(options, feed.source.clock, `list ${kind.definition.resource}`);
    if (!feed.covers(kind)) {
      if (this.#parts.whenNotReady === "refuse") throw feed.notReady(`list ${kind.definition.resource}`);
      return await this.#fromEtcd(kind, plan, options, scope);
    }
    if (plan.continueToken !== undefined)
      return await this.#continued(kind, plan, plan.continueToken, options, scope);
    const position = await this.#positionFor(kind, plan.freshness, scope);
    if (position === undefined) return await this.#fromEtcd(kind, plan, options, scope);
    const revision =
      "revision" in plan.freshness && plan.freshness.consistency === "exact"
        ? plan.freshness.revision
        : feed.applied;
    return await this.#page(kind, plan, { position, revision, after: undefined }, scope);
  }

  async #continued(
    kind: CachedKind,
    plan: ParsedListOptions,
    token: string,
    options: ListOptions,
    scope: CallScope,
  ): Promise<ListPage<V>> {
    const { feed } = this.#parts;
    const keys = await untilAborted(feed.source.tokenKeys({ signal: feed.signal }), scope.signal);
    const { epoch, revision, after } = decodeContinueToken(keys, this.#tokenScope(kind, plan), token);
    if (epoch === feed.source.epoch()) {
      if (revision === 0n)
        return this.#page(
          kind,
          plan,
          { position: kind.state.position, revision: feed.applied, after },
          scope,
        );
      if (revision > feed.applied)
        await untilAborted(feed.reach(revision, cacheLimits.freshWaitMs), scope.signal);
      const position = this.#heldPosition(kind, revision);
      if (position !== undefined && feed.covers(kind))
        return this.#page(kind, plan, { position, revision, after }, scope);
    }
    return this.#fromEtcd(kind, plan, options, scope);
  }

  #fromEtcd(
    kind: CachedKind,
    plan: ParsedListOptions,
    options: ListOptions,
    scope: CallScope,
  ): Promise<ListPage<V>> {
    const read = (): Promise<ListPage<V>> =>
      this.#source.list({ ...options, signal: undefined, timeoutMs: undefined });
    // Reports of corrupt objects go to one caller: such reads are not shared.
    const shared = plan.onCorrupt === undefined;
    const identity = shared
      ? `list ${this.#identity(kind)} ${plan.selection.text} ${plan.limit ?? ""} ${plan.continueToken ?? ""} ${freshnessText(plan.freshness)}`
      : undefined;
    return untilAborted(this.#parts.path.read(identity, read), scope.signal);
  }

  async #page(
    kind: CachedKind,
    plan: ParsedListOptions,
    at: PagePlace,
    scope: CallScope,
  ): Promise<ListPage<V>> {
    // Read now: the history may be replaced while values are decoded, and the page is of this one.
    const epoch = this.#parts.feed.source.epoch();
    const filter = kind.filter(plan.selection);
    const { versions, behind } = walkPage(kind, filter, at, plan.limit);
    const last = versions.at(-1);
    const items = await this.#valuesOf(kind, versions, plan, scope);
    const resourceVersion = formatResourceVersion(at.revision);
    if (behind === 0 || last === undefined) return { items, resourceVersion };
    const { source, signal } = this.#parts.feed;
    const continueToken = encodeContinueToken(
      await source.tokenKey({ signal }),
      this.#tokenScope(kind, plan),
      {
        epoch,
        revision: at.revision,
        after: last.entry.key,
      },
    );
    return {
      items,
      resourceVersion,
      continueToken,
      ...(plan.selection.isWholeRange ? { remainingItemCount: behind } : {}),
    };
  }

  async #valuesOf(
    kind: CachedKind,
    versions: readonly Version[],
    plan: ParsedListOptions,
    scope: CallScope,
  ): Promise<readonly V[]> {
    const { values } = kind;
    const view = this.#view;
    const items: V[] = [];
    let decoded = 0;
    for (const version of versions) {
      const kept = view === undefined ? version.object : undefined;
      if (kept !== undefined) {
        items.push(kept as V);
        continue;
      }
      if (decoded++ % cacheLimits.lookEvery === 0 && decoded > 1) {
        scope.throwIfEnded();
        await this.#parts.feed.source.turns.pause();
      }
      try {
        items.push(values.valueOf(version, view) as V);
      } catch (error) {
        if (plan.onCorrupt === undefined || !isStoreError(error, "CORRUPT_OBJECT")) throw error;
        plan.onCorrupt(error);
      }
    }
    return items;
  }

  #valueOf(kind: CachedKind, version: Version): V {
    const value = kind.values.valueOf(version, this.#view);
    kind.values.touch(version);
    return value as V;
  }

  #tokenScope(kind: CachedKind, plan: ParsedListOptions): TokenScope {
    return {
      prefix: this.#parts.feed.source.keys.prefix,
      resource: kind.definition.resource,
      selection: plan.selection.text,
    };
  }

  /** Text that only reads of this kind in this view have, among those of one cache. */
  #identity(kind: CachedKind): string {
    return `${kind.definition.resource} ${this.#view === undefined ? "" : kind.values.viewId(this.#view)}`;
  }
}
