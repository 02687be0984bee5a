/** What the calls and the streams of one client share. */
import type { Clock } from "../../base/time/clock.ts";
import type { AnswerCheck } from "./answer-check.ts";
import type { ClientCounters } from "./client-diagnostics.ts";
import type { EndpointAdmission } from "./endpoints/endpoint-admission.ts";
import type { EndpointFaults } from "./endpoints/endpoint-faults.ts";
import type { EndpointIdentity } from "./endpoints/endpoint-identity.ts";
import type { EndpointSet } from "./endpoints/endpoint-set.ts";
import type { TokenSource } from "./token-source.ts";

export interface ClientParts {
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  /** Aborted when the client closes. */
  readonly closing: AbortSignal;
  readonly endpoints: EndpointSet;
  readonly answers: AnswerCheck;
  readonly identity: EndpointIdentity;
  readonly faults: EndpointFaults;
  readonly admission: EndpointAdmission;
  readonly tokens: TokenSource | undefined;
  readonly counters: ClientCounters;
}
