/**
 * What the client says about itself while it works: two `diagnostics_channel`s and its counters. A channel without
 * a subscriber costs one property read. No event holds a key, a value, a token or a password.
 *
 *   keelson:etcd:request   { phase: "start" | "end", id, method, endpoint?, durationMs?, outcome?, bytesSent, bytesReceived? }
 *   keelson:etcd:stream    { phase: "open" | "end", id, method, endpoint, durationMs?, outcome?, messages?, bytesReceived? }
 *
 * `id` pairs a start with its end. `outcome` is "OK", a StoreError code or "ABORTED".
 */
import { type Channel, channel } from "node:diagnostics_channel";

export interface RequestEvent {
  readonly phase: "start" | "end";
  readonly id: number;
  readonly method: string;
  /** Where the last try went. */
  readonly endpoint?: string | undefined;
  readonly durationMs?: number | undefined;
  readonly outcome?: string | undefined;
  readonly bytesSent: number;
  readonly bytesReceived?: number | undefined;
}

export interface StreamEvent {
  readonly phase: "open" | "end";
  readonly id: number;
  readonly method: string;
  readonly endpoint: string;
  readonly durationMs?: number | undefined;
  readonly outcome?: string | undefined;
  readonly messages?: number | undefined;
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

  /** `counts[i]` calls took at most `boundsMs[i]` and more than the bound before; the last count is of all beyond. */
  snapshot(): {
    readonly boundsMs: readonly number[];
    readonly counts: readonly number[];
    readonly sumMs: number;
  } {
    return { boundsMs: latencyBoundsMs, counts: [...this.#counts], sumMs: this.#sumMs };
  }
}
