/**
 * The kinds that are open in a store, by resource name: each with its handle, codec and object store.
 *
 * Kinds whose keys would lie among another's are refused, so a key belongs to at most one kind. Adding a kind with
 * the same group and plural replaces its definition in place; its reads and watches continue.
 */
import { quote } from "../base/text/quote.ts";
import type { Codec } from "../codec/form/codec.ts";
import type { DictionaryStore } from "../codec/msgpack/kind-dictionaries.ts";
import { type Transform, transformFor } from "../codec/sealing/transform.ts";
import { createValueCodec } from "../codec/value-codec.ts";
import { invalidArgument } from "../errors.ts";
import { definitionOf } from "../resource/model/define-kind.ts";
import { nestingKinds } from "../resource/model/keys.ts";
import type { Kind, KindDefinition } from "../resource/model/kind.ts";
import { KindHandle } from "./context/kind-handle.ts";
import type { ObjectLifecycle } from "./context/object-lifecycle.ts";
import type { StorageContext } from "./context/storage-context.ts";
import { createObjectStore, type ObjectStore } from "./object-store.ts";
import { checkTransformNames, transformNameProblems } from "./transform-names.ts";

export interface CodecChoice {
  readonly codec: Codec;
  /** In the form that `transformFor` takes. */
  readonly transforms: Readonly<Record<string, Transform>>;
  readonly dictionaries: DictionaryStore;
}

interface OpenKind {
  readonly handle: KindHandle;
  readonly store: ObjectStore;
}

export class KindRegistry {
  readonly #context: StorageContext;
  readonly #choice: CodecChoice;
  readonly #open = new Map<string, OpenKind>();
  /** Every kind that has been open, by resource name. */
  readonly #everOpen = new Set<string>();
  #handles: readonly KindHandle[] = [];
  /** Counts by codecs of kinds that have been replaced or removed. */
  #formerPlaintextRead = 0;

  constructor(context: StorageContext, choice: CodecChoice) {
    this.#context = context;
    this.#choice = choice;
  }

  /** Open kinds in the byte order of their keys. */
  get handles(): readonly KindHandle[] {
    return this.#handles;
  }

  get kinds(): readonly KindDefinition[] {
    return this.#handles.map(({ definition }) => definition);
  }

  /**
   * A kind in the form in which it would be opened, without opening it.
   * @throws INVALID_ARGUMENT for a kind that `add` refuses
   */
  candidate(kind: Kind): KindHandle {
    const { definition } = this.#checked(kind);
    checkTransformNames(this.#choice.transforms, [...this.kinds, definition]);
    return this.detached(kind);
  }

  /** @throws INVALID_ARGUMENT for a kind that is not from defineKind, or whose keys nest with another's */
  add(kind: Kind, lifecycle?: ObjectLifecycle): KindHandle {
    const { definition, found } = this.#checked(kind);
    const codec = this.#codecFor(definition);
    if (found !== undefined) {
      this.#formerPlaintextRead += found.handle.codec.stats().plaintextRead;
      found.handle.replace(definition, codec);
      return found.handle;
    }
    const handle = new KindHandle(this.#context, definition, codec, lifecycle);
    this.#everOpen.add(definition.resource);
    this.#open.set(definition.resource, { handle, store: createObjectStore(handle) });
    this.#handles = [...this.#handles, handle].sort((a, b) => (a.range.prefix < b.range.prefix ? -1 : 1));
    return handle;
  }

  #checked(kind: Kind): { readonly definition: KindDefinition; readonly found: OpenKind | undefined } {
    const definition = definitionOf(kind);
    const found = this.#open.get(definition.resource);
    const others = this.#handles.filter(({ definition: { resource } }) => resource !== definition.resource);
    const nesting = nestingKinds([...others.map((handle) => handle.definition), definition]);
    if (nesting !== undefined) {
      const [outer, inner] = nesting;
      throw invalidArgument(
        "kind",
        `Cannot open kind ${quote(definition.resource)}: keys of ${inner.resource} at ${quote(inner.keyPath)} would lie among those of ${outer.resource} at ${quote(outer.keyPath)}`,
      );
    }
    if (found !== undefined) {
      if (found.handle.lifecycle !== undefined && found.handle.definition !== definition) {
        throw invalidArgument("kind", `Cannot open kind ${quote(definition.resource)}: it is built in`);
      }
      const { scope, keyPath } = found.handle.definition;
      if (scope !== definition.scope || keyPath !== definition.keyPath) {
        throw invalidArgument(
          "kind",
          `Cannot replace kind ${quote(definition.resource)}: its scope or key path is another one, and its objects would not be found`,
        );
      }
    }
    return { definition, found };
  }

  /** @throws INVALID_ARGUMENT for a kind that is not open */
  remove(kind: Kind): void {
    const { handle } = this.#find(kind);
    if (handle.lifecycle !== undefined) {
      throw invalidArgument(
        "kind",
        `Cannot remove kind ${quote(handle.definition.resource)}: it is built in`,
      );
    }
    this.#formerPlaintextRead += handle.codec.stats().plaintextRead;
    this.#open.delete(handle.definition.resource);
    this.#handles = this.#handles.filter((other) => other !== handle);
    handle.remove();
  }

  /** A kind's keys and codec without opening it: for recorded kinds that are not defined here. */
  detached(kind: Kind): KindHandle {
    const definition = definitionOf(kind);
    return new KindHandle(this.#context, definition, this.#codecFor(definition));
  }

  /** @throws INVALID_ARGUMENT for a kind that is not open */
  handleOf(kind: Kind): KindHandle {
    return this.#find(kind).handle;
  }

  /** @throws INVALID_ARGUMENT for a kind that is not open */
  storeOf(kind: Kind): ObjectStore {
    return this.#find(kind).store;
  }

  #find(kind: Kind): OpenKind {
    const { resource } = definitionOf(kind);
    const found = this.#open.get(resource);
    if (found === undefined) {
      throw invalidArgument("kind", `Cannot use kind ${quote(resource)}: it is not open in this store`);
    }
    return found;
  }

  /**
   * Called once all initial kinds are open.
   * @throws INVALID_ARGUMENT "transforms" for a name that can only be a mistake
   */
  checkTransforms(): void {
    checkTransformNames(this.#choice.transforms, this.kinds);
  }

  /** What health() reports about the kinds. */
  get problems(): readonly string[] {
    return transformNameProblems(this.#choice.transforms, this.kinds, this.#everOpen);
  }

  /** Number of reads so far that found plaintext where sealed values are expected, and accepted it. */
  get plaintextRead(): number {
    return this.#handles.reduce(
      (sum, { codec }) => sum + codec.stats().plaintextRead,
      this.#formerPlaintextRead,
    );
  }

  /** The transform of a kind's values; undefined: none. */
  transformOf(definition: KindDefinition): Transform | undefined {
    return transformFor(this.#choice.transforms, definition);
  }

  /** After a restore: a known dictionary may be gone. */
  forgetDictionaries(): void {
    for (const { codec } of this.#handles) codec.forgetDictionaries();
  }

  /** Resolves when the background work of the codecs has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#handles.map(({ codec }) => codec.settled()));
  }

  #codecFor(definition: KindDefinition): ReturnType<typeof createValueCodec> {
    const { codec, dictionaries } = this.#choice;
    const transform = this.transformOf(definition);
    return createValueCodec({
      kind: definition,
      codec,
      dictionaries,
      random: this.#context.random,
      ...(transform === undefined ? {} : { transform }),
    });
  }
}
