/**
 * What really happened, from the cluster's log as it was written: every change of the simulated kind, with the time it
 * was applied. Processes cannot see it.
 *
 * One for each era, the time between two restores: it begins with the snapshot's content and excludes writes
 * acknowledged after the snapshot.
 *
 * A stored value is not decoded here: with every codec it contains a unique token in plain text, which identifies its
 * writer, label and field.
 */
import { TruthLog } from "../../../campaign/checkers/truth-log.ts";
import type { AppliedRevision } from "../cluster.ts";

/** Key prefix of the simulated kind. */
export const itemPrefix = "/registry/items/";

/** The identity of a value: its writer, label and field. */
export interface Token {
  readonly text: string;
  readonly app: string;
  readonly node: string;
}

const tokenPattern = /tok\.[a-z0-9]+\.\d+\.\d+\.([a-z]+)\.([a-z0-9]*);/;

export function tokenText(writer: string, worker: number, n: number, app: string, node: string): string {
  return `tok.${writer}.${worker}.${n}.${app}.${node};`;
}

/** The token in a text or in stored bytes. @throws Error when it has none: another program wrote it */
export function tokenIn(value: string | Uint8Array): Token {
  const text = typeof value === "string" ? value : Buffer.from(value).toString("latin1");
  const match = tokenPattern.exec(text);
  if (match === null) throw new Error(`no token in ${text.slice(0, 200)}`);
  return { text: match[0], app: match[1] ?? "", node: match[2] ?? "" };
}

/** One change of an object. */
export interface Change {
  readonly revision: bigint;
  readonly key: string;
  /** Undefined: it was deleted. */
  readonly token: Token | undefined;
  /** Version of the previous state; 0n: there was none. */
  readonly before: bigint;
  /** The lease of the state; 0n for none. */
  readonly lease: bigint;
  readonly atMs: number;
}

export class Truth {
  /** Restores before it. */
  readonly era: number;
  /** First revision: everything up to it, inclusive, is from an earlier era. 0n: the first one. */
  readonly start: bigint;
  /** Whether processes can distinguish it from the previous era only by the epoch's record: the cluster kept its id. */
  readonly isSilent: boolean;
  /** Revision of the cluster at its end; undefined while it lasts. */
  over: bigint | undefined;
  /** Revision at which its first quota had been set. */
  quotaSince: bigint | undefined;
  readonly changes: Change[] = [];
  readonly #byKey = new Map<string, Change[]>();
  readonly #byToken = new Map<string, Change[]>();

  constructor(facts: { readonly era: number; readonly start: bigint; readonly isSilent: boolean }) {
    this.era = facts.era;
    this.start = facts.start;
    this.isSilent = facts.isSilent;
  }

  /** The initial content of an era restored to `revision` of this one. */
  restored(revision: bigint, facts: ConstructorParameters<typeof Truth>[0]): Truth {
    const next = new Truth(facts);
    if (this.quotaSince !== undefined && this.quotaSince <= revision) next.quotaSince = this.quotaSince;
    for (const change of this.changes) if (change.revision <= revision) next.#add(change);
    return next;
  }

  /** Whether this era made it, rather than an earlier one. */
  isOwn({ revision }: Change): boolean {
    return revision > this.start;
  }

  note({ revision, events }: AppliedRevision, atMs: number): void {
    for (const { key, event } of events) {
      if (!key.startsWith(itemPrefix)) continue;
      const ofKey = this.of(key);
      const last = ofKey.at(-1);
      const token = event.type === "put" ? tokenIn(event.kv.value) : undefined;
      const change: Change = {
        revision,
        key,
        token,
        before: last?.token === undefined ? 0n : last.revision,
        lease: event.kv.lease,
        atMs,
      };
      this.#add(change);
    }
  }

  #add(change: Change): void {
    const { key, token } = change;
    this.changes.push(change);
    this.#byKey.set(key, [...this.of(key), change]);
    if (token !== undefined) this.#byToken.set(token.text, [...this.putsOf(token.text), change]);
  }

  get keys(): Iterable<string> {
    return this.#byKey.keys();
  }

  of(key: string): readonly Change[] {
    return this.#byKey.get(key) ?? [];
  }

  /** Every time this value was stored: once in a correct world. */
  putsOf(token: string): readonly Change[] {
    return this.#byToken.get(token) ?? [];
  }

  /** The last change of a key up to a revision, inclusive. */
  at(key: string, revision: bigint): Change | undefined {
    return this.of(key).findLast((change) => change.revision <= revision);
  }

  /** The states a key was in at some revision in [from, to]; undefined stands for absent. */
  statesWithin(key: string, from: bigint, to: bigint): readonly (Change | undefined)[] {
    const first = this.at(key, from);
    const later = this.of(key).filter((change) => change.revision > from && change.revision <= to);
    return [first, ...later].map((change) => (change?.token === undefined ? undefined : change));
  }

  /** All live objects at a revision whose key has the prefix, in key order. */
  stateAt(prefix: string, revision: bigint): readonly Change[] {
    const state: Change[] = [];
    for (const key of [...this.#byKey.keys()].sort()) {
      if (!key.startsWith(prefix)) continue;
      const change = this.at(key, revision);
      if (change?.token !== undefined) state.push(change);
    }
    return state;
  }

  /** How many objects there were, at each revision in [from, to] that changed it. */
  countsWithin(prefix: string, from: bigint, to: bigint): readonly number[] {
    const revisions = this.changes
      .map(({ revision }) => revision)
      .filter((revision) => revision > from && revision <= to);
    return [from, ...revisions].map((revision) => this.stateAt(prefix, revision).length);
  }

  /** In the form that the checkers read. */
  log(): TruthLog {
    return new TruthLog(
      this.changes.map(({ revision, key, token }) => {
        const base = { line: "truth", revision, key, createRevision: 0n } as const;
        return token === undefined
          ? { ...base, type: "delete" as const }
          : { ...base, type: "put" as const, value: token.text };
      }),
    );
  }
}

export function textOfChange(change: Change | undefined): string {
  return change === undefined
    ? "absent"
    : `${change.key}@${change.revision}=${change.token?.text ?? "deleted"}`;
}
