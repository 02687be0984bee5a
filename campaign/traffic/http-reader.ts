/**
 * A reader of widgets over HTTP: each list and each watch goes to the next server. It keeps the contract of a
 * `ResourceReader`, as far as the protocol carries it.
 *
 * The protocol does not mark the end of a version with several events. So the newest version's events are held back
 * until one of a later version comes, or a bookmark; when the connection is cut before that, they are dropped, and the
 * reader continues after the version before it. A client that must not lose part of a version has to do this.
 */
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { Key, ListOptions, ListPage, ReadFreshness, Watch, WatchEvent, WatchOptions } from "keelson";
import { expectManyListeners } from "../../src/base/call.ts";
import { StoreError } from "../../src/errors.ts";
import { oneByOne } from "../../src/resource/watch-shell.ts";
import type { Valued } from "./kinds.ts";

interface StatusBody {
  readonly code?: number;
  readonly message?: string;
}

/** An event as a line of the answer. */
interface Line {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: Valued & StatusBody;
}

const initialEnd = "k8s.io/initial-events-end";

export class HttpReader {
  readonly #next: () => string;

  /** @param next the address of a server, another one each time */
  constructor(next: () => string) {
    this.#next = next;
  }

  async get(
    key: Key,
    options: { readonly read?: ReadFreshness; readonly timeoutMs?: number } = {},
  ): Promise<Valued> {
    const path = `/namespaces/${key.namespace}/widgets/${key.name}`;
    return (await this.#document(path, freshness(options.read), options.timeoutMs)) as Valued;
  }

  async list(options: ListOptions = {}): Promise<ListPage<Valued>> {
    const query = new URLSearchParams([...selectors(options), ...freshness(options.read)]);
    const page = (await this.#document(pathOf(options), query, options.timeoutMs)) as {
      readonly items: readonly Valued[];
      readonly metadata: { readonly resourceVersion: string };
    };
    return { items: page.items, resourceVersion: page.metadata.resourceVersion };
  }

  watch(options: WatchOptions = {}): Watch<Valued> {
    const end = new AbortController();
    const { signal } = options;
    const abort = (): void => end.abort();
    if (signal !== undefined) expectManyListeners(signal);
    signal?.addEventListener("abort", abort, { once: true });
    end.signal.addEventListener("abort", () => signal?.removeEventListener("abort", abort), { once: true });
    if (signal?.aborted === true) abort();
    const batches = this.#batches(options, end);
    const leave = async (): Promise<IteratorResult<never, undefined>> => {
      end.abort();
      await batches.return(undefined).catch(() => undefined);
      return { done: true, value: undefined };
    };
    return {
      ready: async () => {
        throw new Error("a watch over HTTP is ready when its head has come");
      },
      batches: () => batches,
      [Symbol.asyncIterator]: () => oneByOne<Valued>({ next: () => batches.next() as never, leave }),
      [Symbol.asyncDispose]: async () => {
        await leave();
      },
    };
  }

  async *#batches(
    options: WatchOptions,
    end: AbortController,
  ): AsyncGenerator<readonly WatchEvent<Valued>[], undefined> {
    const { signal } = end;
    const query = new URLSearchParams([
      ["watch", "1"],
      ["allowWatchBookmarks", "true"],
      ...selectors(options),
    ]);
    const { resourceVersion, sendInitialEvents, timeoutMs } = options;
    if (resourceVersion !== undefined) query.set("resourceVersion", resourceVersion);
    if (sendInitialEvents === true) {
      query.set("sendInitialEvents", "true");
      query.set("resourceVersionMatch", "NotOlderThan");
    } else if (resourceVersion === undefined) {
      query.set("sendInitialEvents", "false");
      query.set("resourceVersionMatch", "NotOlderThan");
    }
    if (timeoutMs !== undefined) query.set("timeoutSeconds", String(Math.ceil(timeoutMs / 1_000)));
    try {
      const response = await this.#open(pathOf(options), query, signal);
      if (response.statusCode !== 200) throw refused(await bodyOf(response));
      yield* wholeVersions(response, sendInitialEvents === true);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error instanceof StoreError ? error : cut(error);
    } finally {
      end.abort();
    }
    return undefined;
  }

  async #document(path: string, query: Iterable<[string, string]>, timeoutMs?: number): Promise<unknown> {
    const signal = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    try {
      const response = await this.#open(path, new URLSearchParams([...query]), signal);
      const body = await bodyOf(response);
      if (response.statusCode !== 200) throw refused(body);
      return body;
    } catch (error) {
      throw error instanceof StoreError ? error : cut(error);
    }
  }

  async #open(path: string, query: URLSearchParams, signal?: AbortSignal): Promise<IncomingMessage> {
    const request = get(`${this.#next()}${path}?${query}`, {
      agent: false,
      ...(signal === undefined ? {} : { signal }),
    });
    // A cut before the response rejects `once`; a later one fails the response.
    request.on("error", () => undefined);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return response;
  }
}

async function* wholeVersions(
  response: IncomingMessage,
  initial: boolean,
): AsyncGenerator<readonly WatchEvent<Valued>[], void> {
  let isInitial = initial;
  let held: WatchEvent<Valued>[] = [];
  for await (const { type, object } of linesOf(response)) {
    if (type === "ERROR") throw refused(object);
    const { resourceVersion, annotations } = object.metadata;
    if (type === "BOOKMARK") {
      const ends = annotations?.[initialEnd] === "true";
      if (held.length > 0) yield whole(held);
      held = [];
      isInitial &&= !ends;
      yield [{ type, resourceVersion, ...(ends ? { initialEventsEnd: true } : {}) }];
    } else if (isInitial) yield [{ type, object, resourceVersion, more: true }];
    else {
      if (held.length > 0 && held[0]?.resourceVersion !== resourceVersion) {
        yield whole(held);
        held = [];
      }
      held.push({ type, object, resourceVersion });
    }
  }
}

/** The events of one version, `more` on all but the last. */
function whole(events: readonly WatchEvent<Valued>[]): readonly WatchEvent<Valued>[] {
  return events.map((event, at) =>
    at + 1 < events.length && event.type !== "BOOKMARK" ? { ...event, more: true as const } : event,
  );
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<Line, void> {
  let rest = "";
  for await (const part of response.setEncoding("utf8")) {
    rest += part as string;
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as Line;
  }
  if (rest !== "") throw new Error("the answer ends inside a line");
}

async function bodyOf(response: IncomingMessage): Promise<unknown> {
  return JSON.parse(Buffer.concat(await response.toArray()).toString("utf8"));
}

function pathOf({ namespace }: { readonly namespace?: string | undefined }): string {
  return namespace === undefined ? "/widgets" : `/namespaces/${namespace}/widgets`;
}

function* selectors(options: ListOptions | WatchOptions): Generator<[string, string]> {
  const { labelSelector, fieldSelector } = options;
  if (labelSelector !== undefined) yield ["labelSelector", String(labelSelector)];
  const name = "name" in options ? options.name : undefined;
  const fields = [
    ...(name === undefined ? [] : [`metadata.name=${name}`]),
    ...(fieldSelector === undefined ? [] : [String(fieldSelector)]),
  ];
  if (fields.length > 0) yield ["fieldSelector", fields.join(",")];
}

function* freshness(read: ReadFreshness | undefined): Generator<[string, string]> {
  if (read === undefined || read.consistency === "linearizable") return;
  if (read.consistency === "any") yield ["resourceVersion", "0"];
  else {
    yield ["resourceVersion", read.resourceVersion];
    yield ["resourceVersionMatch", read.consistency === "exact" ? "Exact" : "NotOlderThan"];
  }
}

/** The error that a Status stands for. */
function refused(body: unknown): StoreError {
  const { code = 500, message = "no message" } = body as StatusBody;
  if (code === 410) return new StoreError("EXPIRED", message, { reason: "compacted" });
  if (code === 404) return new StoreError("NOT_FOUND", message, {});
  // The server does not have the version yet: try again shortly.
  return new StoreError("UNAVAILABLE", `${code}: ${message}`, { retryAfterMs: 100 });
}

function cut(error: unknown): StoreError {
  return new StoreError("UNAVAILABLE", `the connection was cut: ${String(error)}`, { retryAfterMs: 10 });
}
