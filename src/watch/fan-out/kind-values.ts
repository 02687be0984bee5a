/**
 * The values of one kind: what its stored bytes are to selectors, to readers, to watchers and to a write.
 *
 *   StoredRecord ─► incoming   attributes of the head; the body stays bytes
 *   Version      ─► valueOf    the decoded object or a view of it, kept and shared by all lists and watchers
 *                ─► valueOnce  the same for one caller, not kept
 *                ─► recordOf   the store's own record, for a write to start from
 *   Change       ─► tombstoneOf  the last state of an object that was removed, or left a selection
 *
 * `cached-kind.ts` owns one and hands it down to its groups and watchers. Pure: no I/O, no time.
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
import { headOf, metadataObject, objectOf } from "../../storage/context/records.ts";
import type { StoredRecord } from "../../storage/seam/stored.ts";
import { type Attributes, AttributesOf, noAttributes } from "../state/attributes.ts";
import type { Change } from "../state/change-log.ts";
import type { DecodedValues } from "../state/decoded-values.ts";
import { Entry, type Incoming, Version } from "../state/version.ts";

/** A view without its types: sharing needs its identity alone. */
export type AnyView = View<never, unknown>;

export interface KindValuesParts {
  readonly definition: KindDefinition;
  readonly codec: ValueCodec;
  readonly keys: KeySpace;
  readonly decoded: DecodedValues;
  /** Objects and views are frozen, deeply. */
  readonly freeze: boolean;
}

export class KindValues {
  readonly keys: KeySpace;
  readonly #decoded: DecodedValues;
  readonly #freeze: boolean;
  #definition: KindDefinition;
  #codec: ValueCodec;
  #attributes: AttributesOf;
  readonly #viewIds = new Map<AnyView, number>();
  readonly #tombstones = new WeakMap<Change, Version>();

  constructor({ definition, codec, keys, decoded, freeze }: KindValuesParts) {
    this.keys = keys;
    this.#decoded = decoded;
    this.#freeze = freeze;
    this.#definition = definition;
    this.#codec = codec;
    this.#attributes = new AttributesOf(definition);
  }

  get definition(): KindDefinition {
    return this.#definition;
  }

  /** The kind has been replaced, or `definition` absent: only its remembered attributes go. */
  redefine(definition: KindDefinition = this.#definition, codec: ValueCodec = this.#codec): void {
    this.#definition = definition;
    this.#codec = codec;
    this.#attributes = new AttributesOf(definition);
  }

  /** The record as the state takes it in: bytes and attributes, or why they cannot be read. */
  incoming(record: StoredRecord): Incoming {
    const attributes = this.#attributesOf(record);
    return incomingOf(record, attributes === undefined ? undefined : record.value?.bytes, attributes);
  }

  /**
   * A record read from etcd for one watcher, in the shape of a version shown under `revision`.
   * @param attributes false: they are not needed for selection, and the head is not read
   */
  foreign(record: StoredRecord, revision: bigint, attributes: boolean): Version {
    const incoming = attributes
      ? this.incoming(record)
      : incomingOf(record, record.value?.bytes, noAttributes);
    const version = new Version(undefined, 0, { ...incoming, modRevision: revision });
    const { bytes, corrupt } = incoming;
    if (bytes !== undefined) {
      version.slab = { bytes, used: bytes.byteLength, live: bytes.byteLength, moving: false };
    } else if (corrupt !== undefined) this.#decoded.keepFault(version, corrupt);
    return version;
  }

  /** The object, or `view` of it, from memory or decoded now, and kept within the bound. @throws CORRUPT_OBJECT */
  valueOf(version: Version, view: AnyView | undefined): unknown {
    return view === undefined ? this.#objectOf(version) : this.#viewOf(version, view);
  }

  /** As `valueOf`, for a version that no other caller will ask for: nothing is kept. @throws CORRUPT_OBJECT */
  valueOnce(version: Version, view: AnyView | undefined): unknown {
    const source = view?.from === "metadata" ? this.#metadataOf(version) : this.#decode(version);
    if (view === undefined) return source;
    const value = view.project(source as never);
    return this.#freeze ? freezeDeep(value) : value;
  }

  /** Marks the object as just used, if it is kept. */
  touch(version: Version): void {
    if (version.object !== undefined) this.#decoded.touch(version);
  }

  /** A number that stands for the view among those of this kind. */
  viewId(view: AnyView): number {
    let id = this.#viewIds.get(view);
    if (id === undefined) this.#viewIds.set(view, (id = this.#viewIds.size + 1));
    return id;
  }

  /** The last state of an object that `change` removed, or took out of a selection, under the change's version; one per change. */
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
      corrupt: this.#decoded.faultOf(version),
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
    return this.#decoded.faultOf(version) ?? unreadable(this.recordOf(version));
  }

  #objectOf(version: Version): unknown {
    const kept = version.object;
    if (kept !== undefined) return kept;
    const object = this.#decode(version);
    this.#decoded.keepObject(version, object);
    return object;
  }

  #viewOf(version: Version, view: AnyView): unknown {
    const kept = this.#decoded.viewOf(version, view);
    if (kept !== undefined) return kept.value;
    // An object decoded for a view alone is not kept: its view is.
    const source =
      view.from === "metadata" ? this.#metadataOf(version) : (version.object ?? this.#decode(version));
    const value = view.project(source as never);
    if (this.#freeze) freezeDeep(value);
    const size = (view.sizeBytes as ((value: unknown) => number) | undefined)?.(value);
    this.#decoded.keepView(version, view, value, size);
    return value;
  }

  #decode(version: Version): AnyResource {
    const object = objectOf(this.#definition, this.#codec, this.#readable(version));
    return this.#freeze ? freezeDeep(object) : object;
  }

  #metadataOf(version: Version): AnyResource {
    const head = headOf(this.#definition, this.#codec, this.#readable(version));
    const object = metadataObject(head, version.modRevision);
    return this.#freeze ? freezeDeep(object) : object;
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
}

/** @param bytes undefined for a value that cannot be read */
function incomingOf(
  record: StoredRecord,
  bytes: Uint8Array | undefined,
  attributes: Attributes | undefined,
): Incoming {
  const { key, modRevision, createRevision, lease, value } = record;
  return {
    key,
    modRevision,
    createRevision,
    lease,
    bytes,
    corrupt: bytes === undefined ? (record.corrupt ?? unreadable(record)) : undefined,
    storedBytes: value?.storedBytes ?? 0,
    stale: value?.stale ?? false,
    attributes: attributes ?? noAttributes,
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
