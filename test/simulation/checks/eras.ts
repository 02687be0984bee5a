/**
 * The eras of a world: each restore of its cluster begins a new one, with its own truth.
 *
 *   era 0 ──────●─────────┤
 *               └─ era 1 ─┴──●────┤       what was acknowledged between ● and ┤ is legitimately gone
 *                            └─ era 2 ───
 *
 * A snapshot may be of any earlier era. A silent restore keeps the cluster's id: processes learn of it only from the
 * epoch's record, and calls that began before it may be answered after it.
 */
import type { AppliedRevision } from "../cluster.ts";
import { Truth } from "./truth.ts";

/** The current state of the cluster. */
export interface Present {
  readonly era: number;
  readonly revision: bigint;
}

/** The eras in which a call began and, if it has, returned. */
export interface CallEras {
  readonly era: number;
  readonly toEra?: number;
}

/** The content of a snapshot. */
export interface SavedEra {
  readonly truth: Truth;
  readonly revision: bigint;
}

export class Eras {
  readonly #truths: Truth[] = [new Truth({ era: 0, start: 0n, isSilent: false })];
  readonly #revision: () => bigint;

  /** @param revision of the cluster now */
  constructor(revision: () => bigint) {
    this.#revision = revision;
  }

  get all(): readonly Truth[] {
    return this.#truths;
  }

  get current(): Truth {
    return this.of(this.#truths.length - 1);
  }

  get present(): Present {
    return { era: this.#truths.length - 1, revision: this.#revision() };
  }

  of(era: number): Truth {
    const truth = this.#truths[era];
    if (truth === undefined) throw new Error(`no era ${era}`);
    return truth;
  }

  note(applied: AppliedRevision, atMs: number): void {
    this.current.note(applied, atMs);
  }

  save(): SavedEra {
    return { truth: this.current, revision: this.#revision() };
  }

  /**
   * Called before the cluster is restored. @param start revision of the new era: the snapshot's, or the one it is
   * bumped to
   */
  restore({ truth, revision }: SavedEra, how: { readonly start: bigint; readonly isSilent: boolean }): void {
    this.current.over = this.#revision();
    this.#truths.push(truth.restored(revision, { ...how, era: this.#truths.length }));
  }

  /** A quota was set and is in force, by a call that began at `begun`. */
  quotaSet(begun: Present): void {
    if (begun.era === this.present.era) this.current.quotaSince ??= this.#revision();
  }

  /** Eras in which a pending write may be applied: its own, and those that cannot be distinguished from it. */
  open(call: CallEras): readonly Truth[] {
    const last = call.toEra ?? this.present.era;
    const eras = [this.of(call.era)];
    for (let era = call.era + 1; era <= last && this.of(era).isSilent; era++) eras.push(this.of(era));
    return eras;
  }

  /** Whether the call's effect in that era is not part of the era of its response, and the response cannot know it. */
  isTakenBack(call: CallEras, truth: Truth): boolean {
    const open = this.open(call);
    return open.includes(truth) && truth !== open.at(-1);
  }

  /** Eras between two, both inclusive. */
  between(first: number, last: number): readonly Truth[] {
    return this.#truths.slice(first, last + 1);
  }

  /** Every change of a value, in the era that made it: exactly one in a correct world. */
  ownPutsOf(token: string): readonly { readonly truth: Truth; readonly change: Truth["changes"][number] }[] {
    return this.#truths.flatMap((truth) =>
      truth
        .putsOf(token)
        .filter((change) => truth.isOwn(change))
        .map((change) => ({ truth, change })),
    );
  }
}
