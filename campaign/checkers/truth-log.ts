/**
 * An index of etcd's own log: the state of a key at a revision, the predecessor of a change, the place where a value
 * was written.
 *
 * Built once from the truth lines and read by every checker. Changes are in revision order; those of one revision in
 * the order given. Times play no part here.
 */
import { Digest } from "./digest.ts";
import type { Filter, State, TruthRecord } from "./history.ts";

/** A change with the one before it of the same key. */
export interface Change extends TruthRecord {
  readonly previous: Change | undefined;
}

export class TruthLog {
  readonly changes: readonly Change[];
  /** Revision of the last change; 0n when there is none. */
  readonly end: bigint;
  readonly #byKey = new Map<string, Change[]>();
  readonly #byValue = new Map<string, Change[]>();

  constructor(lines: readonly TruthRecord[]) {
    const ordered = [...lines].sort((a, b) =>
      a.revision < b.revision ? -1 : a.revision > b.revision ? 1 : 0,
    );
    this.changes = ordered.map((line) => {
      const ofKey = entry(this.#byKey, line.key);
      const change: Change = { ...line, previous: ofKey.at(-1) };
      ofKey.push(change);
      if (line.type === "put" && line.value !== undefined) entry(this.#byValue, line.value).push(change);
      return change;
    });
    this.end = this.changes.at(-1)?.revision ?? 0n;
  }

  get keys(): Iterable<string> {
    return this.#byKey.keys();
  }

  /** The changes of a key, in order. */
  of(key: string): readonly Change[] {
    return this.#byKey.get(key) ?? [];
  }

  /** The puts of a value: one, if it was stored once. */
  putsOf(value: string): readonly Change[] {
    return this.#byValue.get(value) ?? [];
  }

  /** The last change of a key at or below a revision. */
  lastAt(key: string, revision: bigint): Change | undefined {
    const changes = this.of(key);
    return changes[indexAfter(changes, revision) - 1];
  }

  /** The change of a key at exactly this revision. */
  at(key: string, revision: bigint): Change | undefined {
    const change = this.lastAt(key, revision);
    return change?.revision === revision ? change : undefined;
  }

  /** The first change of a key above a revision. */
  nextAfter(key: string, revision: bigint): Change | undefined {
    const changes = this.of(key);
    return changes[indexAfter(changes, revision)];
  }

  /** Changes above `from` up to and including `to`. */
  *between(from: bigint, to: bigint): Generator<Change, void> {
    for (let i = indexAfter(this.changes, from); i < this.changes.length; i++) {
      const change = this.changes[i];
      if (change === undefined || change.revision > to) return;
      yield change;
    }
  }

  /** Whether the key existed at some revision in [from, to], both inclusive. */
  existsWithin(key: string, from: bigint, to: bigint): boolean {
    return this.#within(key, from, to, (change) => change?.type === "put");
  }

  absentWithin(key: string, from: bigint, to: bigint): boolean {
    return this.#within(key, from, to, (change) => change?.type !== "put");
  }

  /** Whether the key was other than in version `revision` at some revision in [from, to]. */
  otherWithin(key: string, revision: bigint, from: bigint, to: bigint): boolean {
    return this.#within(key, from, to, (change) =>
      revision === 0n ? change?.type === "put" : change?.revision !== revision,
    );
  }

  #within(key: string, from: bigint, to: bigint, holds: (change: Change | undefined) => boolean): boolean {
    if (holds(this.lastAt(key, from))) return true;
    const changes = this.of(key);
    for (let i = indexAfter(changes, from); i < changes.length; i++) {
      const change = changes[i];
      if (change === undefined || change.revision > to) return false;
      if (holds(change)) return true;
    }
    return false;
  }
}

/** Whether the object this change left is what the filter asks for; a deletion leaves none. */
export function isWanted(filter: Filter, change: TruthRecord | undefined): change is TruthRecord {
  if (change?.type !== "put") return false;
  const { prefix, key, labels, fields } = filter;
  if (prefix !== undefined && !change.key.startsWith(prefix)) return false;
  if (key !== undefined && change.key !== key) return false;
  if (labels !== undefined) {
    for (const [name, value] of Object.entries(labels)) if (change.labels?.[name] !== value) return false;
  }
  if (fields !== undefined) {
    for (const [name, value] of Object.entries(fields)) {
      if ((change.fields?.[name] ?? "") !== value) return false;
    }
  }
  return true;
}

export function stateOf(change: TruthRecord): State {
  const { key, revision, value = "", hash } = change;
  return { key, revision, value, hash };
}

/** What a filter selects at one revision. */
export interface Selected {
  readonly count: number;
  readonly digest: string;
  readonly contents: string;
}

/**
 * What each of many filters selects while the log is played once, from its beginning to its end. Ask in revision order.
 */
export class SelectionReplay {
  readonly #log: TruthLog;
  readonly #running = new Map<string, { filter: Filter; count: number; values: Digest; hashes: Digest }>();
  #next = 0;

  constructor(log: TruthLog, filters: Iterable<Filter>) {
    this.#log = log;
    for (const filter of filters) {
      const name = nameOf(filter);
      if (this.#running.has(name)) continue;
      this.#running.set(name, { filter, count: 0, values: new Digest(), hashes: new Digest() });
    }
  }

  /** The selection at `revision`; calls come in ascending order. */
  at(filter: Filter, revision: bigint): Selected {
    const { changes } = this.#log;
    for (let change = changes[this.#next]; change !== undefined; change = changes[++this.#next]) {
      if (change.revision > revision) break;
      this.#apply(change);
    }
    const running = this.#running.get(nameOf(filter));
    if (running === undefined) throw new Error(`no such filter: ${nameOf(filter)}`);
    return { count: running.count, digest: `${running.values}`, contents: `${running.hashes}` };
  }

  #apply(change: Change): void {
    for (const running of this.#running.values()) {
      if (isWanted(running.filter, change.previous)) {
        running.count--;
        running.values.remove(stateOf(change.previous), "value");
        running.hashes.remove(stateOf(change.previous), "hash");
      }
      if (isWanted(running.filter, change)) {
        running.count++;
        running.values.add(stateOf(change), "value");
        running.hashes.add(stateOf(change), "hash");
      }
    }
  }
}

/** All states wanted at a revision. */
export function statesAt(
  log: TruthLog,
  wants: (change: TruthRecord | undefined) => boolean,
  revision: bigint,
): readonly State[] {
  const states: State[] = [];
  for (const key of log.keys) {
    const change = log.lastAt(key, revision);
    if (change?.type === "put" && wants(change)) states.push(stateOf(change));
  }
  return states;
}

/** The first differences between the result and the truth, as text. */
export function differenceOf(shown: readonly State[], truth: readonly State[]): string {
  const rest = new Map(truth.map((state) => [state.key, state]));
  const words: string[] = [];
  for (const state of shown) {
    const wanted = rest.get(state.key);
    rest.delete(state.key);
    if (wanted === undefined) words.push(`${textOf(state)} is not there`);
    else if (wanted.revision !== state.revision || wanted.value !== state.value) {
      words.push(`${textOf(state)} is ${textOf(wanted)}`);
    } else if (state.hash !== undefined && wanted.hash !== undefined && state.hash !== wanted.hash) {
      words.push(`${textOf(state)} has content ${state.hash}, in truth ${wanted.hash}`);
    }
  }
  for (const state of rest.values()) words.push(`${textOf(state)} is missing`);
  return words.slice(0, 5).join("; ") + (words.length > 5 ? ` and ${words.length - 5} more` : "");
}

const textOf = ({ key, revision, value }: State): string => `${key}=${value}@${revision}`;

const nameOf = ({ prefix, key, labels, fields }: Filter): string =>
  JSON.stringify([prefix, key, labels, fields]);

function entry(map: Map<string, Change[]>, name: string): Change[] {
  let list = map.get(name);
  if (list === undefined) map.set(name, (list = []));
  return list;
}

/** Index of the first change above `revision`. */
function indexAfter(changes: readonly Change[], revision: bigint): number {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const change = changes[middle];
    if (change !== undefined && change.revision <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
}
