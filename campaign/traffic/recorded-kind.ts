/**
 * One logical client's calls on one kind: those of a `ResourceStore`, recorded. Strictly one after the other.
 */
import type { Draft, ListOptions, ListPage, ReadFreshness, ResourceReader, ResourceStore } from "keelson";
import { digestOf } from "../checkers/digest.ts";
import type { CallInput, CallRecord, Filter, Op } from "../checkers/history.ts";
import { type At, keyOf, prefixOf, type Valued } from "./kinds.ts";
import type { CallResult, Recorder } from "./recorder.ts";

interface ReadOptions {
  readonly timeoutMs: number;
  readonly read?: ReadFreshness | undefined;
}

export interface RecordedKindOptions {
  readonly recorder: Recorder;
  /** Unique in the run; calls of one client never overlap. */
  readonly client: string;
  /** Who answers reads: "store" or a cache's name. */
  readonly via: string;
  readonly plural: string;
  readonly reader: Pick<ResourceReader<Valued>, "get" | "list">;
  /** Absent for a client that only reads. */
  readonly store?: ResourceStore<Valued> | undefined;
}

export class RecordedKind {
  readonly #options: RecordedKindOptions;

  constructor(options: RecordedKindOptions) {
    this.#options = options;
  }

  create(draft: Draft<Valued>, timeoutMs: number): Promise<CallResult<Valued>> {
    const { namespace = "", name = "" } = draft.metadata;
    const key = keyOf(this.#options.plural, { namespace, name });
    const input = { ...this.#input("create", key), value: draft.spec.value, guard: 0n };
    return this.#write(input, () => this.#store.create(draft, { timeoutMs }));
  }

  /** Compare and swap on the object's own version. */
  update(object: Valued, timeoutMs: number): Promise<CallResult<Valued>> {
    const { namespace = "", name, resourceVersion } = object.metadata;
    const key = keyOf(this.#options.plural, { namespace, name });
    const input = {
      ...this.#input("update", key),
      value: object.spec.value,
      guard: BigInt(resourceVersion),
    };
    return this.#write(input, () => this.#store.update(object, { timeoutMs }));
  }

  /** `change` gives a new unique value each time it is called. */
  guaranteedUpdate(
    at: At,
    change: (current: Valued) => Valued,
    timeoutMs: number,
  ): Promise<CallResult<Valued>> {
    const { recorder, plural } = this.#options;
    const input = this.#input("guaranteedUpdate", keyOf(plural, at));
    const values: string[] = [];
    const mutate = (current: Valued): Valued => {
      const next = change(current);
      values.push(next.spec.value);
      recorder.sink.write({ line: "invoke", ...input, value: next.spec.value });
      return next;
    };
    return recorder.call(
      input,
      () => this.#store.guaranteedUpdate(at, mutate, { timeoutMs }),
      written,
      () => {
        const value = values.at(-1);
        if (value === undefined) return {};
        return values.length === 1 ? { value } : { value, earlier: values.slice(0, -1) };
      },
    );
  }

  /** With a version: only that version. */
  delete(at: At, timeoutMs: number, resourceVersion?: string): Promise<CallResult<Valued>> {
    const input = this.#input("delete", keyOf(this.#options.plural, at));
    if (resourceVersion === undefined) return this.#write(input, () => this.#store.delete(at, { timeoutMs }));
    return this.#write({ ...input, guard: BigInt(resourceVersion) }, () =>
      this.#store.delete(at, { timeoutMs, preconditions: { resourceVersion } }),
    );
  }

  get(at: At, options: ReadOptions): Promise<CallResult<Valued>> {
    const { recorder, plural, reader } = this.#options;
    const input = { ...this.#input("get", keyOf(plural, at)), read: freshnessOf(options.read) };
    return recorder.call(
      input,
      () => reader.get(at, options),
      (object) => {
        const found = recorder.stateOf(plural, object, "hashed");
        return { found, revision: found.revision };
      },
    );
  }

  /** `filter` describes the selectors of `options` for the checkers. */
  list(
    options: Omit<ListOptions, "limit"> & ReadOptions,
    filter?: Filter,
  ): Promise<CallResult<ListPage<Valued>>> {
    const { recorder, reader } = this.#options;
    return recorder.call(
      this.#listInput(options, filter),
      () => reader.list(options),
      (page) => this.#shown(page.items, page.resourceVersion),
    );
  }

  /**
   * A list in pages of `limit`, with `pause` between them: one state, that of the first page, so that is when it
   * returned. A token that expired on the way ends it.
   */
  async pages(
    options: ListOptions & ReadOptions & { readonly limit: number },
    pause: () => Promise<unknown>,
  ): Promise<CallResult<readonly Valued[]>> {
    const { recorder, reader } = this.#options;
    const items: Valued[] = [];
    let firstNs = 0;
    let resourceVersion = "";
    return recorder.call(
      this.#listInput(options),
      async () => {
        for (let continueToken: string | undefined; ; await pause()) {
          const page = await reader.list({
            ...options,
            ...(continueToken === undefined ? {} : { continueToken }),
          });
          if (firstNs === 0) {
            firstNs = recorder.now();
            resourceVersion = page.resourceVersion;
          }
          items.push(...page.items);
          continueToken = page.continueToken;
          if (continueToken === undefined) return items;
        }
      },
      () => ({ ...this.#shown(items, resourceVersion), returnNs: firstNs }),
    );
  }

  #listInput(options: ListOptions, filter?: Filter): CallInput {
    return {
      ...this.#input("list", prefixOf(this.#options.plural, options.namespace)),
      read: freshnessOf(options.read),
      ...(filter === undefined ? {} : { filter }),
    };
  }

  #shown(items: readonly Valued[], resourceVersion: string): Partial<CallRecord> {
    const { recorder, plural } = this.#options;
    const states = items.map((item) => recorder.stateOf(plural, item, "plain"));
    return { revision: BigInt(resourceVersion), count: states.length, digest: digestOf(states, "value") };
  }

  get #store(): ResourceStore<Valued> {
    const { store, client } = this.#options;
    if (store === undefined) throw new Error(`${client} only reads`);
    return store;
  }

  #write(input: CallInput, act: () => Promise<Valued>): Promise<CallResult<Valued>> {
    const { recorder } = this.#options;
    recorder.sink.write({ line: "invoke", ...input });
    return recorder.call(input, act, written);
  }

  #input(op: Op, key: string): CallInput {
    const { recorder, client, via } = this.#options;
    return {
      id: recorder.nextId(),
      process: recorder.process,
      client,
      op,
      via,
      key,
      callNs: recorder.now(),
    };
  }
}

function written(object: Valued): Partial<CallRecord> {
  return { revision: BigInt(object.metadata.resourceVersion) };
}

function freshnessOf(read: ReadFreshness | undefined): NonNullable<CallInput["read"]> {
  if (read === undefined) return { freshness: "linearizable" };
  const { consistency: freshness } = read;
  return "resourceVersion" in read ? { freshness, revision: BigInt(read.resourceVersion) } : { freshness };
}
