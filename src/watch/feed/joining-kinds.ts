/**
 * Kinds that join a cache which already follows its source. A kind is listed beside the stream while its events are kept;
 * it is complete when the stream has reached the version of that list.
 *
 *   begin ─► listed at R, events are kept ─► stream at R ─► end: the kept events above R are applied
 *
 * `feed.ts` owns it, `added-kinds.ts` drives it. If everything is listed in between, the kind is in that list: `clear`.
 */
import type { StoredEvent, StoredSource } from "../../storage/seam/stored.ts";
import type { CachedKind } from "../fan-out/cached-kind.ts";

export class JoiningKinds {
  readonly #waiting = new Map<string, StoredEvent[]>();

  /** True when the event is of a kind that is joining; it is kept then. */
  keeps(event: StoredEvent): boolean {
    const { resource } = event.type === "put" ? event.record.kind : event.kind;
    const events = this.#waiting.get(resource);
    events?.push(event);
    return events !== undefined;
  }

  clear(): void {
    this.#waiting.clear();
  }

  /** Stops keeping the kind's events: it is complete, or removed. @returns the kept events above `revision` */
  end(resource: string, revision: bigint): readonly StoredEvent[] {
    const events = this.#waiting.get(resource) ?? [];
    this.#waiting.delete(resource);
    return events.filter((event) => revisionOf(event) > revision);
  }

  /** Keeps the kind's events from now on. */
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
      // The stream broke in between, and everything was listed, this kind included.
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
