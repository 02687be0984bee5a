/**
 * Admits a call to an endpoint whose back-off has elapsed and that has been identified.
 *
 * Identification (endpoint-identity, once for all waiting callers) precedes any work and is repeated after every lost
 * connection. A call that began before a restore gets no endpoint after it, whichever call detected the restore.
 */
import type { Clock } from "../../../base/time/clock.ts";
import { setReadingTimer } from "../../../base/time/reading-timer.ts";
import { invalidArgument, type StoreError } from "../../../errors.ts";
import { grpcStatus, TransportFailure } from "../../transport/transport.ts";
import type { AnswerCheck } from "../answer-check.ts";
import { type CallAttempt, restoredError, unavailable } from "../call-attempt.ts";
import { meaningOf } from "../outcome-table.ts";
import type { EndpointFaults } from "./endpoint-faults.ts";
import type { EndpointIdentity } from "./endpoint-identity.ts";
import type { Endpoint, EndpointSet } from "./endpoint-set.ts";

/** A timeout shorter than this does not count against the endpoint. */
const minSignificantTimeoutMs = 1_000;
export interface EndpointAdmissionOptions {
  readonly endpoints: EndpointSet;
  readonly answers: AnswerCheck;
  readonly identity: EndpointIdentity;
  readonly faults: EndpointFaults;
  readonly clock: Clock;
  /** Aborted when the client closes. */
  readonly closing: AbortSignal;
}

export class EndpointAdmission {
  readonly #endpoints: EndpointSet;
  readonly #answers: AnswerCheck;
  readonly #identity: EndpointIdentity;
  readonly #faults: EndpointFaults;
  readonly #clock: Clock;
  readonly #closing: AbortSignal;

  constructor(options: EndpointAdmissionOptions) {
    this.#endpoints = options.endpoints;
    this.#answers = options.answers;
    this.#identity = options.identity;
    this.#faults = options.faults;
    this.#clock = options.clock;
    this.#closing = options.closing;
  }

  /** As `admit`, without a promise: undefined when the call must wait, the endpoint must be identified, or the call fails. */
  admitNow({ call, avoid, generation }: CallAttempt): Endpoint | undefined {
    if (call?.endpoint !== undefined || generation !== this.#answers.generation) return undefined;
    if (this.#endpoints.anyQuarantined) return undefined;
    const choice = this.#endpoints.choose(avoid);
    return choice?.waitMs === 0 && choice.endpoint.identified ? choice.endpoint : undefined;
  }

  /** An endpoint whose back-off has elapsed and that has been identified. @throws the caller's error when there is none in time */
  async admit(attempt: CallAttempt): Promise<Endpoint> {
    const { call } = attempt;
    if (call?.endpoint !== undefined) return this.#pinned(attempt, call.endpoint);
    for (;;) {
      if (this.#endpoints.anyQuarantined) this.#revisitQuarantined();
      const choice = this.#endpoints.choose(attempt.avoid);
      if (choice === undefined) {
        const asking = this.#endpoints.all.find(
          (endpoint) => endpoint.identification !== undefined,
        )?.identification;
        if (asking === undefined) throw this.#allQuarantined(attempt);
        await this.waitFor(settled(asking), attempt);
        continue;
      }
      const { endpoint, waitMs } = choice;
      if (waitMs > 0) {
        await this.#rest(waitMs, attempt);
        continue;
      }
      if (endpoint.identified || (await this.#identified(endpoint, attempt)))
        return this.#inTime(endpoint, attempt);
    }
  }

  /** A call belongs to the generation in which it began. @throws UNAVAILABLE */
  #inTime(endpoint: Endpoint, attempt: CallAttempt): Endpoint {
    if (attempt.generation !== this.#answers.generation) throw restoredError(attempt);
    return endpoint;
  }

  async #pinned(attempt: CallAttempt, url: string): Promise<Endpoint> {
    const endpoint = this.#endpoints.find(url);
    if (endpoint === undefined) {
      throw invalidArgument(
        "endpoint",
        `Cannot ${attempt.rpc.action}: endpoint is "${url}", expected one of this client's: ${this.#endpoints.all.map((each) => each.url).join(", ")}`,
      );
    }
    for (;;) {
      if (attempt.last !== undefined) {
        const restMs = endpoint.restUntilMs - this.#clock.monotonicMs();
        if (restMs > 0) await this.#rest(restMs, attempt);
      }
      if (endpoint.identified || (await this.#identified(endpoint, attempt)))
        return this.#inTime(endpoint, attempt);
      if (endpoint.state === "quarantined") throw this.#allQuarantined(attempt);
    }
  }

  /** False when identification fails or the endpoint is not one of ours; `attempt.last` then holds the reason. */
  async #identified(endpoint: Endpoint, attempt: CallAttempt): Promise<boolean> {
    endpoint.identification ??= this.#identity.identify(endpoint).finally(() => {
      endpoint.identification = undefined;
    });
    try {
      await this.waitFor(endpoint.identification, attempt);
    } catch (error) {
      if (!(error instanceof TransportFailure)) throw error;
      attempt.last = error;
      if (meaningOf(error).retry === "never") throw await this.#faults.errorOf(attempt);
      if (this.#clock.monotonicMs() >= attempt.endMs) throw await this.#faults.errorOf(attempt);
    }
    return this.#inTime(endpoint, attempt).identified;
  }

  /** Checks a quarantined endpoint again, independently of any call. */
  #revisitQuarantined(): void {
    const endpoint = this.#endpoints.quarantinedDue();
    if (endpoint === undefined) return;
    endpoint.identification = this.#identity
      .identify(endpoint)
      .catch(() => this.#endpoints.failed(endpoint, 0))
      .finally(() => {
        endpoint.identification = undefined;
      });
  }

  noteFailure(endpoint: Endpoint, failure: TransportFailure, sentMs: number, requestMs: number): void {
    if (failure.fromServer && failure.code !== grpcStatus.unavailable) {
      this.#endpoints.answered(endpoint);
      return;
    }
    if (failure.code === grpcStatus.deadlineExceeded && requestMs < minSignificantTimeoutMs) return;
    this.#endpoints.failed(endpoint, sentMs);
    if (failure.request === "unsent") void this.#faults.probed(endpoint);
  }

  /** Waits, unless the call's time ends first. @throws the caller's error in that case */
  async pause(waitMs: number, attempt: CallAttempt): Promise<void> {
    if (this.#clock.monotonicMs() + waitMs >= attempt.endMs) throw await this.#faults.errorOf(attempt);
    await this.#sleep(waitMs, attempt);
  }

  async #rest(waitMs: number, attempt: CallAttempt): Promise<void> {
    if (this.#clock.monotonicMs() + waitMs >= attempt.endMs) throw await this.#faults.errorOf(attempt);
    if (this.#clock.monotonicMs() >= attempt.patientUntilMs) {
      const refusal = await this.#faults.refusal(attempt);
      if (refusal !== undefined) throw refusal;
    }
    await this.#sleep(waitMs, attempt);
  }

  async #sleep(waitMs: number, { call }: CallAttempt): Promise<void> {
    const signal = call?.signal;
    const either = signal === undefined ? this.#closing : AbortSignal.any([signal, this.#closing]);
    await this.#clock.sleep(waitMs, either);
  }

  /** Waits for `shared` work that others also wait for: this call leaves when its own time or signal ends. */
  waitFor<T>(shared: Promise<T>, attempt: CallAttempt): Promise<T> {
    const signal = attempt.call?.signal;
    const leftMs = attempt.endMs - this.#clock.monotonicMs();
    return new Promise((resolve, reject) => {
      const end = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", onAbort);
        this.#closing.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        end();
        reject(signal?.aborted ? signal.reason : this.#closing.reason);
      };
      const timer = setReadingTimer(this.#clock, leftMs, () => {
        end();
        this.#faults.errorOf(attempt).then(reject, reject);
      });
      if (signal?.aborted || this.#closing.aborted) onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#closing.addEventListener("abort", onAbort, { once: true });
      shared.finally(end).then(resolve, reject);
    });
  }

  #allQuarantined(attempt: CallAttempt): StoreError {
    const reasons = this.#endpoints.all.map((endpoint) => endpoint.quarantine).filter((r) => r !== undefined);
    return unavailable(attempt.rpc.action, reasons.join("; "), undefined);
  }
}

const settled = (work: Promise<unknown>): Promise<void> =>
  work.then(
    () => {},
    () => {},
  );
