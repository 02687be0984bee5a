/** What all watches of one client share: their way to etcd, their time limits, their counters. */
import type { Client } from "../client/client.ts";
import type { Kv } from "../ports/kv.ts";
import type { MemberVersions } from "./member-versions.ts";

export interface WatchTimes {
  /** After this long without a message a progress request checks whether the member still answers. */
  readonly silenceMs: number;
  /** How long that request may stay unanswered. */
  readonly probeMs: number;
  /** How long a start revision may be ahead of etcd before it is FUTURE_VERSION. */
  readonly futureMs: number;
}

export interface WatchCounters {
  opened: number;
  open: number;
  reconnects: number;
  events: number;
  duplicates: number;
  faults: number;
}

export interface WatchContext {
  readonly client: Client;
  readonly kv: Kv;
  readonly versions: MemberVersions;
  readonly times: WatchTimes;
  readonly counters: WatchCounters;
}
