/**
 * What the client reports while it works: two `diagnostics_channel`s and its counters. A channel without
 * a subscriber costs one property read. No event holds a key, a value, a token or a password.
 *
 *   keelson:etcd:request   { phase: "start" | "end", id, method, endpoint?, durationMs?, outcome?, bytesSent, bytesReceived? }
 *   keelson:etcd:stream    { phase: "open" | "end", id, method, endpoint, durationMs?, outcome?, messages?, bytesReceived? }
 *
 * `id` pairs a start with its end. `outcome` is "OK", a StoreError code or "ABORTED".
 */
import { type Channel, channel } from "node:diagnostics_channel";

/**
 * What `diagnostics_channel` "keelson:etcd:request" reports of each call: one message when it starts, one when it ends.
 */
export interface RequestEvent {
  /** Whether the call starts or ends here. */
  readonly phase: "start" | "end";
  /** The same in both messages of a call. */
  readonly id: number;
  /** Full method path, such as "/etcdserverpb.KV/Txn". */
  readonly method: string;
  /** Where the last try went. */
  readonly endpoint?: string | undefined;
  /** Milliseconds from start to end, retries included; at the end only. */
  readonly durationMs?: number | undefined;
  /** "OK", a StoreError code or "ABORTED"; at the end only. */
  readonly outcome?: string | undefined;
  /** Size of the encoded request. */
  readonly bytesSent: number;
  /** Size of the encoded response; at the end of a call that had one. */
  readonly bytesReceived?: number | undefined;
}

/**
 * What `diagnostics_channel` "keelson:etcd:stream" reports of each stream (watches, lease keepalives, snapshots).
 */
export interface StreamEvent {
  /** Whether the stream opens or ends here. */
  readonly phase: "open" | "end";
  /** The same in both messages of a stream. */
  readonly id: number;
  /** Full method path, such as "/etcdserverpb.Watch/Watch". */
  readonly method: string;
  /** The endpoint it is open on. */
  readonly endpoint: string;
  /** Milliseconds it was open; at the end only. */
  readonly durationMs?: number | undefined;
  /** "OK", a StoreError code or "ABORTED"; at the end only. */
  readonly outcome?: string | undefined;
  /** Messages received; at the end only. */
  readonly messages?: number | undefined;
  /** Bytes received; at the end only. */
  readonly bytesReceived?: number | undefined;
}

export const requestChannel: Channel = channel("keelson:etcd:request");
export const streamChannel: Channel = channel("keelson:etcd:stream");

/** Upper bounds of the latency histogram, milliseconds: etcd answers in 0.3 to 10, a fault takes seconds. */
const latencyBoundsMs: readonly number[] = [
  0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000,
];

/** Calls by duration. */
export class LatencyHistogram {
  readonly #counts = new Array<number>(latencyBoundsMs.length + 1).fill(0);
  #sumMs = 0;

  add(durationMs: number): void {
    let at = 0;
    while (at < latencyBoundsMs.length && durationMs > (latencyBoundsMs[at] ?? 0)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sumMs += durationMs;
  }

  /** `counts[i]` calls took at most `boundsMs[i]` and more than the bound before; the last count is of all slower calls. */
  snapshot(): {
    readonly boundsMs: readonly number[];
    readonly counts: readonly number[];
    readonly sumMs: number;
  } {
    return { boundsMs: latencyBoundsMs, counts: [...this.#counts], sumMs: this.#sumMs };
  }
}

/** What a client counts, over all its calls and streams; `EtcdStats` documents each. */
export class ClientCounters {
  /** By method path. */
  readonly requests: Record<string, number> = {};
  readonly failures: Record<string, number> = {};
  readonly latency: LatencyHistogram = new LatencyHistogram();
  retries = 0;
  inFlight = 0;
  bytesSent = 0;
  bytesReceived = 0;
  streamReconnects = 0;
  /** The last `id` that a channel has reported. */
  lastId = 0;
}

export function countOne(counter: Record<string, number>, path: string): void {
  counter[path] = (counter[path] ?? 0) + 1;
}
