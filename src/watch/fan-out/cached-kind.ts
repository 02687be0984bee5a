/**
 * One kind in a cache: its values, its state at every held version, and its groups of watchers.
 *
 *   StoredEvent ─► apply ─► KindValues ─► KindState ─► Change ─► WatchGroups ─► groups with events, in `pending`
 *                               └── reads at any held position ──┘
 *
 * `feed.ts` owns it and calls `apply` with whole revisions; nothing here waits or reads a clock.
 */
import type { ValueCodec } from "../../codec/form/value.ts";
import type { KeySpace } from "../../resource/model/keys.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";
import type { Selection } from "../../resource/select/selection.ts";
import type { StoredEvent, StoredRecord } from "../../storage/seam/stored.ts";
import { KindState } from "../state/kind-state.ts";
import type { Slabs } from "../state/slabs.ts";
import { type AnyView, KindValues, type KindValuesParts } from "./kind-values.ts";
import type { PendingGroups } from "./pending-groups.ts";
import { WatchFilter } from "./watch-filter.ts";
import type { GroupCursor, WatchGroup } from "./watch-group.ts";
import { WatchGroups } from "./watch-groups.ts";

export interface CachedKindParts extends KindValuesParts {
  readonly slabs: Slabs;
}

/** Versions whose changes the cache has not seen: above `since`, below `until`. */
export interface Gap {
  readonly since: bigint;
  readonly until: bigint;
}

/** What a stored event did to the state. "missed": applied, and the state lacks an earlier change of the object. */
export type Applied = "applied" | "missed" | "repeated";

export class CachedKind {
  readonly values: KindValues;
  readonly #parts: CachedKindParts;
  readonly #groups: WatchGroups;
  #state: KindState;
  /** Reads are exact from this version on; undefined while there is nothing to read. */
  heldFrom: bigint | undefined = undefined;
  /** Watches may continue in the log from this version on. */
  logFrom = 0n;
  /** Of what happened inside these only the result is known: the log goes from `since` to `until` in one step. */
  #gaps: readonly Gap[] = [];

  constructor(parts: CachedKindParts) {
    this.#parts = parts;
    this.values = new KindValues(parts);
    this.#groups = new WatchGroups(this.values);
    this.#state = this.#emptyState();
  }

  get keys(): KeySpace {
    return this.#parts.keys;
  }

  get definition(): KindDefinition {
    return this.values.definition;
  }

  get state(): KindState {
    return this.#state;
  }

  /** Changes offered to groups: what dispatch costs. */
  get offers(): number {
    return this.#groups.offers;
  }

  /**
   * Nothing is held any more. Watchers stay open and read etcd's history, after `applied` if they have taken every event,
   * until the log reaches back to where they are.
   */
  reset(applied: bigint, definition?: KindDefinition, codec?: ValueCodec): void {
    this.#groups.restart(applied);
    this.#state.clear();
    this.values.redefine(definition, codec);
    this.#state = this.#emptyState();
    this.heldFrom = undefined;
    this.logFrom = 0n;
    this.#gaps = [];
  }

  /** The first state is complete, at `revision`. */
  filled(revision: bigint): void {
    this.heldFrom = revision;
    this.logFrom = revision;
  }

  /** The state was listed again at `until`: the changes from `since` on are in the log, all of them at `until`. */
  skipTo({ since, until }: Gap): void {
    this.heldFrom = until;
    if (this.logFrom === 0n) this.logFrom = until;
    else if (since + 1n < until) this.#gaps = [...this.#gaps, { since, until }];
  }

  /** Whether a watcher that has everything up to `revision` can continue in the log. */
  logCovers(revision: bigint): boolean {
    return (
      this.heldFrom !== undefined &&
      revision >= this.logFrom &&
      !this.#gaps.some(({ since, until }) => since < revision && revision < until)
    );
  }

  /** @param skipsUnreadable an object that cannot be read does not match, and is reported to the watcher */
  filter(selection: Selection, skipsUnreadable = false): WatchFilter {
    return new WatchFilter(this.keys, this.definition, selection, skipsUnreadable);
  }

  /** Adds a watcher to the group that shares its filter and view. */
  join(cursor: GroupCursor, filter: WatchFilter, view: AnyView | undefined): WatchGroup {
    return this.#groups.join(cursor, filter, view, this.#state.position);
  }

  leave(cursor: GroupCursor, group: WatchGroup): void {
    this.#groups.leave(cursor, group);
  }

  /** Adds one object to the first state. */
  fill(record: StoredRecord): void {
    this.#state.fill(this.values.incoming(record));
  }

  /**
   * Applies one event, of a revision not below any earlier one.
   * @param pending takes the groups that have an event of it for their watchers
   */
  apply(event: StoredEvent, pending: PendingGroups): Applied {
    if (event.type === "delete") {
      const change = this.#state.remove(event.revision, event.key);
      const expected = event.prevModRevision ?? event.previous?.modRevision;
      if (change === undefined) return expected === undefined ? "repeated" : "missed";
      this.#groups.offer(change, pending);
      return expected !== undefined && expected !== change.before?.modRevision ? "missed" : "applied";
    }
    const { record, prevModRevision } = event;
    const held = this.#state.latest(record.key)?.modRevision ?? 0n;
    if (held >= record.modRevision) return "repeated";
    this.put(record.modRevision, record, pending);
    return prevModRevision !== undefined && prevModRevision !== held ? "missed" : "applied";
  }

  put(revision: bigint, record: StoredRecord, pending: PendingGroups): void {
    this.#groups.offer(this.#state.put(revision, this.values.incoming(record)), pending);
  }

  /** @param shown the version the object is shown with */
  remove(revision: bigint, key: string, shown: bigint, pending: PendingGroups): void {
    const change = this.#state.remove(revision, key, shown);
    if (change !== undefined) this.#groups.offer(change, pending);
  }

  /** Forgets positions up to `position`; reads and watches then begin at its revision. */
  forgetBefore(position: number, revision: bigint): void {
    this.#state.forgetBefore(position);
    if (this.heldFrom !== undefined && revision > this.heldFrom) this.heldFrom = revision;
    if (revision > this.logFrom) {
      this.logFrom = revision;
      if (this.#gaps.length > 0) this.#gaps = this.#gaps.filter(({ until }) => until > revision);
    }
    this.#groups.forgetBefore(position);
  }

  #emptyState(): KindState {
    const { slabs, decoded } = this.#parts;
    return new KindState(this.definition.indexes.length, slabs, decoded);
  }
}
