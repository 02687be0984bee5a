/** One client's recorded calls and watches on documents: requests, times and results. */
import type { ReadFreshness, ResourceReader, ResourceStore, Watch, WatchOptions } from "keelson";
import { contentHash, digestOf } from "../checkers/digest.ts";
import {
  type CallInput,
  type CallRecord,
  type Filter,
  outcomeOf,
  type State,
  type StreamEvent,
} from "../checkers/history.ts";
import { type Doc, docsPrefix, type Lab } from "./lab.ts";

const keyOf = (name: string, namespace: string): string => `${docsPrefix}${namespace}/${name}`;

export function stateOf(doc: Doc): State {
  const { namespace = "", name, resourceVersion } = doc.metadata;
  return {
    key: keyOf(name, namespace),
    revision: BigInt(resourceVersion),
    value: doc.spec.value,
    hash: contentHash(doc),
  };
}

/** The target of a recorded client: a store, or a wrapper around one. */
export type DocCalls = Pick<ResourceStore<Doc>, "create" | "update" | "delete" | "get" | "list">;

export class RecordedDocs {
  readonly #lab: Lab;
  readonly #client: string;
  readonly #store: DocCalls;
  readonly #namespace: string;

  constructor(lab: Lab, client: string, store: DocCalls, namespace = "a") {
    this.#lab = lab;
    this.#client = client;
    this.#store = store;
    this.#namespace = namespace;
  }

  /** Undefined when the outcome was not "ok"; the record has the outcome. */
  create(name: string, value: string, timeoutMs?: number): Promise<Doc | undefined> {
    const draft = { metadata: { namespace: this.#namespace, name }, spec: { value } };
    return this.#call(
      { op: "create", name, value, guard: 0n },
      () => this.#store.create(draft, { timeoutMs }),
      written,
    );
  }

  update(doc: Doc, value: string, timeoutMs?: number): Promise<Doc | undefined> {
    const { name, resourceVersion } = doc.metadata;
    return this.#call(
      { op: "update", name, value, guard: BigInt(resourceVersion) },
      () => this.#store.update({ ...doc, spec: { ...doc.spec, value } }, { timeoutMs }),
      written,
    );
  }

  delete(name: string): Promise<Doc | undefined> {
    return this.#call(
      { op: "delete", name },
      () => this.#store.delete({ namespace: this.#namespace, name }),
      written,
    );
  }

  get(name: string): Promise<Doc | undefined> {
    return this.#call(
      { op: "get", name, read: { freshness: "linearizable" } },
      () => this.#store.get({ namespace: this.#namespace, name }),
      (doc) => ({ found: stateOf(doc), revision: stateOf(doc).revision }),
    );
  }

  list(): Promise<unknown> {
    return this.#call(
      { op: "list", name: "", read: { freshness: "linearizable" } },
      () => this.#store.list({ namespace: this.#namespace }),
      ({ items, resourceVersion }) => {
        const states = items.map(stateOf);
        const digest = digestOf(states, "value");
        return { revision: BigInt(resourceVersion), count: states.length, digest, items: states };
      },
    );
  }

  async #call<T>(
    request: Pick<CallInput, "op" | "value" | "guard" | "read"> & { readonly name: string },
    act: () => Promise<T>,
    facts: (result: T) => Partial<CallRecord>,
  ): Promise<T | undefined> {
    const { name, ...rest } = request;
    const { now, sink } = this.#lab;
    const input: CallInput = {
      ...rest,
      id: this.#lab.nextName(this.#client),
      process: "control",
      client: this.#client,
      via: "store",
      key: keyOf(name, this.#namespace),
      callNs: now(),
    };
    try {
      const result = await act();
      sink.write({ line: "call", ...input, returnNs: now(), code: "OK", class: "ok", ...facts(result) });
      return result;
    } catch (error) {
      sink.write({ line: "call", ...input, returnNs: now(), ...outcomeOf(error) });
      return undefined;
    }
  }
}

function written(doc: Doc): Partial<CallRecord> {
  return { revision: BigInt(doc.metadata.resourceVersion) };
}

/** A recorded watch that runs until it is stopped. */
export class RecordedWatch {
  readonly #watch: Watch<Doc>;
  readonly #done: Promise<void>;
  /** Keys seen, for waiting. */
  readonly seen: Set<string> = new Set<string>();
  #final = false;

  constructor(
    lab: Lab,
    reader: ResourceReader<Doc>,
    options: WatchOptions & { readonly filter?: Filter } = {},
  ) {
    const { filter = { prefix: docsPrefix }, ...rest } = options;
    const { sink, now } = lab;
    const stream = lab.nextName("stream");
    const watch = reader.watch(rest);
    this.#watch = watch;
    const start = rest.resourceVersion === undefined ? undefined : BigInt(rest.resourceVersion);
    sink.write({
      line: "stream-open",
      process: "control",
      watcher: stream,
      stream,
      via: "store",
      start,
      filter,
      atNs: now(),
    });
    this.#done = (async () => {
      try {
        for await (const batch of watch.batches()) {
          const events = batch.map((event): StreamEvent => {
            const revision = BigInt(event.resourceVersion);
            if (event.type === "BOOKMARK") return { type: "BOOKMARK", revision };
            const { key, value } = stateOf(event.object);
            return { type: event.type, revision, key, value, more: event.more };
          });
          sink.write({ line: "stream-batch", stream, events, atNs: now() });
          for (const { key } of events) if (key !== undefined) this.seen.add(key);
        }
        sink.write({
          line: "stream-end",
          stream,
          reason: "left",
          atNs: now(),
          ...(this.#final ? { final: true } : {}),
        });
      } catch (error) {
        const { code, message } = outcomeOf(error);
        const reason = code === "OK" || code === "ABORTED" || code === "LOST" ? "FAULT" : code;
        sink.write({ line: "stream-end", stream, reason, message, atNs: now() });
      }
    })();
  }

  async ready(): Promise<void> {
    await this.#watch.ready();
  }

  /** Resolves when it ends, for any reason. */
  get ended(): Promise<void> {
    return this.#done;
  }

  /** Leaves the loop, after it has received everything. */
  async stop(): Promise<void> {
    this.#final = true;
    await this.#watch[Symbol.asyncDispose]();
    await this.#done;
  }
}

/** The contents of a reader at a version, as a sample of a cache. */
export async function sampleOf(
  lab: Lab,
  cache: string,
  reader: ResourceReader<Doc>,
  read: ReadFreshness,
): Promise<void> {
  const { items, resourceVersion } = await reader.list({ read });
  const states = items.map(stateOf);
  lab.sink.write({
    line: "cache",
    cache,
    revision: BigInt(resourceVersion),
    filter: { prefix: docsPrefix },
    count: states.length,
    digest: digestOf(states, "value"),
    contents: digestOf(states, "hash"),
    items: states,
    atNs: lab.now(),
  });
}
