/**
 * Why endpoints cannot be reached, as probes find it, and the error that ends a call because of it.
 */
import type { Clock } from "../../../base/time/clock.ts";
import { StoreError } from "../../../errors.ts";
import { TransportFailure } from "../../transport/transport.ts";
import { type CallAttempt, deadlineError, keyText, refused, unavailable } from "../call-attempt.ts";
import { meaningOf, storeErrorOf } from "../outcome-table.ts";
import type { ConnectionFault } from "./connection-probe.ts";
import type { Endpoint, EndpointSet } from "./endpoint-set.ts";

/** How long a failing call waits to learn why an endpoint cannot be reached. */
const probeWaitMs = 1_000;
/** How long the result of a probe serves as the reason of a failure. */
const probeFreshMs = 5_000;
/** How long the result of a probe counts as a refusal, which may be over in a moment. */
const refusalFreshMs = 500;

export interface EndpointFaultsOptions {
  readonly endpoints: EndpointSet;
  readonly clock: Clock;
  /** Aborted when the client closes. */
  readonly closing: AbortSignal;
  readonly username: string | undefined;
  /** Finds out why an endpoint cannot be reached. */
  readonly probe: ((endpoint: Endpoint) => Promise<ConnectionFault | undefined>) | undefined;
}

export class EndpointFaults {
  readonly #options: EndpointFaultsOptions;
  readonly #probes = new Map<
    Endpoint,
    { readonly atMs: number; readonly fault: Promise<ConnectionFault | undefined> }
  >();

  constructor(options: EndpointFaultsOptions) {
    this.#options = options;
  }

  /** The caller's error, with the reason that a probe finds for an unreachable endpoint. */
  async errorOf(attempt: CallAttempt): Promise<StoreError> {
    const { rpc, call, last, options } = attempt;
    if (last === undefined) return deadlineError(attempt, "no answer");
    if (last instanceof StoreError) return last;
    if (attempt.refreshes > 0 && meaningOf(last).retry === "refresh") {
      // The password is right, so the caller cannot fix it.
      const reason = `users and roles of etcd are changing: ${last.text}`;
      return unavailable(rpc.action, `${reason} (endpoint "${last.endpoint}")`, last.endpoint);
    }
    const endpoint = this.#options.endpoints.find(last.endpoint);
    const reason =
      last.request === "unsent" && endpoint !== undefined ? (await this.probed(endpoint))?.reason : undefined;
    return storeErrorOf(last, {
      action: rpc.action,
      effect: rpc.effect,
      doubtsRefusal: call?.doubtsRefusal,
      key: keyText(options?.key),
      timeoutMs: attempt.requestMs,
      reason,
      username: this.#options.username,
    });
  }

  /** The caller's error when every endpoint it may use has refused. Undefined: one may accept the call, or is silent. */
  async refusal({ rpc, call, last }: CallAttempt): Promise<StoreError | undefined> {
    const pinned = call?.endpoint;
    const asked = this.#options.endpoints.all.filter(({ url }) => pinned === undefined || url === pinned);
    const answers = await Promise.all(
      asked.map(async (endpoint) => {
        // A quarantined endpoint is skipped, whatever it answers.
        if (endpoint.quarantine !== undefined) return { url: endpoint.url, reason: endpoint.quarantine };
        const fault = await this.probed(endpoint, refusalFreshMs);
        return fault?.answered === true ? { url: endpoint.url, reason: fault.reason } : undefined;
      }),
    );
    const refusals = answers.filter((answer) => answer !== undefined);
    const lastUrl = last instanceof TransportFailure ? last.endpoint : undefined;
    const refusal = refusals.find(({ url }) => url === lastUrl) ?? refusals[0];
    if (refusal === undefined || refusals.length < asked.length) return undefined;
    return refused(rpc.action, refusal, last);
  }

  /** What a probe of the endpoint found, at most `freshMs` ago; undefined if it finds nothing in time. */
  async probed(endpoint: Endpoint, freshMs: number = probeFreshMs): Promise<ConnectionFault | undefined> {
    if (this.#options.probe === undefined || this.#options.closing.aborted) return undefined;
    const now = this.#options.clock.monotonicMs();
    let known = this.#probes.get(endpoint);
    if (known === undefined || now - known.atMs > freshMs) {
      known = { atMs: now, fault: this.#options.probe(endpoint) };
      this.#probes.set(endpoint, known);
    }
    const { fault } = known;
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimer(probeWaitMs, () => resolve(undefined));
      fault.then(
        (found) => {
          timer.cancel();
          resolve(found);
        },
        () => resolve(undefined),
      );
    });
  }
}
