/**
 * One watch: its own raw stream, opened again whenever it breaks, from the first revision not yet delivered.
 *
 *             +--------- cut, silent, faulty, token expired: from the last whole revision + 1 --------+
 *             v                                                                                       |
 *   open -> create -> "created" -> check start (future? compacted on an old server?) -> replies ------+
 *                                                                                        |
 *             EXPIRED, FUTURE_VERSION, PERMISSION_DENIED, UNAUTHENTICATED, CLOSED  <------+
 *
 * etcd drops a request for progress while any watch of the stream is behind, so each watch has its own stream. It is pulled: a
 * message is read only when the consumer asks for a batch, so unread messages stay in the transport's window and then
 * in etcd. Ending (abort, leaving the loop, dispose, close) settles a pending `next()` at once.
 */
import { Backoff } from "../../base/backoff.ts";
import { expectManyListeners } from "../../base/call.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import { invariant, isStoreError, StoreError } from "../../errors.ts";
import type { ClientStream } from "../client/client.ts";
import { isRefusal } from "../ports/refusal.ts";
import type { EtcdWatch, EtcdWatchRequest, WatchBatch } from "../ports/watches.ts";
import { TransportFailure } from "../transport/transport.ts";
import { suffers } from "../versions/version-facts.ts";
import { WireError } from "../wire/reader.ts";
import { encodeWatchMessage, type WatchCreate, type WatchReply } from "../wire/watch.ts";
import { type Assembled, WatchAssembly } from "./watch-assembly.ts";
import type { WatchContext } from "./watch-context.ts";
import { Canceled, decideAfterCancel, expired, restored } from "./watch-endings.ts";
import { awaitCancel, receiveReply, requestProgress } from "./watch-messages.ts";
import { isCompacted, reachStart, type WatchStart } from "./watch-start.ts";

/** Any id above 0 works: the stream has one watch. */
const watchId = 1n;
/** Cancellations in a row, without an answer in between, after which the reason counts as permanent. */
const refusalsMax = 5;

export class WatchLoop implements EtcdWatch {
  readonly #context: WatchContext;
  readonly #request: EtcdWatchRequest;
  readonly #endpoint: string | undefined;
  readonly #end = new AbortController();
  readonly #abandon: () => void;
  /** The generation it reports: that of its start revision, or of its first "created". */
  #generation: number;
  readonly #backoff: Backoff;
  /** Set from the start revision, or from the first "created" of a watch from now on. */
  #assembly: WatchAssembly | undefined;
  #stream: ClientStream | undefined;
  #avoid: string | undefined;
  #queue: WatchBatch[] = [];
  #first: Promise<bigint>;
  #failure: unknown;
  #failed = false;
  #refusals = 0;
  #counted = 0;
  #created = false;
  /** Whether it has delivered anything of its own history: a start ahead of etcd is then a restore. */
  #delivered = false;
  #looping = false;
  /** The old-server check must be repeated before the next reply is delivered. */
  #recheck = false;

  private constructor(
    context: WatchContext,
    request: EtcdWatchRequest,
    call: { readonly signal?: AbortSignal | undefined; readonly endpoint?: string | undefined },
  ) {
    const { client } = context;
    this.#context = context;
    this.#request = request;
    this.#endpoint = call.endpoint;
    this.#generation = client.generation;
    this.#backoff = new Backoff({ firstMs: 50, maxMs: 2000 }, client.clock, client.random);
    if (request.startRevision !== undefined && request.startRevision > 0n) {
      this.#assembly = this.#assemblyFrom(request.startRevision);
    }
    const { signal } = call;
    this.#abandon = (): void => this.#finish(signal?.reason);
    if (signal !== undefined) expectManyListeners(signal);
    signal?.addEventListener("abort", this.#abandon, { once: true });
    this.#end.signal.addEventListener("abort", () => signal?.removeEventListener("abort", this.#abandon), {
      once: true,
    });
    this.#first = neverYet;
    context.counters.opened++;
    context.counters.open++;
    if (signal?.aborted === true) this.#abandon();
  }

  /** Begins at once, so that "from now" means from this call. */
  static open(
    context: WatchContext,
    request: EtcdWatchRequest,
    call: { readonly signal?: AbortSignal | undefined; readonly endpoint?: string | undefined },
  ): WatchLoop {
    const watch = new WatchLoop(context, request, call);
    watch.#first = watch.#connect();
    // The loop and ready() report the error; a watch without a reader must not cause an unhandled rejection.
    watch.#first.catch((error: unknown) => watch.#fail(error));
    return watch;
  }

  async ready(): Promise<{ readonly revision: bigint }> {
    return { revision: await this.#first };
  }

  requestProgress(): void {
    if (this.#stream !== undefined) requestProgress(this.#stream);
  }

  reopen(): void {
    this.#stream?.abandon();
  }

  [Symbol.asyncIterator](): AsyncIterator<WatchBatch, undefined> {
    invariant(!this.#looping, "a watch is read by one loop");
    this.#looping = true;
    return {
      next: async () => {
        const value = await this.#next();
        return value === undefined ? { done: true, value } : { done: false, value };
      },
      return: async () => {
        this.#finish(undefined);
        return { done: true, value: undefined };
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#finish(undefined);
  }

  /** Ends it without an error for the loop; a pending `ready()` rejects with `reason`. */
  #finish(reason: unknown): void {
    if (this.#end.signal.aborted) return;
    this.#context.counters.open--;
    this.#end.abort(
      reason ?? new StoreError("CLOSED", "Cannot go on watching: the watch was closed", { what: "watch" }),
    );
    this.#queue = [];
    this.#stream?.cancel();
    this.#stream = undefined;
  }

  async #next(): Promise<WatchBatch | undefined> {
    try {
      if (!this.#created) await this.#first;
      for (;;) {
        if (this.#end.signal.aborted) break;
        const batch = this.#queue.shift();
        if (batch !== undefined) return batch;
        if (this.#stream === undefined) await this.#connect();
        else await this.#read(this.#stream);
      }
    } catch (error) {
      this.#fail(error);
    }
    if (this.#failed) throw this.#failure;
    return undefined;
  }

  /** Ends it with an error for the loop, once; errors after a requested end are ignored. */
  #fail(error: unknown): void {
    if (this.#end.signal.aborted) return;
    this.#failure = error;
    this.#failed = true;
    this.#finish(error);
  }

  /** Opens streams until one is created; queues "created". @returns the header's revision @throws what ends the watch */
  async #connect(): Promise<bigint> {
    const { client, counters } = this.#context;
    const end = this.#end.signal;
    for (;;) {
      end.throwIfAborted();
      this.#refuseAfterRestore();
      if (this.#created) {
        counters.reconnects++;
        client.countReconnect();
      }
      this.#assembly?.reopened();
      try {
        const stream = await client.openStream({
          path: "/etcdserverpb.Watch/Watch",
          lane: "stream",
          requireLeader: true,
          endpoint: this.#endpoint,
          avoid: this.#avoid,
          signal: end,
        });
        this.#stream = stream;
        this.#avoid = stream.endpoint;
        // Aborted while it was being opened.
        if (end.aborted) stream.cancel();
        stream.write(encodeWatchMessage({ type: "create", create: this.#create() }));
        const reply = await receiveReply(this.#context, stream, this.#request.views ?? false);
        end.throwIfAborted();
        if (reply?.created === true && !reply.canceled) {
          const revision = reply.header.revision;
          client.judgeHeader(stream.endpoint, reply.header, "watch etcd");
          if (this.#assembly === undefined) {
            this.#generation = client.generation;
            this.#assembly = this.#assemblyFrom(revision + 1n);
          }
          this.#refuseAfterRestore();
          await this.#checkStart(stream, revision);
          this.#created = true;
          this.#refusals = 0;
          this.#backoff.reset();
          this.#queue.push({ type: "created", revision });
          return revision;
        }
      } catch (error) {
        end.throwIfAborted();
        await this.#recover(error);
      }
      this.#stream?.cancel();
      this.#stream = undefined;
      await this.#backoff.wait(end);
    }
  }

  #create(): WatchCreate {
    const { fragment = true, views: _, ...request } = this.#request;
    return { ...request, startRevision: this.#assembly?.next, watchId, fragment };
  }

  /** Reads one message and queues the batches that it completes. */
  async #read(stream: ClientStream): Promise<void> {
    try {
      const reply = await receiveReply(this.#context, stream, this.#request.views ?? false);
      if (reply === undefined) this.#stream = undefined;
      else await this.#take(stream, reply);
    } catch (error) {
      this.#end.signal.throwIfAborted();
      this.#stream?.cancel();
      this.#stream = undefined;
      await this.#recover(error);
    }
  }

  async #take(stream: ClientStream, reply: WatchReply): Promise<void> {
    const assembly = this.#assembly;
    invariant(assembly !== undefined, "a created watch knows where it is");
    if (reply.created) return;
    if (this.#recheck) {
      this.#recheck = false;
      if (await isCompacted(this.#start(), assembly.next - 1n, stream.endpoint)) {
        throw expired(assembly.next, assembly.next);
      }
    }
    if (reply.events.length > 0) {
      const whole = assembly.add(reply);
      this.#countDuplicates(assembly);
      if (whole.type === "fault") return this.#fault(stream, whole);
      if (whole.type === "none") return;
      this.#delivered = true;
      this.#context.counters.events += whole.events.length;
      this.#queue.push({ ...whole, header: reply.header });
    } else if (!reply.fragment && (await this.#progressIsSound(stream))) {
      if (assembly.progressed(reply.header.revision)) this.#delivered = true;
      // Even progress that is not new answers the request: nothing has happened.
      if (reply.header.revision === assembly.next - 1n) {
        this.#queue.push({ type: "progress", revision: reply.header.revision });
      }
    }
  }

  /** Whether the stream just created continues the watch (watch-start.ts). @throws FUTURE_VERSION, EXPIRED */
  async #checkStart(stream: ClientStream, revision: bigint): Promise<void> {
    const { times, versions } = this.#context;
    const start = this.#start();
    const first = start.start;
    this.#recheck = false;
    if (revision < first - 1n) {
      try {
        await reachStart(start, this.#delivered ? 0 : times.futureMs);
      } catch (error) {
        // Delivered revisions existed in etcd, so it has gone back in time.
        if (this.#delivered && isStoreError(error, "FUTURE_VERSION")) throw restored();
        throw error;
      } finally {
        this.#refuseAfterRestore();
      }
    } else if (first <= revision) {
      const old = suffers(await versions.of(stream.endpoint, start.signal), "compactedStart");
      if (await isCompacted(start, old ? first - 1n : first, stream.endpoint)) {
        await awaitCancel(this.#context, stream);
        throw expired(first, first);
      }
      // Old servers: check again when the backlog has been read.
      this.#recheck = old;
    }
  }

  #start(): WatchStart {
    const { kv, client } = this.#context;
    const { key } = this.#request;
    return { kv, clock: client.clock, signal: this.#end.signal, key, start: this.#assembly?.next ?? 0n };
  }

  /** False for old servers, which may send progress before the events it covers. */
  async #progressIsSound(stream: ClientStream): Promise<boolean> {
    return !suffers(await this.#context.versions.of(stream.endpoint, this.#end.signal), "progressAhead");
  }

  /** Returns when another stream is worth trying. @throws what ends the watch */
  async #recover(error: unknown): Promise<void> {
    const { client } = this.#context;
    if (error instanceof WireError) {
      this.#context.counters.faults++;
      return;
    }
    if (error instanceof Canceled || error instanceof TransportFailure) {
      const canceled = error instanceof Canceled;
      const { next, error: failed } = canceled
        ? decideAfterCancel(error, this.#assembly?.next ?? 0n)
        : client.decideRetry(error, "watch etcd");
      if (next === "fail") throw failed;
      // Each change of a user or role invalidates every token: with a right password a new token helps.
      const refresh = next === "refresh" && client.authenticates;
      if (canceled && !refresh && ++this.#refusals >= refusalsMax) throw failed;
      if (next === "refresh") {
        await untilAborted(client.refreshToken(this.#end.signal), this.#end.signal);
      }
      return;
    }
    if (!isStoreError(error, "UNAVAILABLE", "DEADLINE")) throw error;
    // Its first connection fails like any call; a watch that was open waits until etcd is back.
    if (!this.#created && isRefusal(error)) throw error;
  }

  #refuseAfterRestore(): void {
    if (this.#assembly !== undefined && this.#context.client.generation !== this.#generation)
      throw restored();
  }

  #fault(stream: ClientStream, { reason }: Extract<Assembled, { type: "fault" }>): void {
    this.#context.counters.faults++;
    stream.reportUnhealthy(reason);
    this.#stream = undefined;
  }

  #countDuplicates(assembly: WatchAssembly): void {
    this.#context.counters.duplicates += assembly.duplicates - this.#counted;
    this.#counted = assembly.duplicates;
  }

  #assemblyFrom(start: bigint): WatchAssembly {
    const { key, rangeEnd } = this.#request;
    return new WatchAssembly(
      { key: Buffer.from(key), rangeEnd: rangeEnd === undefined ? undefined : Buffer.from(rangeEnd) },
      start,
    );
  }
}

const neverYet: Promise<bigint> = Promise.resolve(0n);
