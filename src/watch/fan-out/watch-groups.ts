/**
 * The groups of watchers of one kind. Watchers that ask for the same selection in the same view share a group; a change
 * is offered only to groups that may want it, however many there are. Each group is listed in one of four places, by its
 * most selective condition:
 *
 *   one object        key ─► groups
 *   label or field    attribute ─► value ─► groups       of the state before and the state after
 *   one namespace     namespace's key prefix ─► groups
 *   the rest          groups
 */
import type { Change } from "../state/change-log.ts";
import type { Version } from "../state/version.ts";
import type { AnyView, KindValues } from "./kind-values.ts";
import type { PendingGroups } from "./pending-groups.ts";
import { attributeOf, type WatchFilter } from "./watch-filter.ts";
import { type GroupCursor, WatchGroup } from "./watch-group.ts";

export class WatchGroups {
  readonly #values: KindValues;
  /** By view and selection. */
  readonly #groups = new Map<string, WatchGroup>();
  readonly #byKey = new Map<string, Set<WatchGroup>>();
  readonly #byAttribute = new Map<string, Map<string, Set<WatchGroup>>>();
  readonly #byNamespace = new Map<string, Set<WatchGroup>>();
  readonly #rest = new Set<WatchGroup>();
  #offers = 0;

  constructor(values: KindValues) {
    this.#values = values;
  }

  /** Changes offered to groups so far, wanted or not: what dispatch costs. */
  get offers(): number {
    return this.#offers;
  }

  /**
   * Adds a watcher to the group of its selection and view.
   * @param position of the last change applied: the group is offered what comes after it
   */
  join(cursor: GroupCursor, filter: WatchFilter, view: AnyView | undefined, position: number): WatchGroup {
    const id = this.#idOf(filter, view);
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = new WatchGroup(filter, view, this.#values, position);
      this.#groups.set(id, group);
      this.#list(group);
    }
    group.cursors.add(cursor);
    return group;
  }

  /** Removes a watcher, and its group with the last one. */
  leave(cursor: GroupCursor, group: WatchGroup): void {
    group.cursors.delete(cursor);
    if (group.cursors.size > 0) return;
    this.#groups.delete(this.#idOf(group.filter, group.view));
    this.#unlist(group);
  }

  /** Offers `change` to every group that may want it, and adds to `pending` those that have an event of it. */
  offer(change: Change, pending: PendingGroups): void {
    const { key } = change.entry;
    this.#offerTo(this.#rest, change, pending);
    if (this.#byKey.size > 0) this.#offerTo(this.#byKey.get(key), change, pending);
    if (this.#byNamespace.size > 0) {
      this.#offerTo(this.#byNamespace.get(key.slice(0, key.lastIndexOf("/") + 1)), change, pending);
    }
    for (const [attribute, values] of this.#byAttribute) {
      const before = attributeIn(change.before, attribute);
      const after = attributeIn(change.after, attribute);
      if (before !== undefined) this.#offerTo(values.get(before), change, pending);
      if (after !== undefined && after !== before) this.#offerTo(values.get(after), change, pending);
    }
  }

  /** History forgets every position up to `position`: events of it leave the groups' tails. */
  forgetBefore(position: number): void {
    for (const group of this.#groups.values()) {
      if ((group.firstPosition ?? Number.POSITIVE_INFINITY) <= position) group.trim(position);
    }
  }

  /** Positions start over; a watcher that has taken every event has everything up to `applied`. */
  restart(applied: bigint): void {
    for (const group of this.#groups.values()) group.restart(applied);
  }

  #offerTo(groups: ReadonlySet<WatchGroup> | undefined, change: Change, pending: PendingGroups): void {
    if (groups === undefined) return;
    for (const group of groups) {
      if (group.offeredPosition === change.position) continue;
      group.offeredPosition = change.position;
      this.#offers++;
      if (group.offer(change)) pending.add(group);
    }
  }

  #list(group: WatchGroup): void {
    const { filter } = group;
    const handle = filter.handle();
    if (filter.key !== undefined) into(this.#byKey, filter.key).add(group);
    else if (handle !== undefined) {
      let values = this.#byAttribute.get(handle.attribute);
      if (values === undefined) this.#byAttribute.set(handle.attribute, (values = new Map()));
      for (const value of handle.values) into(values, value).add(group);
    } else if (filter.selection.namespace !== undefined) into(this.#byNamespace, filter.span.from).add(group);
    else this.#rest.add(group);
  }

  #unlist(group: WatchGroup): void {
    const { filter } = group;
    const handle = filter.handle();
    if (filter.key !== undefined) outOf(this.#byKey, filter.key, group);
    else if (handle !== undefined) {
      const values = this.#byAttribute.get(handle.attribute);
      if (values === undefined) return;
      for (const value of handle.values) outOf(values, value, group);
      if (values.size === 0) this.#byAttribute.delete(handle.attribute);
    } else if (filter.selection.namespace !== undefined) outOf(this.#byNamespace, filter.span.from, group);
    else this.#rest.delete(group);
  }

  #idOf(filter: WatchFilter, view: AnyView | undefined): string {
    const skips = filter.skipsUnreadable ? "readable" : "";
    return `${view === undefined ? "" : this.#values.viewId(view)}|${skips}|${filter.selection.text}`;
  }
}

function attributeIn(version: Version | undefined, attribute: string): string | undefined {
  return version === undefined ? undefined : attributeOf(version.attributes, attribute);
}

function into<K>(map: Map<K, Set<WatchGroup>>, key: K): Set<WatchGroup> {
  let set = map.get(key);
  if (set === undefined) map.set(key, (set = new Set()));
  return set;
}

function outOf<K>(map: Map<K, Set<WatchGroup>>, key: K, member: WatchGroup): void {
  const set = map.get(key);
  set?.delete(member);
  if (set?.size === 0) map.delete(key);
}
