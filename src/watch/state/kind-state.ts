/**
 * The objects of one kind at every held version, in one structure, secondary indexes included.
 *
 *   entries   key order          ─► Entry ─► versions with their intervals
 *   postings  index value ─► key order ─► the same entries
 *
 * Versions carry the interval of positions in which they hold, so a read of a past version, by index or not, walks the
 * same arrays as a read of the latest and costs the same. Pure: no I/O, no time. Why intervals and not a copy-on-write
 * tree: docs/adr/0007-versioned-state.md.
 */
import { SortedList } from "../../base/sorted-list.ts";
import { invariant } from "../../errors.ts";
import { type Change, ChangeLog } from "./change-log.ts";
import type { DecodedValues } from "./decoded-values.ts";
import { type IndexPick, Postings } from "./postings.ts";
import type { Slabs } from "./slabs.ts";
import { type Entry, type Incoming, type KeySpan, live, Version, versionAt } from "./version.ts";

/** Bytes an object version costs besides its value and key: records, list places, attributes (measured: bench/cache.ts). */
const versionBytes = 420;
/** Bytes a change costs in the log. */
const changeBytes = 80;

export class KindState {
  readonly #slabs: Slabs;
  readonly #entries = new SortedList<Entry>();
  /** Entries that were created or removed inside the history window, so they do not exist at every held position. */
  readonly #unsettled = new SortedList<Entry>();
  readonly #postings: Postings;
  readonly #decoded: DecodedValues;
  readonly log: ChangeLog = new ChangeLog();
  #liveCount = 0;
  #bytes = 0;
  #historyBytes = 0;
  /** Current versions that cannot be read. */
  readonly unreadable: Set<Version> = new Set();

  /** @param decoded lets go of what was made of a version when the version leaves memory */
  constructor(indexCount: number, slabs: Slabs, decoded: DecodedValues) {
    this.#slabs = slabs;
    this.#decoded = decoded;
    this.#postings = new Postings(indexCount);
  }

  /** The latest position. */
  get position(): number {
    return this.log.position;
  }

  /** Objects that exist at the latest position. */
  get size(): number {
    return this.#liveCount;
  }

  /** Bytes charged for everything held, values included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The part of `bytes` that only past versions need. */
  get historyBytes(): number {
    return this.#historyBytes;
  }

  /** Runs `visit` over the objects that exist now. */
  forEachLatest(visit: (version: Version) => void): void {
    this.#entries.forEach(({ latest }) => {
      if (latest.removed === live) visit(latest);
    });
  }

  /** Adds an object of the first state, before any change. False when its key is there already. */
  fill(incoming: Incoming): boolean {
    invariant(this.log.position === 0, "a state is filled before its first change");
    const version = new Version(undefined, 0, incoming);
    if (!this.#entries.insert(version.entry)) return false;
    this.#adopt(version, incoming, undefined);
    return true;
  }

  /** Creates or replaces. `revision` is not below any earlier change's. */
  put(revision: bigint, incoming: Incoming): Change {
    const entry = this.#entries.get(incoming.key);
    const newest = entry?.latest;
    const before = newest !== undefined && newest.removed === live ? newest : undefined;
    const position = this.log.position + 1;
    const after = new Version(entry, position, incoming);
    if (before !== undefined) this.#end(before, position);
    if (entry !== undefined && newest !== undefined) {
      if (entry.past === undefined) entry.past = [newest];
      else entry.past.push(newest);
      entry.latest = after;
    } else this.#entries.insert(after.entry);
    this.#adopt(after, incoming, newest);
    return this.#append({ position, revision, entry: after.entry, before, after });
  }

  /** Removes; undefined when there is no such object. @param shown the version the object is shown with; default `revision` */
  remove(revision: bigint, key: string, shown?: bigint): Change | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.latest.removed !== live) return undefined;
    const position = this.log.position + 1;
    this.#end(entry.latest, position);
    return this.#append({ position, revision, entry, before: entry.latest, after: undefined, shown });
  }

  /** The object at `position`, which must be held. */
  get(key: string, position: number): Version | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined ? undefined : versionAt(entry, position);
  }

  /** The newest state of `key`, if the object exists. */
  latest(key: string): Version | undefined {
    const version = this.#entries.get(key)?.latest;
    return version?.removed === live ? version : undefined;
  }

  /**
   * Runs `visit` over the objects that exist at `position`, in key order, until it returns false.
   * Nothing may change during the walk.
   */
  scan(
    span: KeySpan,
    position: number,
    pick: IndexPick | undefined,
    visit: (version: Version) => boolean,
  ): void {
    if (pick !== undefined) this.#postings.scan(span, position, pick, visit);
    else if (position === this.log.position) {
      this.#entries.scan(span.from, span.end, ({ latest }) => latest.removed !== live || visit(latest));
    } else {
      this.#entries.scan(span.from, span.end, (entry) => {
        const version = versionAt(entry, position);
        return version === undefined || visit(version);
      });
    }
  }

  /** Objects in the span at `position`: counts chunks whole, and looks only at entries that came or went inside the window. */
  count(span: KeySpan, position: number): number {
    let count = this.#entries.countBetween(span.from, span.end);
    this.#unsettled.scan(span.from, span.end, (entry) => {
      if (versionAt(entry, position) === undefined) count--;
      return true;
    });
    return count;
  }

  /** Entries that a walk of the index would look at: those that have, or inside the history window had, one of the values. */
  postingSize(pick: IndexPick): number {
    return this.#postings.size(pick);
  }

  /** Forgets every position before `position`. */
  forgetBefore(position: number): void {
    for (
      let change = this.log.first;
      change !== undefined && change.position <= position;
      change = this.log.first
    ) {
      this.log.dropFirst();
      this.#bytes -= changeBytes;
      this.#historyBytes -= changeBytes;
      if (change.before !== undefined) this.#forget(change.entry, change.before);
      this.#settle(change.entry, change.position);
    }
  }

  /** Drops everything; versions handed out stay readable. */
  clear(): void {
    this.#entries.forEach((entry) => {
      for (const version of entry.past ?? []) this.#drop(version);
      this.#drop(entry.latest);
    });
    this.#entries.clear();
    this.#unsettled.clear();
    this.#postings.clear();
    this.log.clear();
    this.#liveCount = 0;
    this.#bytes = 0;
    this.#historyBytes = 0;
    this.unreadable.clear();
  }

  /** Moves values out of slabs marked `moving`. */
  evacuate(): void {
    const move = (version: Version): void => {
      const { slab, bytes } = version;
      if (slab === undefined || bytes === undefined || !slab.moving) return;
      this.#store(version, bytes);
      this.#slabs.release(slab, version.length);
    };
    this.#entries.forEach((entry) => {
      entry.past?.forEach(move);
      move(entry.latest);
    });
  }

  /** Takes in a version whose entry is listed. @param newest the entry's newest version before this one */
  #adopt(version: Version, incoming: Incoming, newest: Version | undefined): void {
    if (incoming.bytes !== undefined) this.#store(version, incoming.bytes);
    else if (incoming.corrupt !== undefined) {
      this.#decoded.keepFault(version, incoming.corrupt);
      this.unreadable.add(version);
    }
    this.#postings.add(version, newest);
    this.#liveCount++;
    this.#bytes += chargeOf(version);
  }

  #store(version: Version, bytes: Uint8Array): void {
    const { slab, offset } = this.#slabs.add(bytes);
    version.slab = slab;
    version.offset = offset;
  }

  #end(version: Version, position: number): void {
    version.removed = position;
    this.#liveCount--;
    this.unreadable.delete(version);
    this.#historyBytes += chargeOf(version);
  }

  #append(change: Change): Change {
    this.log.append(change);
    if (change.before === undefined || change.after === undefined) this.#unsettled.insert(change.entry);
    this.#bytes += changeBytes;
    this.#historyBytes += changeBytes;
    return change;
  }

  /** An entry that now exists at every held position needs no looking at when objects are counted. */
  #settle(entry: Entry, position: number): void {
    const { latest, past } = entry;
    if (past === undefined && latest.removed === live && latest.added <= position) {
      this.#unsettled.delete(entry.key);
    }
  }

  /** `version` ended before every held position. */
  #forget(entry: Entry, version: Version): void {
    if (entry.latest === version) {
      this.#entries.delete(entry.key);
      this.#unsettled.delete(entry.key);
      this.#postings.removeAll(version);
    } else {
      invariant(entry.past?.[0] === version, "versions are forgotten in the order of their ends");
      entry.past.shift();
      if (entry.past.length === 0) entry.past = undefined;
      this.#postings.remove(version);
    }
    this.#drop(version);
  }

  #drop(version: Version): void {
    this.#bytes -= chargeOf(version);
    if (version.removed !== live) this.#historyBytes -= chargeOf(version);
    if (version.slab !== undefined) this.#slabs.release(version.slab, version.length);
    this.#decoded.drop(version);
  }
}

function chargeOf(version: Version): number {
  return versionBytes + version.length + version.entry.key.length;
}
