/**
 * The open streams of a client: opens one on an identified endpoint, counts and reports it, and ends all of them when
 * the client closes or etcd was restored.
 */
import type { StoreError } from "../../errors.ts";
import type { Header } from "../ports/messages.ts";
import { statusResponse } from "../wire/maintenance.ts";
import { beginAttempt } from "./call-attempt.ts";
import type { ClientStream, Rpc, StreamSpec } from "./client.ts";
import { countOne, streamChannel } from "./client-diagnostics.ts";
import type { ClientParts } from "./client-parts.ts";
import { TrackedStream } from "./client-stream.ts";
import { statusPath } from "./endpoints/endpoint-identity.ts";

const noBytes = new Uint8Array(0);

/** The `Rpc` of a stream where a request is expected: opening one changes nothing. */
export const streamRpc: Rpc<{ readonly header: Header }> = {
  path: statusPath,
  effect: "read",
  judged: false,
  lane: "stream",
  action: "reach etcd",
  decode: statusResponse.decode,
};

export class ClientStreams {
  readonly #parts: ClientParts;
  readonly #open = new Set<TrackedStream>();

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Ends every stream with `error`. */
  fail(error: StoreError): void {
    for (const stream of [...this.#open]) stream.fail(error);
  }

  async open(spec: StreamSpec): Promise<ClientStream> {
    const { closing, clock, requestTimeoutMs, answers, endpoints, admission, tokens, counters } = this.#parts;
    spec.signal?.throwIfAborted();
    if (closing.aborted) throw closing.reason;
    const attempt = beginAttempt({
      rpc: streamRpc,
      call: { signal: spec.signal, endpoint: spec.endpoint },
      startedMs: clock.monotonicMs(),
      requestTimeoutMs,
      generation: answers.generation,
      avoid: spec.avoid === undefined ? undefined : endpoints.find(spec.avoid),
    });
    let endpoint = await admission.admit(attempt);
    while (tokens !== undefined && tokens.metadata === undefined) {
      await admission.waitFor(tokens.refresh(undefined), attempt);
      endpoint = await admission.admit(attempt);
    }
    spec.signal?.throwIfAborted();
    countOne(counters.requests, spec.path);
    const token = tokens?.metadata;
    const options = {
      signal: spec.signal,
      lane: spec.lane,
      metadata: spec.requireLeader === true ? { ...token, hasleader: "true" } : token,
    };
    const duplex = spec.request === undefined ? endpoint.transport.bidi(spec.path, options) : undefined;
    const source = duplex ?? endpoint.transport.serverStream(spec.path, spec.request ?? noBytes, options);
    const openedMs = clock.monotonicMs();
    const id = streamChannel.hasSubscribers ? ++counters.lastId : 0;
    const common = { id, method: spec.path, endpoint: endpoint.url };
    if (id !== 0) streamChannel.publish({ ...common, phase: "open" });
    const stream = new TrackedStream(endpoint.url, source, duplex, {
      received: (bytes) => {
        counters.bytesReceived += bytes;
        endpoints.answered(endpoint);
      },
      sent: (bytes) => {
        counters.bytesSent += bytes;
      },
      reportedUnhealthy: () => endpoints.failed(endpoint, Number.POSITIVE_INFINITY),
      ended: ({ outcome, messages, bytes }) => {
        this.#open.delete(stream);
        if (id === 0) return;
        const durationMs = clock.monotonicMs() - openedMs;
        streamChannel.publish({
          ...common,
          phase: "end",
          durationMs,
          outcome,
          messages,
          bytesReceived: bytes,
        });
      },
    });
    this.#open.add(stream);
    return stream;
  }
}
