/**
 * Admits a call to an endpoint whose back-off has elapsed and that has been identified.
 *
 * Identification (one Status request for all waiting callers) precedes any work: it gives the version and the cluster, so
 * a write never reaches a foreign cluster or an etcd that is known to lose data. It is repeated after every lost
 * connection. A call that began before a restore gets no endpoint after it, whichever call detected the restore. It
 * also decides what failures and refusals mean for an endpoint, and finds out why an endpoint cannot be reached.
 */
import type { Clock } from "../../base/time/clock.ts";
import { setReadingTimer } from "../../base/time/reading-timer.ts";
import { invalidArgument, StoreError } from "../../errors.ts";
import { grpcStatus, TransportFailure } from "../transport/transport.ts";
import { refusalOf, warningCodeOf, warningOf } from "../versions/version-check.ts";
import { encodeRangeRequest } from "../wire/kv.ts";
import { type StatusResponse, statusResponse } from "../wire/maintenance.ts";
import { WireError } from "../wire/reader.ts";
import type { AnswerCheck, Verdict } from "./answer-check.ts";
import {
  type CallAttempt,
  deadlineError,
  keyText,
  refused,
  restoredError,
  unavailable,
  unsent,
} from "./call-attempt.ts";
import type { RestoreEvent } from "./client.ts";
import type { ConnectionFault } from "./connection-probe.ts";
import type { Endpoint, EndpointSet } from "./endpoint-set.ts";
import { foreignServer, withoutStatus } from "./foreign-server.ts";
import { meaningOf, storeErrorOf } from "./outcome-table.ts";

/** A timeout shorter than this does not count against the endpoint. */
const minSignificantTimeoutMs = 1_000;
/** An endpoint that is not identified within this is skipped. */
const identifyTimeoutMs = 2_000;
/** How long a failing call waits to learn why an endpoint cannot be reached. */
const probeWaitMs = 1_000;
/** How long the result of a probe serves as the reason of a failure. */
const probeFreshMs = 5_000;
/** How long the result of a probe counts as a refusal, which may be over in a moment. */
const refusalFreshMs = 500;

export const statusPath = "/etcdserverpb.Maintenance/Status";
const rangePath = "/etcdserverpb.KV/Range";
const anyKey = { key: "\0", limit: 1, keysOnly: true } as const;
const noBytes = new Uint8Array(0);

export interface EndpointAdmissionOptions {
  readonly endpoints: EndpointSet;
  readonly answers: AnswerCheck;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  /** Aborted when the client closes. */
  readonly closing: AbortSignal;
  readonly username: string | undefined;
  readonly allowFaultyVersions: boolean;
  /** Finds out why an endpoint cannot be reached. */
  readonly probe: ((endpoint: Endpoint) => Promise<ConnectionFault | undefined>) | undefined;
  readonly warn: (message: string, code?: string) => void;
  /** Counts admission's own requests. */
  readonly identified: (outcome: "sent" | "failed") => void;
  readonly restored: (event: RestoreEvent) => void;
}

export class EndpointAdmission {
  readonly #options: EndpointAdmissionOptions;
  readonly #endpoints: EndpointSet;
  readonly #answers: AnswerCheck;
  readonly #clock: Clock;
  readonly #closing: AbortSignal;
  readonly #probes = new Map<
    Endpoint,
    { readonly atMs: number; readonly fault: Promise<ConnectionFault | undefined> }
  >();
  readonly #warned = new Set<string>();

  constructor(options: EndpointAdmissionOptions) {
    this.#options = options;
    this.#endpoints = options.endpoints;
    this.#answers = options.answers;
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
    endpoint.identification ??= this.#identify(endpoint).finally(() => {
      endpoint.identification = undefined;
    });
    try {
      await this.waitFor(endpoint.identification, attempt);
    } catch (error) {
      if (!(error instanceof TransportFailure)) throw error;
      attempt.last = error;
      if (meaningOf(error).retry === "never") throw await this.giveUp(attempt);
      if (this.#clock.monotonicMs() >= attempt.endMs) throw await this.giveUp(attempt);
    }
    return this.#inTime(endpoint, attempt).identified;
  }

  /** Asks the member for its version and cluster, which needs no rights. @throws TransportFailure when it cannot be reached */
  async #identify(endpoint: Endpoint): Promise<void> {
    const sentMs = this.#clock.monotonicMs();
    const { losses } = endpoint;
    // Lost since: the response may have come over the lost connection, so the endpoint is identified again.
    const isSame = (): boolean => endpoint.losses === losses;
    const timeoutMs = Math.min(identifyTimeoutMs, this.#options.requestTimeoutMs);
    let status: StatusResponse;
    try {
      this.#options.identified("sent");
      const reply = await endpoint.transport.unary(statusPath, noBytes, { timeoutMs, lane: "unary" });
      status = statusResponse.decode(reply);
    } catch (error) {
      this.#options.identified("failed");
      if (error instanceof WireError) {
        this.#endpoints.failed(endpoint, sentMs);
        throw new TransportFailure({
          code: grpcStatus.internal,
          text: `the status is damaged: ${error.message}`,
          request: "unsent",
          fromServer: false,
          endpoint: endpoint.url,
        });
      }
      if (!(error instanceof TransportFailure)) throw error;
      if (error.fromServer && error.code === grpcStatus.unimplemented) {
        return this.#quarantine(endpoint, `endpoint "${endpoint.url}": ${withoutStatus(error.text)}`);
      }
      if (error.fromServer && error.code !== grpcStatus.unavailable) {
        // It answers but refuses the status: this etcd requires a token for it.
        this.#endpoints.release(endpoint);
        this.#endpoints.answered(endpoint);
        endpoint.identified = isSame();
        return;
      }
      this.#endpoints.failed(endpoint, sentMs);
      throw unsent(error);
    }
    endpoint.version = status.version;
    const foreign = foreignServer(status);
    if (foreign !== undefined) return this.#quarantine(endpoint, `endpoint "${endpoint.url}": ${foreign}`);
    const faulty = this.#options.allowFaultyVersions ? undefined : refusalOf(status.version);
    if (faulty !== undefined) return this.#quarantine(endpoint, faulty);
    const warning = warningOf(status.version);
    if (warning !== undefined) this.#warnOnce(warning, warningCodeOf(status.version));
    const verdict = this.#answers.judge(endpoint, status.header, undefined, this.#clock.monotonicMs());
    this.apply(endpoint, verdict);
    if (verdict.verdict === "refused") return;
    if (verdict.verdict === "good" && this.#answers.log.isAbove(status, this.#answers.highest)) {
      const caughtUp = await this.#caughtUpStatus(endpoint, timeoutMs);
      if (this.#answers.log.isAbove(caughtUp, this.#answers.highest)) {
        const rewound = this.#answers.judgeRewound(endpoint, caughtUp.header, this.#clock.monotonicMs());
        this.apply(endpoint, rewound);
        if (rewound.verdict === "refused") return;
      }
    }
    this.#answers.log.learn(status, this.#answers.highest);
    this.#endpoints.release(endpoint);
    this.#endpoints.answered(endpoint);
    endpoint.identified = isSame();
  }

  /**
   * The status of a member that has caught up with its cluster, as an answer to a linearizable read proves. etcd waits for
   * that before it checks permissions, so a refusal proves it as well.
   * @throws TransportFailure when it cannot catch up
   */
  async #caughtUpStatus(endpoint: Endpoint, timeoutMs: number): Promise<StatusResponse> {
    const request = { timeoutMs, lane: "unary" } as const;
    try {
      await endpoint.transport.unary(rangePath, encodeRangeRequest(anyKey), request);
    } catch (error) {
      if (!(error instanceof TransportFailure)) throw error;
      if (!error.fromServer || error.code === grpcStatus.unavailable) throw unsent(error);
    }
    try {
      return statusResponse.decode(await endpoint.transport.unary(statusPath, noBytes, request));
    } catch (error) {
      throw error instanceof TransportFailure ? unsent(error) : error;
    }
  }

  /** Checks a quarantined endpoint again, independently of any call. */
  #revisitQuarantined(): void {
    const endpoint = this.#endpoints.quarantinedDue();
    if (endpoint === undefined) return;
    endpoint.identification = this.#identify(endpoint)
      .catch(() => this.#endpoints.failed(endpoint, 0))
      .finally(() => {
        endpoint.identification = undefined;
      });
  }

  apply(endpoint: Endpoint, verdict: Verdict): void {
    switch (verdict.verdict) {
      case "good":
        return;
      case "refused":
        if (verdict.kind === "foreign") this.#quarantine(endpoint, verdict.reason);
        else this.#endpoints.rest(endpoint);
        return;
      case "restored":
        for (const each of this.#endpoints.all) this.#endpoints.release(each);
        this.#options.restored(verdict.event);
    }
  }

  #quarantine(endpoint: Endpoint, reason: string): void {
    this.#endpoints.quarantine(endpoint, reason);
    this.#warnOnce(reason);
    // A single endpoint, or all of them: check again soon, since it may be a restore.
    if (this.#endpoints.all.every((each) => each.state === "quarantined" || each.state === "failing")) {
      this.#endpoints.rest(endpoint);
    }
  }

  #warnOnce(message: string, code?: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.warn(message, code);
  }

  noteFailure(endpoint: Endpoint, failure: TransportFailure, sentMs: number, requestMs: number): void {
    if (failure.fromServer && failure.code !== grpcStatus.unavailable) {
      this.#endpoints.answered(endpoint);
      return;
    }
    if (failure.code === grpcStatus.deadlineExceeded && requestMs < minSignificantTimeoutMs) return;
    this.#endpoints.failed(endpoint, sentMs);
    if (failure.request === "unsent") void this.#probed(endpoint);
  }

  /** Waits, unless the call's time ends first. @throws the caller's error in that case */
  async pause(waitMs: number, attempt: CallAttempt): Promise<void> {
    if (this.#clock.monotonicMs() + waitMs >= attempt.endMs) throw await this.giveUp(attempt);
    await this.#sleep(waitMs, attempt);
  }

  async #rest(waitMs: number, attempt: CallAttempt): Promise<void> {
    if (this.#clock.monotonicMs() + waitMs >= attempt.endMs) throw await this.giveUp(attempt);
    if (this.#clock.monotonicMs() >= attempt.patientUntilMs) {
      const refusal = await this.#refusal(attempt);
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
        this.giveUp(attempt).then(reject, reject);
      });
      if (signal?.aborted || this.#closing.aborted) onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#closing.addEventListener("abort", onAbort, { once: true });
      shared.finally(end).then(resolve, reject);
    });
  }

  /** Throws the caller's error, with the reason that a probe finds for an unreachable endpoint. */
  async giveUp(attempt: CallAttempt): Promise<unknown> {
    const { rpc, call, last, options } = attempt;
    if (last === undefined) return deadlineError(attempt, "no answer");
    if (last instanceof StoreError) return last;
    if (attempt.refreshes > 0 && meaningOf(last).retry === "refresh") {
      // The password is right, so the caller cannot fix it.
      const reason = `users and roles of etcd are changing: ${last.text}`;
      return unavailable(rpc.action, `${reason} (endpoint "${last.endpoint}")`, last.endpoint);
    }
    const endpoint = this.#endpoints.find(last.endpoint);
    const reason =
      last.request === "unsent" && endpoint !== undefined
        ? (await this.#probed(endpoint))?.reason
        : undefined;
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
  async #refusal({ rpc, call, last }: CallAttempt): Promise<StoreError | undefined> {
    const pinned = call?.endpoint;
    const asked = this.#endpoints.all.filter(({ url }) => pinned === undefined || url === pinned);
    const answers = await Promise.all(
      asked.map(async (endpoint) => {
        // A quarantined endpoint is skipped, whatever it answers.
        if (endpoint.quarantine !== undefined) return { url: endpoint.url, reason: endpoint.quarantine };
        const fault = await this.#probed(endpoint, refusalFreshMs);
        return fault?.answered === true ? { url: endpoint.url, reason: fault.reason } : undefined;
      }),
    );
    const refusals = answers.filter((answer) => answer !== undefined);
    const lastUrl = last instanceof TransportFailure ? last.endpoint : undefined;
    const told = refusals.find(({ url }) => url === lastUrl) ?? refusals[0];
    if (told === undefined || refusals.length < asked.length) return undefined;
    return refused(rpc.action, told, last);
  }

  async #probed(endpoint: Endpoint, freshMs = probeFreshMs): Promise<ConnectionFault | undefined> {
    if (this.#options.probe === undefined || this.#closing.aborted) return undefined;
    const now = this.#clock.monotonicMs();
    let known = this.#probes.get(endpoint);
    if (known === undefined || now - known.atMs > freshMs) {
      known = { atMs: now, fault: this.#options.probe(endpoint) };
      this.#probes.set(endpoint, known);
    }
    const { fault } = known;
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(probeWaitMs, () => resolve(undefined));
      fault.then(
        (found) => {
          timer.cancel();
          resolve(found);
        },
        () => resolve(undefined),
      );
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
