/**
 * Kinds that join a cache which is already following its source: each is listed beside the stream, its events wait
 * meanwhile, and it is whole once the stream has come to the version of that list.
 *
 *   begin ─► listed at R, events are kept ─► stream at R ─► end: the events above R are the rest
 *
 * `feed.ts` owns it. A list of everything that runs at the same time has the kind too: `clear`.
 */
import type { StoredEvent, StoredSource } from "../../storage/seam/stored.ts";
import type { CachedKind } from "../fan-out/cached-kind.ts";

export class JoiningKinds {
  readonly #waiting = new Map<string, StoredEvent[]>();

  /** True when the event is of a kind that joins, and is kept until it has. */
  keeps(resource: string, event: StoredEvent): boolean {
    const events = this.#waiting.get(resource);
    events?.push(event);
    return events !== undefined;
  }

  clear(): void {
    this.#waiting.clear();
  }

  /** The kind joins, or has left. @returns the events above `revision` that were kept for it */
  end(resource: string, revision: bigint): readonly StoredEvent[] {
    const events = this.#waiting.get(resource) ?? [];
    this.#waiting.delete(resource);
    return events.filter((event) => revisionOf(event) > revision);
  }

  /** From now on the kind's events wait. */
  begin(resource: string): void {
    this.#waiting.set(resource, []);
  }

  /**
   * Lists a kind that has begun to join.
   * @returns the version of the list; undefined when a list of everything has overtaken it
   */
  async list(kind: CachedKind, all: StoredSource, signal: AbortSignal): Promise<bigint | undefined> {
    const { resource } = kind.definition;
    const source = all.only(kind.definition);
    const revision = await all.currentRevision({ signal });
    let after: string | undefined;
    let remaining: number | undefined;
    do {
      const page = await source.page({ after, revision, remaining }, { signal });
      // The stream broke in between, and what was listed then has this kind too.
      if (kind.heldFrom !== undefined || !this.#waiting.has(resource)) return undefined;
      for (const record of page.records) kind.fill(record);
      ({ after, remaining } = page);
      await all.turns.pause();
    } while (after !== undefined);
    return revision;
  }
}

function revisionOf(event: StoredEvent): bigint {
  return event.type === "put" ? event.record.modRevision : event.revision;
}
