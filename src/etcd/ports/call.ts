/** What every call of a port takes, and the names of all their options. */
import { type Call, callNames } from "../../base/call.ts";
import type { NamesOf } from "../../base/text/known-options.ts";
import type { Header } from "./messages.ts";

/** What each call of a port takes. */
export interface EtcdCall extends Call {
  /** Ask this endpoint only, without failover. Default: any healthy one. */
  readonly endpoint?: string | undefined;
  /** "bulk" for bodies of megabytes: they travel on connections of their own. Default: by method. */
  readonly lane?: "unary" | "bulk" | undefined;
  /** Bound of each single request of this call, milliseconds; default the client's `requestTimeoutMs`. Less leaves time to settle. */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * How long it goes on where every endpoint refuses (nothing listens there, no such host, certificates that do not fit),
   * milliseconds; 0: not at all. Then it is UNAVAILABLE with `refused`. Default: its `timeoutMs`, or 1000 without one.
   */
  readonly refusalPatienceMs?: number | undefined;
  /** Called with the header of the answer this call returns; for tools that show it. Streams of snapshots have none. */
  readonly onHeader?: ((header: Header) => void) | undefined;
  /** Called when the request is handed to a connection, at each try: a call that ended without it has never left. */
  readonly onSend?: (() => void) | undefined;
  /**
   * For a write: when a peer says that it has not looked at the request (GOAWAY, REFUSED_STREAM), the call is
   * OUTCOME_UNKNOWN instead of being sent again, for a caller that can find out whether that was true. A proxy in between may
   * have passed the request on.
   */
  readonly doubtsRefusal?: boolean | undefined;
}

/** What a call to one member takes. */
export interface MemberCall extends EtcdCall {
  /** Which member: one of `Etcd.endpoints`. */
  readonly endpoint: string;
}

/** What a call of any port may take, its own options included (`compact`, `revoke`, `timeToLive`, `members`). */
export const etcdCallNames: NamesOf<
  EtcdCall & {
    readonly physical?: unknown;
    readonly ifCompacted?: unknown;
    readonly ifMissing?: unknown;
    readonly keys?: unknown;
    readonly linearizable?: unknown;
  }
> = {
  ...callNames,
  endpoint: true,
  lane: true,
  requestTimeoutMs: true,
  refusalPatienceMs: true,
  onHeader: true,
  onSend: true,
  doubtsRefusal: true,
  physical: true,
  ifCompacted: true,
  ifMissing: true,
  keys: true,
  linearizable: true,
};
