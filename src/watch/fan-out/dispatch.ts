/**
 * Who may want a change: groups of watchers found by their most selective condition, so that a change touches
 * only groups that may want it, however many there are.
 *
 *   one object        key ─► groups
 *   label or field    attribute ─► value ─► groups       of the state before and the state after
 *   one namespace     namespace's key prefix ─► groups
 *   the rest          groups
 *
 * Each group is in exactly one of the four.
 */
import type { Change } from "../state/change-log.ts";
import type { Version } from "../state/version.ts";
import { attributeOf, type WatchFilter } from "./watch-filter.ts";

/** What dispatch needs of a group of watchers. */
export interface Subscriber {
  readonly filter: WatchFilter;
  /** Position of the last change offered: a change is offered once. */
  offeredPosition: number;
  offer(change: Change): void;
}

export class Dispatch<S extends Subscriber> {
  readonly #byKey = new Map<string, Set<S>>();
  readonly #byAttribute = new Map<string, Map<string, Set<S>>>();
  readonly #byNamespace = new Map<string, Set<S>>();
  readonly #rest = new Set<S>();
  #offers = 0;

  /** Changes offered to groups so far, wanted or not. */
  get offers(): number {
    return this.#offers;
  }

  add(subscriber: S): void {
    const { filter } = subscriber;
    const handle = filter.handle();
    if (filter.key !== undefined) into(this.#byKey, filter.key).add(subscriber);
    else if (handle !== undefined) {
      let values = this.#byAttribute.get(handle.attribute);
      if (values === undefined) this.#byAttribute.set(handle.attribute, (values = new Map()));
      for (const value of handle.values) into(values, value).add(subscriber);
    } else if (filter.selection.namespace !== undefined)
      into(this.#byNamespace, filter.span.from).add(subscriber);
    else this.#rest.add(subscriber);
  }

  remove(subscriber: S): void {
    const { filter } = subscriber;
    const handle = filter.handle();
    if (filter.key !== undefined) outOf(this.#byKey, filter.key, subscriber);
    else if (handle !== undefined) {
      const values = this.#byAttribute.get(handle.attribute);
      if (values === undefined) return;
      for (const value of handle.values) outOf(values, value, subscriber);
      if (values.size === 0) this.#byAttribute.delete(handle.attribute);
    } else if (filter.selection.namespace !== undefined)
      outOf(this.#byNamespace, filter.span.from, subscriber);
    else this.#rest.delete(subscriber);
  }

  /** Offers `change` to every group that may want it. */
  dispatch(change: Change): void {
    const { key } = change.entry;
    this.#offer(this.#rest, change);
    if (this.#byKey.size > 0) this.#offer(this.#byKey.get(key), change);
    if (this.#byNamespace.size > 0) {
      this.#offer(this.#byNamespace.get(key.slice(0, key.lastIndexOf("/") + 1)), change);
    }
    for (const [attribute, values] of this.#byAttribute) {
      const before = attributeIn(change.before, attribute);
      const after = attributeIn(change.after, attribute);
      if (before !== undefined) this.#offer(values.get(before), change);
      if (after !== undefined && after !== before) this.#offer(values.get(after), change);
    }
  }

  #offer(subscribers: ReadonlySet<S> | undefined, change: Change): void {
    if (subscribers === undefined) return;
    for (const subscriber of subscribers) {
      if (subscriber.offeredPosition === change.position) continue;
      subscriber.offeredPosition = change.position;
      this.#offers++;
      subscriber.offer(change);
    }
  }
}

function attributeIn(version: Version | undefined, attribute: string): string | undefined {
  return version === undefined ? undefined : attributeOf(version.attributes, attribute);
}

function into<K, S>(map: Map<K, Set<S>>, key: K): Set<S> {
  let set = map.get(key);
  if (set === undefined) map.set(key, (set = new Set()));
  return set;
}

function outOf<K, S>(map: Map<K, Set<S>>, key: K, member: S): void {
  const set = map.get(key);
  set?.delete(member);
  if (set?.size === 0) map.delete(key);
}
