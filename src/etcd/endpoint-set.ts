/**
 * Which endpoint the next request goes to.
 *
 * The client stays with one endpoint while it answers and moves on when it does not. A failing endpoint rests
 * for a back-off that doubles, with jitter, up to `restMaxMs`; the rest is the endpoint's, not the caller's, so
 * a thousand callers dial no more often than one.
 *
 *   unknown ──answer──▶ healthy ──failure──▶ failing ──rest over, answer──▶ healthy
 *                                   └─ quarantined: it speaks for another cluster; see cluster-guard.ts
 */
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { EndpointAddress, Transport } from "./transport.ts";

/** First rest of a failing endpoint. Short: a member that restarts is back within a second. */
const restFirstMs = 50;
/** Longest rest: how late a recovered endpoint may be noticed, and one dial per second at most. */
const restMaxMs = 1_000;

export type EndpointState = "unknown" | "healthy" | "failing" | "quarantined";

export class Endpoint {
  readonly address: EndpointAddress;
  readonly transport: Transport;
  state: EndpointState = "unknown";
  /** Failures in a row. */
  failures = 0;
  /** Not to be asked before this, on the monotonic clock, unless nothing else is left. */
  restUntilMs = 0;
  /** When it last answered anything. */
  answeredAtMs = Number.NEGATIVE_INFINITY;
  version: string | undefined;

  constructor(address: EndpointAddress, transport: Transport) {
    this.address = address;
    this.transport = transport;
  }

  get url(): string {
    return this.address.url;
  }
}

export class EndpointSet {
  readonly all: readonly Endpoint[];
  readonly #clock: Clock;
  readonly #random: Random;
  #current: number;

  constructor(endpoints: readonly Endpoint[], clock: Clock, random: Random) {
    this.all = endpoints;
    this.#clock = clock;
    this.#random = random;
    // Clients spread over the members by chance.
    this.#current = random.below(endpoints.length);
  }

  find(url: string): Endpoint | undefined {
    return this.all.find((endpoint) => endpoint.url === url);
  }

  /**
   * The endpoint to ask and how long to wait first: 0 when one is fit. `avoid` comes last among the fit.
   * Undefined when all are quarantined.
   */
  choose(avoid?: Endpoint): { readonly endpoint: Endpoint; readonly waitMs: number } | undefined {
    const now = this.#clock.monotonicMs();
    let fitButAvoided: Endpoint | undefined;
    let soonest: Endpoint | undefined;
    for (let i = 0; i < this.all.length; i++) {
      const at = (this.#current + i) % this.all.length;
      const endpoint = this.all[at];
      if (endpoint === undefined || endpoint.state === "quarantined") continue;
      if (endpoint.restUntilMs <= now) {
        if (endpoint === avoid) {
          fitButAvoided = endpoint;
          continue;
        }
        this.#current = at;
        return { endpoint, waitMs: 0 };
      }
      if (soonest === undefined || endpoint.restUntilMs < soonest.restUntilMs) soonest = endpoint;
    }
    if (fitButAvoided !== undefined) return { endpoint: fitButAvoided, waitMs: 0 };
    return soonest === undefined
      ? undefined
      : { endpoint: soonest, waitMs: Math.max(0, soonest.restUntilMs - now) };
  }

  answered(endpoint: Endpoint): void {
    endpoint.answeredAtMs = this.#clock.monotonicMs();
    if (endpoint.state === "healthy") return;
    if (endpoint.state !== "quarantined") endpoint.state = "healthy";
    endpoint.failures = 0;
    endpoint.restUntilMs = 0;
  }

  /** @param sinceMs when the failed request began: an endpoint that has answered another one since is not failing */
  failed(endpoint: Endpoint, sinceMs: number): void {
    if (endpoint.answeredAtMs > sinceMs || endpoint.state === "quarantined") return;
    const now = this.#clock.monotonicMs();
    // Requests that fail together are one failure.
    if (endpoint.state === "failing" && endpoint.restUntilMs > now) return;
    endpoint.state = "failing";
    const full = Math.min(restMaxMs, restFirstMs * 2 ** Math.min(endpoint.failures, 10));
    endpoint.failures++;
    endpoint.restUntilMs = now + full * (0.5 + 0.5 * this.#random.float());
  }
}
