/**
 * The reader of one kind directly from etcd: get, list and watch of the values that a projection derives from its
 * records.
 *
 * `as(view)` is the same reader with another projection. The reader of whole objects also has the kind's stored
 * source, from which a cache reads.
 */
import { CallScope } from "../base/call.ts";
import type { GetOptions, ListOptions, ListPage, ResourceReader } from "../resource/contract/reader.ts";
import { checkView, type View } from "../resource/contract/view.ts";
import type { Watch, WatchOptions } from "../resource/contract/watch.ts";
import type { AnyResource, Key } from "../resource/model/resource.ts";
import { formatResourceVersion } from "../resource/model/revision.ts";
import { freezeDeep } from "../resource/objects/freeze-deep.ts";
import { notFound } from "../resource/objects/read-errors.ts";
import { parseGetOptions, parseListOptions } from "../resource/options/read-options.ts";
import type { KindHandle } from "./context/kind-handle.ts";
import { headOf, metadataObject, objectOf } from "./context/records.ts";
import type { StorageContext } from "./context/storage-context.ts";
import { listObjects, planList } from "./read/lists.ts";
import { placeOf, readAt } from "./read/reads.ts";
import type { StoredRecord } from "./seam/stored.ts";
import { StoreWatch } from "./watch/store-watch.ts";
import type { Projection } from "./watch/watch-events.ts";

export class StoreReader<V> implements ResourceReader<V> {
  readonly #context: StorageContext;
  readonly #handle: KindHandle;
  readonly #project: Projection<V>;

  constructor(handle: KindHandle, project: Projection<V>) {
    this.#context = handle.context;
    this.#handle = handle;
    this.#project = project;
  }

  get(at: Key, options: GetOptions = {}): Promise<V> {
    return this.#call("get", async () => {
      const place = placeOf(this.#handle, at);
      const { freshness } = parseGetOptions(options);
      using scope = new CallScope(options, this.#context.clock, `get ${this.#handle.text(at)}`);
      const { record } = await readAt(this.#handle, place, freshness, scope);
      if (record === undefined) throw notFound(this.#handle.definition, place.at, place.key);
      return this.#project(record, record.modRevision);
    });
  }

  list(options: ListOptions = {}): Promise<ListPage<V>> {
    return this.#call("list", async () => {
      const { clock, listPermits } = this.#context;
      const plan = planList(this.#handle, parseListOptions(this.#handle.definition, options));
      using scope = new CallScope(options, clock, `list ${this.#handle.definition.resource}`);
      const project = (record: StoredRecord): V => this.#project(record, record.modRevision);
      const list = (): Promise<ListPage<V>> => listObjects(this.#handle, plan, project, scope);
      if (plan.key !== undefined) return await list();
      // Callers wait in line as long as their own timeout allows; memory stays bounded however many there are.
      await listPermits.take(Number.POSITIVE_INFINITY, scope.signal, () => undefined);
      try {
        return await list();
      } finally {
        listPermits.give();
      }
    });
  }

  watch(options: WatchOptions = {}): Watch<V> {
    return new StoreWatch(this.#handle, this.#project, options);
  }

  as<W>(view: View<V, W>): ResourceReader<W> {
    checkView(view);
    return new StoreReader(this.#handle, this.#projectionOf(view));
  }

  #projectionOf<W>(view: View<V, W>): Projection<W> {
    const { freeze } = this.#context;
    return (record, revision) => {
      const made = view.project(this.#project(record, revision));
      return freeze ? freezeDeep(made) : made;
    };
  }

  #call<R>(verb: string, run: () => Promise<R>): Promise<R> {
    const { gate, counters } = this.#context;
    const { resource } = this.#handle.definition;
    return gate.run(() => {
      this.#handle.closed.throwIfAborted();
      return counters.observe({ verb, resource }, run);
    });
  }
}

/** A record as its object, with the given version. */
export function objectProjection(handle: KindHandle): Projection<AnyResource> {
  const { freeze } = handle.context;
  return (record, revision) => {
    const object = objectOf(handle.definition, handle.codec, record);
    if (revision !== record.modRevision) object.metadata.resourceVersion = formatResourceVersion(revision);
    return freeze ? freezeDeep(object) : object;
  };
}

/** A record as its metadata alone; the body is not decoded. */
export function metadataProjection(handle: KindHandle): Projection<AnyResource> {
  const { freeze } = handle.context;
  return (record, revision) => {
    const object = metadataObject(headOf(handle.definition, handle.codec, record), revision);
    return freeze ? freezeDeep(object) : object;
  };
}
