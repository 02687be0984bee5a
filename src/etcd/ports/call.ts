/** Options of every call of a port, and the names of all of them. */
import { type Call, callNames } from "../../base/call.ts";
import type { NamesOf } from "../../base/text/known-options.ts";
import type { Header } from "./messages.ts";

/** Options of each call of a port. */
export interface EtcdCall extends Call {
  /** Use this endpoint only, without failover. Default: any healthy one. */
  readonly endpoint?: string | undefined;
  /** "bulk" for bodies of megabytes: they use separate connections. Default: by method. */
  readonly lane?: "unary" | "bulk" | undefined;
  /** Limit of each single request of this call, milliseconds; default the client's `requestTimeoutMs`. Less leaves time to settle. */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * How long the call continues while every endpoint refuses (nothing listens there, no such host, certificates that do not
   * match), milliseconds; 0: not at all. It then fails with UNAVAILABLE and `refused`. Default: its `timeoutMs`, or 1000 without one.
   */
  readonly refusalPatienceMs?: number | undefined;
  /** Called with the header of the response that this call returns; for tools that print it. Snapshot streams have none. */
  readonly onHeader?: ((header: Header) => void) | undefined;
  /** Called at each try when the request is handed to a connection: if a call ends without it, no request was sent. */
  readonly onSend?: (() => void) | undefined;
  /**
   * For a write whose peer reports that it has not processed the request (GOAWAY, REFUSED_STREAM): the call fails with
   * OUTCOME_UNKNOWN instead of being sent again, for a caller that can check whether the report is true. A proxy in between
   * may have forwarded the request.
   */
  readonly doubtsRefusal?: boolean | undefined;
}

/** Options of a call to one member. */
export interface MemberCall extends EtcdCall {
  /** The member: one of `Etcd.endpoints`. */
  readonly endpoint: string;
}

/** Option names of a call of any port, including those of single methods (`compact`, `revoke`, `timeToLive`, `members`). */
export const etcdCallNames: NamesOf<
  EtcdCall & {
    readonly physical?: boolean;
    readonly ifCompacted?: "done" | "fail";
    readonly ifMissing?: "done" | "fail";
    readonly keys?: boolean;
    readonly linearizable?: boolean;
  }
> = {
  ...callNames,
  endpoint: "text",
  lane: ["unary", "bulk"],
  requestTimeoutMs: "positive",
  refusalPatienceMs: "count",
  onHeader: "function",
  onSend: "function",
  doubtsRefusal: "boolean",
  physical: "boolean",
  ifCompacted: ["done", "fail"],
  ifMissing: ["done", "fail"],
  keys: "boolean",
  linearizable: "boolean",
};
