/**
 * One kind in a cache: its state, its watchers, and how its bytes become values.
 *
 *   StoredEvent ─► apply ─► KindState ─► Change ─► Dispatch ─► groups ─► watchers
 *                              └► reads at any position
 *
 * `feed.ts` owns it and calls `apply` with whole revisions; nothing here waits or reads a clock.
 */
import type { ValueCodec } from "../../codec/form/value.ts";
import { invariant, isStoreError, StoreError } from "../../errors.ts";
import type { View } from "../../resource/contract/view.ts";
import type { KeySpace } from "../../resource/model/keys.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { freezeDeep } from "../../resource/objects/freeze-deep.ts";
import { textOfObject } from "../../resource/objects/object-text.ts";
import { subjectOf } from "../../resource/objects/read-errors.ts";
import type { Selection } from "../../resource/select/selection.ts";
import { headOf, metadataObject, objectOf } from "../../storage/context/records.ts";
import type { StoredEvent, StoredRecord } from "../../storage/seam/stored.ts";
import { type Attributes, AttributesOf, noAttributes } from "../state/attributes.ts";
import type { Change } from "../state/change-log.ts";
import type { DecodedValues } from "../state/decoded-values.ts";
import { KindState } from "../state/kind-state.ts";
import type { Slabs } from "../state/slabs.ts";
import { Entry, type Incoming, Version } from "../state/version.ts";
import { Dispatch } from "./dispatch.ts";
import { WatchFilter } from "./watch-filter.ts";
import { type MakeValue, WatchGroup } from "./watch-group.ts";

/** A view, its types forgotten: identity is all that sharing needs. */
export type AnyView = View<never, unknown>;

export interface CachedKindParts {
  readonly definition: KindDefinition;
  readonly codec: ValueCodec;
  readonly keys: KeySpace;
  readonly slabs: Slabs;
  readonly decoded: DecodedValues;
  readonly freeze: boolean;
  /** A group has events for its watchers. */
  readonly onPending: (group: WatchGroup<unknown>) => void;
}

/** Versions that went by unseen: above `since`, below `until`. */
export interface Gap {
  readonly since: bigint;
  readonly until: bigint;
}

/** What a stored event did to the state. */
export type Applied = "applied" | "missed" | "repeated";

export class CachedKind {
  readonly keys: KeySpace;
  #definition: KindDefinition;
  #codec: ValueCodec;
  #attributes: AttributesOf;
  #state: KindState;
  readonly #parts: CachedKindParts;
  readonly #dispatch = new Dispatch<WatchGroup<unknown>>();
  readonly #groups = new Map<string, WatchGroup<unknown>>();
  readonly viewIds: Map<AnyView, number> = new Map();
  /** Synthetic last states of removed objects, by change. */
  readonly #tombstones = new WeakMap<Change, Version>();
  /** Reads are exact from this version on; undefined while there is nothing to read. */
  heldFrom: bigint | undefined = undefined;
  /** Watches may go on from this version on. */
  logFrom = 0n;
  /** What happened inside these is only known by its result: the log goes from `since` to `until` in one step. */
  #gaps: readonly Gap[] = [];

  constructor(parts: CachedKindParts) {
    this.#parts = parts;
    this.keys = parts.keys;
    this.#definition = parts.definition;
    this.#codec = parts.codec;
    this.#attributes = new AttributesOf(parts.definition);
    this.#state = this.#emptyState();
  }

  get definition(): KindDefinition {
    return this.#definition;
  }

  get state(): KindState {
    return this.#state;
  }

  /** Changes offered to groups: what dispatch costs. */
  get offers(): number {
    return this.#dispatch.offers;
  }

  /**
   * Nothing is held any more. Watchers that are not ended go on in etcd's history, after `applied` when they have all up
   * to it, until the log reaches back to where they are.
   */
  reset(
    applied: bigint,
    definition: KindDefinition = this.#definition,
    codec: ValueCodec = this.#codec,
  ): void {
    for (const group of this.#groups.values()) group.restart(applied);
    this.#state.clear();
    this.#definition = definition;
    this.#codec = codec;
    this.#attributes = new AttributesOf(definition);
    this.#state = this.#emptyState();
    this.heldFrom = undefined;
    this.logFrom = 0n;
    this.#gaps = [];
  }

  /** The state was listed again at `until`: the changes from `since` on are in the log, all of them at `until`. */
  skipTo({ since, until }: Gap): void {
    this.heldFrom = until;
    if (this.logFrom === 0n) this.logFrom = until;
    else if (since + 1n < until) this.#gaps = [...this.#gaps, { since, until }];
  }

  /** Whether a watcher that has everything up to `revision` can go on from the log. */
  logCovers(revision: bigint): boolean {
    return (
      this.heldFrom !== undefined &&
      revision >= this.logFrom &&
      !this.#gaps.some(({ since, until }) => since < revision && revision < until)
    );
  }

  /** @param skipsUnreadable what cannot be read is reported to the watcher, and not there for it */
  filter(selection: Selection, skipsUnreadable = false): WatchFilter {
    return new WatchFilter(this.keys, this.#definition, selection, skipsUnreadable);
  }

  /** The first state, record by record. */
  fill(record: StoredRecord): void {
    this.#state.fill(this.incoming(record));
  }

  /** Applies one event of a revision above all earlier ones, or of the same. "missed": the state lacks an earlier change. */
  apply(event: StoredEvent): Applied {
    if (event.type === "delete") {
      const change = this.#state.remove(event.revision, event.key);
      const told = event.prevModRevision ?? event.previous?.modRevision;
      if (change === undefined) return told === undefined ? "repeated" : "missed";
      const missed = told !== undefined && told !== change.before?.modRevision;
      this.#dispatch.dispatch(change);
      return missed ? "missed" : "applied";
    }
    const { record, prevModRevision } = event;
    const held = this.#state.latest(record.key)?.modRevision ?? 0n;
    if (held >= record.modRevision) return "repeated";
    this.put(record.modRevision, record);
    return prevModRevision !== undefined && prevModRevision !== held ? "missed" : "applied";
  }

  put(revision: bigint, record: StoredRecord): void {
    this.#dispatch.dispatch(this.#state.put(revision, this.incoming(record)));
  }

  /** @param shown the version the object is shown with; default `revision` */
  remove(revision: bigint, key: string, shown?: bigint): void {
    const change = this.#state.remove(revision, key, shown);
    if (change !== undefined) this.#dispatch.dispatch(change);
  }

  /** Forgets positions up to `position`; reads and watches then begin at its revision. */
  forgetBefore(position: number, revision: bigint): void {
    this.#state.forgetBefore(position);
    if (this.heldFrom !== undefined && revision > this.heldFrom) this.heldFrom = revision;
    if (revision > this.logFrom) {
      this.logFrom = revision;
      if (this.#gaps.length > 0) this.#gaps = this.#gaps.filter(({ until }) => until > revision);
    }
    for (const group of this.#groups.values()) {
      if ((group.firstPosition ?? Number.POSITIVE_INFINITY) <= position) group.trim(position);
    }
  }

  /** The group of all who want this in this view; made when the first one asks. */
  group(filter: WatchFilter, view: AnyView | undefined): WatchGroup<unknown> {
    const id = this.#groupId(filter, view);
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = new WatchGroup(
        filter,
        this.maker(view),
        (change) => this.tombstoneOf(change),
        this.#parts.onPending,
      );
      group.offeredPosition = this.#state.position;
      this.#groups.set(id, group);
      this.#dispatch.add(group);
    }
    return group;
  }

  /** The last watcher of a group has left. */
  leave(group: WatchGroup<unknown>, view: AnyView | undefined): void {
    if (group.cursors.size > 0) return;
    this.#groups.delete(this.#groupId(group.filter, view));
    this.#dispatch.remove(group);
  }

  maker(view: AnyView | undefined): MakeValue<unknown> {
    return view === undefined
      ? (version) => this.objectOf(version)
      : (version) => this.#viewOf(version, view);
  }

  /** As `maker`, for versions that no other caller will ask for: nothing is kept. */
  makerOnce(view: AnyView | undefined): MakeValue<unknown> {
    return (version) => {
      const source = view?.from === "metadata" ? this.#metadataOf(version) : this.#decode(version);
      if (view === undefined) return source;
      const value = view.project(source as never);
      return this.#parts.freeze ? freezeDeep(value) : value;
    };
  }

  /** The decoded object, from memory or made now. @throws CORRUPT_OBJECT */
  objectOf(version: Version): unknown {
    const kept = version.object;
    if (kept !== undefined) return kept;
    const object = this.#decode(version);
    this.#parts.decoded.keepObject(version, object);
    return object;
  }

  /** Marks what a single read used. */
  touch(version: Version): void {
    if (version.object !== undefined) this.#parts.decoded.touch(version);
  }

  /**
   * A record read from etcd for one watcher, in the shape of a version shown under `revision`.
   * @param attributes false: they are not needed for selection, and the head is not read
   */
  foreign(record: StoredRecord, revision: bigint, attributes: boolean): Version {
    const incoming = attributes ? this.incoming(record) : withoutAttributes(record);
    const version = new Version(undefined, 0, { ...incoming, modRevision: revision });
    const { bytes, corrupt } = incoming;
    if (bytes !== undefined)
      version.slab = { bytes, used: bytes.byteLength, live: bytes.byteLength, moving: false };
    else if (corrupt !== undefined) this.#parts.decoded.keepFault(version, corrupt);
    return version;
  }

  /** The version as the store's own record of it: what a write may start from. */
  recordOf(version: Version): StoredRecord {
    const { key } = version.entry;
    const at = this.keys.parse(this.#definition, key);
    const { bytes } = version;
    return {
      kind: this.#definition,
      key,
      namespace: at?.namespace,
      name: at?.name ?? "",
      modRevision: version.modRevision,
      createRevision: version.createRevision,
      lease: version.lease,
      value:
        bytes === undefined ? undefined : { bytes, stale: version.stale, storedBytes: version.storedBytes },
      corrupt: this.#parts.decoded.faultOf(version),
    };
  }

  incoming(record: StoredRecord): Incoming {
    const attributes = this.#attributesOf(record);
    const value = attributes === undefined ? undefined : record.value;
    return {
      key: record.key,
      modRevision: record.modRevision,
      createRevision: record.createRevision,
      lease: record.lease,
      bytes: value?.bytes,
      corrupt: value === undefined ? (record.corrupt ?? unreadable(record)) : undefined,
      storedBytes: record.value?.storedBytes ?? 0,
      stale: record.value?.stale ?? false,
      attributes: attributes ?? noAttributes,
    };
  }

  /** How a message names the object of a version. */
  textOf(version: Version): string {
    return textOfObject(
      this.#definition.resource,
      this.keys.parse(this.#definition, version.entry.key) ?? {},
    );
  }

  /** Why a version cannot be read. */
  faultOf(version: Version): StoreError<"CORRUPT_OBJECT"> {
    return this.#parts.decoded.faultOf(version) ?? unreadable(this.recordOf(version));
  }

  /** The last state of an object that was removed, or left a selection, under the version of that. Made once per change. */
  tombstoneOf(change: Change): Version {
    const { before } = change;
    invariant(before !== undefined, "a removal has a state before it");
    let tombstone = this.#tombstones.get(change);
    if (tombstone === undefined) {
      tombstone = new Version(new Entry(before.entry.key, before), before.added, {
        key: before.entry.key,
        // Of an object that has left a selection: that of the state it left with, as that state itself is shown.
        modRevision: change.after?.modRevision ?? change.shown ?? change.revision,
        createRevision: before.createRevision,
        lease: before.lease,
        bytes: before.bytes,
        corrupt: undefined,
        storedBytes: before.storedBytes,
        stale: before.stale,
        attributes: before.attributes,
      });
      tombstone.slab = before.slab;
      tombstone.offset = before.offset;
      this.#tombstones.set(change, tombstone);
    }
    return tombstone;
  }

  #emptyState(): KindState {
    return new KindState(this.#definition.indexes.length, this.#parts.slabs, this.#parts.decoded);
  }

  #viewOf(version: Version, view: AnyView): unknown {
    const kept = this.#parts.decoded.viewOf(version, view);
    if (kept !== undefined) return kept.value;
    // An object decoded for a view alone is not kept: its view is.
    const source =
      view.from === "metadata" ? this.#metadataOf(version) : (version.object ?? this.#decode(version));
    const value = view.project(source as never);
    if (this.#parts.freeze) freezeDeep(value);
    const size = (view.sizeBytes as ((value: unknown) => number) | undefined)?.(value);
    this.#parts.decoded.keepView(version, view, value, size);
    return value;
  }

  #decode(version: Version): AnyResource {
    const object = objectOf(this.#definition, this.#codec, this.#readable(version));
    return this.#parts.freeze ? freezeDeep(object) : object;
  }

  #metadataOf(version: Version): AnyResource {
    const head = headOf(this.#definition, this.#codec, this.#readable(version));
    const object = metadataObject(head, version.modRevision);
    return this.#parts.freeze ? freezeDeep(object) : object;
  }

  #readable(version: Version): StoredRecord {
    const record = this.recordOf(version);
    if (record.value === undefined) throw record.corrupt ?? unreadable(record);
    return record;
  }

  #attributesOf(record: StoredRecord): Attributes | undefined {
    if (record.value === undefined) return undefined;
    try {
      return this.#attributes.of(headOf(this.#definition, this.#codec, record, "selected"));
    } catch (error) {
      if (isStoreError(error, "CORRUPT_OBJECT")) return undefined;
      throw error;
    }
  }

  #groupId(filter: WatchFilter, view: AnyView | undefined): string {
    const skips = filter.skipsUnreadable ? "readable" : "";
    return `${view === undefined ? "" : this.viewId(view)}|${skips}|${filter.selection.text}`;
  }

  viewId(view: AnyView): number {
    let id = this.viewIds.get(view);
    if (id === undefined) this.viewIds.set(view, (id = this.viewIds.size + 1));
    return id;
  }
}

function withoutAttributes(record: StoredRecord): Incoming {
  const { key, modRevision, createRevision, lease, value } = record;
  return {
    key,
    modRevision,
    createRevision,
    lease,
    bytes: value?.bytes,
    corrupt: value === undefined ? (record.corrupt ?? unreadable(record)) : undefined,
    storedBytes: value?.storedBytes ?? 0,
    stale: value?.stale ?? false,
    attributes: noAttributes,
  };
}

/** What a caller gets of a value whose head cannot be read. */
function unreadable(record: StoredRecord): StoreError<"CORRUPT_OBJECT"> {
  const { key, kind, modRevision } = record;
  const what = textOfObject(kind.resource, record);
  return new StoreError("CORRUPT_OBJECT", `Cannot read ${what}: its metadata segment cannot be read`, {
    ...subjectOf(kind, record, key),
    reason: "its metadata segment cannot be read",
    resourceVersion: formatResourceVersion(modRevision),
  });
}
