/**
 * The state that the page's requests share: the reader of values with its keys and dictionaries, and the kinds. Both
 * are reloaded when they are old, to find new definitions and dictionaries.
 */
import type { Etcd } from "keelson/etcd";
import type { Session } from "../../cli/session.ts";
import { sourceOf } from "../../store/key-source.ts";
import { type KindCatalogue, kindCatalogue } from "../../store/kind-catalogue.ts";
import { type ValueReader, valueReader } from "../../store/value-reader.ts";

/** Maximum delay until a new definition is known. */
const freshMs = 15_000;

export interface Known {
  readonly reader: ValueReader;
  readonly catalogue: KindCatalogue;
}

export class StoreView {
  readonly #session: Session;
  readonly #etcd: Etcd;
  #known: Promise<Known> | undefined;
  #readMs = 0;

  constructor(session: Session, etcd: Etcd) {
    this.#session = session;
    this.#etcd = etcd;
  }

  known(): Promise<Known> {
    const nowMs = this.#etcd.clock.monotonicMs();
    if (this.#known !== undefined && nowMs - this.#readMs < freshMs) return this.#known;
    this.#readMs = nowMs;
    const known = this.#read();
    this.#known = known;
    // A failed one is not cached.
    known.catch(() => {
      if (this.#known === known) this.#known = undefined;
    });
    return known;
  }

  async #read(): Promise<Known> {
    const reader = await valueReader(this.#session, this.#etcd);
    const source = await sourceOf(this.#session, this.#etcd);
    return { reader, catalogue: await kindCatalogue(this.#session, source, reader) };
  }
}
