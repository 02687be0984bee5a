/**
 * Which endpoint the next request goes to.
 *
 * The client stays with one endpoint while it answers and switches when it does not. A failing endpoint is not asked
 * during a back-off that doubles, with jitter, up to `restMaxMs`. The back-off belongs to the endpoint, not to the
 * caller, so a thousand callers dial no more often than one.
 *
 *   unknown ──answer──▶ healthy ──failure──▶ failing ──back-off over, answer──▶ healthy
 *      └──────────────────┴── another cluster's, or a refused version ──▶ quarantined ──▶ unknown
 */

import type { Random } from "../../../base/random.ts";
import type { Clock } from "../../../base/time/clock.ts";
import type { EndpointAddress, Transport } from "../../transport/transport.ts";

/** First back-off of a failing endpoint. Short: a member that restarts is back within a second. */
const restFirstMs = 50;
/** Longest back-off: the delay before a recovered endpoint is noticed, and one dial per second at most. */
const restMaxMs = 1_000;
/** Time between identifications of a quarantined endpoint: the fault may have been fixed. */
const quarantineMs = 10_000;

export type EndpointState = "unknown" | "healthy" | "failing" | "quarantined";

export class Endpoint {
  readonly address: EndpointAddress;
  readonly transport: Transport;
  state: EndpointState = "unknown";
  /** Failures in a row. */
  failures = 0;
  /** End of its back-off on the monotonic clock; used earlier only when no other endpoint is left. */
  restUntilMs = 0;
  /** Time of its last answer of any kind. */
  answeredAtMs: number = Number.NEGATIVE_INFINITY;
  /** Time of its last failure. */
  failedAtMs: number = Number.NEGATIVE_INFINITY;
  /** The version it reported when it was identified. */
  version: string | undefined;
  /** Identified since its last failure or lost connection; only then it gets work. */
  identified = false;
  /** Connections lost: the next one may lead to another process with other data. */
  losses = 0;
  identification: Promise<void> | undefined;
  /** Why it is quarantined. */
  quarantine: string | undefined;

  constructor(address: EndpointAddress, transport: Transport) {
    this.address = address;
    this.transport = transport;
  }

  get url(): string {
    return this.address.url;
  }

  /** An open connection is lost: the next one is identified before it is used. */
  lost(): void {
    this.losses++;
    this.identified = false;
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
    // Random start, so that clients spread over the members.
    this.#current = random.below(endpoints.length);
  }

  find(url: string): Endpoint | undefined {
    return this.all.find((endpoint) => endpoint.url === url);
  }

  /**
   * The endpoint to use and the time to wait first: 0 when one is usable. `avoid` is the last choice among the usable.
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
    if (endpoint.state === "healthy" || endpoint.state === "quarantined") return;
    endpoint.state = "healthy";
    endpoint.failures = 0;
    endpoint.restUntilMs = 0;
  }

  /** @param sinceMs when the failed request began: an endpoint that has answered another one since is not failing */
  failed(endpoint: Endpoint, sinceMs: number): void {
    const now = this.#clock.monotonicMs();
    if (endpoint.state === "quarantined") {
      endpoint.restUntilMs = now + quarantineMs;
      return;
    }
    if (endpoint.answeredAtMs > sinceMs) return;
    endpoint.failedAtMs = now;
    endpoint.identified = false;
    // Requests that fail together are one failure.
    if (endpoint.state === "failing" && endpoint.restUntilMs > now) return;
    endpoint.state = "failing";
    const full = Math.min(restMaxMs, restFirstMs * 2 ** Math.min(endpoint.failures, 10));
    endpoint.failures++;
    endpoint.restUntilMs = now + full * (0.5 + 0.5 * this.#random.float());
  }

  /** Starts a back-off without a failure: the endpoint answered, but the answer is of no use. */
  rest(endpoint: Endpoint): void {
    endpoint.restUntilMs = this.#clock.monotonicMs() + restFirstMs * (0.5 + 0.5 * this.#random.float());
  }

  quarantine(endpoint: Endpoint, reason: string): void {
    endpoint.state = "quarantined";
    endpoint.quarantine = reason;
    endpoint.identified = false;
    endpoint.restUntilMs = this.#clock.monotonicMs() + quarantineMs;
  }

  release(endpoint: Endpoint): void {
    if (endpoint.state !== "quarantined") return;
    endpoint.state = "unknown";
    endpoint.quarantine = undefined;
    endpoint.restUntilMs = 0;
    endpoint.failures = 0;
  }

  /** A quarantined endpoint whose next identification is due. */
  quarantinedDue(): Endpoint | undefined {
    const now = this.#clock.monotonicMs();
    return this.all.find(
      (e) => e.state === "quarantined" && e.restUntilMs <= now && e.identification === undefined,
    );
  }

  get anyQuarantined(): boolean {
    for (const { state } of this.all) if (state === "quarantined") return true;
    return false;
  }
}
