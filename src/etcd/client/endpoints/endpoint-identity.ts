/**
 * Finds out which etcd answers at an endpoint: its version, its cluster, whether its history is the one known so far.
 *
 * One Status request precedes any work, so a write never reaches a foreign cluster or an etcd that is known to lose data.
 * An endpoint that is not one of ours is quarantined with the reason. A restore is reported to the client.
 */
import type { Clock } from "../../../base/time/clock.ts";
import { grpcStatus, TransportFailure } from "../../transport/transport.ts";
import { refusalOf, warningCodeOf, warningOf } from "../../versions/version-check.ts";
import { encodeRangeRequest } from "../../wire/kv.ts";
import { type StatusResponse, statusResponse } from "../../wire/maintenance.ts";
import { WireError } from "../../wire/reader.ts";
import type { AnswerCheck, Verdict } from "../answer-check.ts";
import { unsent } from "../call-attempt.ts";
import type { RestoreEvent } from "../client.ts";
import { type ClientCounters, countOne } from "../client-diagnostics.ts";
import type { Endpoint, EndpointSet } from "./endpoint-set.ts";
import { foreignServer, withoutStatus } from "./foreign-server.ts";

/** An endpoint that is not identified within this is skipped. */
const identifyTimeoutMs = 2_000;

export const statusPath = "/etcdserverpb.Maintenance/Status";
const rangePath = "/etcdserverpb.KV/Range";
const anyKey = { key: "\0", limit: 1, keysOnly: true } as const;
const noBytes = new Uint8Array(0);

export interface EndpointIdentityOptions {
  readonly endpoints: EndpointSet;
  readonly answers: AnswerCheck;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  readonly allowFaultyVersions: boolean;
  /** Counts the requests made here. */
  readonly counters: ClientCounters;
  readonly warn: (message: string, code?: string) => void;
  readonly restored: (event: RestoreEvent) => void;
}

export class EndpointIdentity {
  readonly #options: EndpointIdentityOptions;
  readonly #endpoints: EndpointSet;
  readonly #answers: AnswerCheck;
  readonly #clock: Clock;
  readonly #warned = new Set<string>();

  constructor(options: EndpointIdentityOptions) {
    this.#options = options;
    this.#endpoints = options.endpoints;
    this.#answers = options.answers;
    this.#clock = options.clock;
  }

  /** Asks the member for its version and cluster, which needs no rights. @throws TransportFailure when it cannot be reached */
  async identify(endpoint: Endpoint): Promise<void> {
    const sentMs = this.#clock.monotonicMs();
    const { losses } = endpoint;
    // Lost since: the response may have come over the lost connection, so the endpoint is identified again.
    const isSame = (): boolean => endpoint.losses === losses;
    const timeoutMs = Math.min(identifyTimeoutMs, this.#options.requestTimeoutMs);
    let status: StatusResponse;
    try {
      countOne(this.#options.counters.requests, statusPath);
      const reply = await endpoint.transport.unary(statusPath, noBytes, { timeoutMs, lane: "unary" });
      status = statusResponse.decode(reply);
    } catch (error) {
      countOne(this.#options.counters.failures, statusPath);
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

  /** Acts on what a header says of its endpoint. */
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
}
