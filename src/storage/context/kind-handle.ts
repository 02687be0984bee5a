/**
 * A kind that is open in a store: its current definition and codec, and its key range.
 *
 * `addKind` may replace definition and codec while reads and watches are under way: an operation on a kind holds the
 * handle and reads `definition` and `codec` at each use. The key range never changes; `closed` fires when the kind is
 * removed.
 */
import { setMaxListeners } from "node:events";
import type { KindValueCodec } from "../../codec/value-codec.ts";
import type { Subject } from "../../errors/codes.ts";
import { StoreError } from "../../errors.ts";
import type { KeyRange } from "../../resource/model/key-range.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";
import type { Key } from "../../resource/model/resource.ts";
import { textOfObject } from "../../resource/objects/object-text.ts";
import { subjectOf } from "../../resource/objects/read-errors.ts";
import type { ObjectLifecycle } from "./object-lifecycle.ts";
import { PageSizer } from "./range-pages.ts";
import type { StorageContext } from "./storage-context.ts";

export class KindHandle {
  /** The store that it is open in. */
  readonly context: StorageContext;
  readonly range: KeyRange;
  /** Undefined for ordinary kinds. */
  readonly lifecycle: ObjectLifecycle | undefined;
  /** The known size of its values. */
  readonly sizer: PageSizer = new PageSizer();
  readonly #removed = new AbortController();
  readonly #replaced = new Set<() => void>();
  #definition: KindDefinition;
  #codec: KindValueCodec;

  constructor(
    context: StorageContext,
    definition: KindDefinition,
    codec: KindValueCodec,
    lifecycle?: ObjectLifecycle,
  ) {
    this.context = context;
    this.#definition = definition;
    this.#codec = codec;
    this.range = context.keys.range(definition);
    this.lifecycle = lifecycle;
    // Every open watch of the kind listens. Thousands of listeners are usual and not a leak.
    setMaxListeners(0, this.#removed.signal);
  }

  get definition(): KindDefinition {
    return this.#definition;
  }

  get codec(): KindValueCodec {
    return this.#codec;
  }

  /** Aborted with CLOSED when the kind is removed from the store. */
  get closed(): AbortSignal {
    return this.#removed.signal;
  }

  /** Same group and plural, another version or codec: operations under way use it from their next object on. */
  replace(definition: KindDefinition, codec: KindValueCodec): void {
    if (definition === this.#definition && codec === this.#codec) return;
    this.#definition = definition;
    this.#codec = codec;
    for (const listener of [...this.#replaced]) listener();
  }

  /** Called after each replacement: everything derived from the former definition must be derived again. */
  onReplaced(listener: () => void): Disposable {
    this.#replaced.add(listener);
    return { [Symbol.dispose]: () => this.#replaced.delete(listener) };
  }

  remove(): void {
    const what = `kind ${this.#definition.resource}`;
    this.#removed.abort(new StoreError("CLOSED", `Cannot use ${what}: it was removed`, { what }));
  }

  /** How a message names this object, without its etcd key. */
  text(at: Key): string {
    return textOfObject(this.#definition.resource, at);
  }

  /** The subject of an error about this object. */
  subject(key: string, at: Key): Subject {
    return subjectOf(this.#definition, at, key);
  }
}
