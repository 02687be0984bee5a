/** The results of commands, independent of the format: the printers turn each into text. */
import type {
  Alarm,
  DeleteRangeResponse,
  Header,
  KvEvent,
  Member,
  MemberStatus,
  Permission,
  PutResponse,
  RangeResponse,
  TxnResponse,
} from "keelson/etcd";

export interface EndpointHealth {
  readonly endpoint: string;
  readonly healthy: boolean;
  readonly tookNs: bigint;
  readonly error: string;
  /** With `--probes`: the members' own probes, "" if a member has none. */
  readonly probes?: { readonly livez: string; readonly readyz: string } | undefined;
}

export interface EndpointHash {
  readonly endpoint: string;
  readonly header: Header;
  readonly hash: number;
  readonly compactRevision: bigint;
  /** Last revision of the hash; undefined before etcd 3.6. */
  readonly hashRevision?: bigint | undefined;
}

export type Result =
  | { readonly type: "get"; readonly response: RangeResponse; readonly valuesOnly: boolean }
  | { readonly type: "put"; readonly response: PutResponse }
  | { readonly type: "del"; readonly response: DeleteRangeResponse }
  | { readonly type: "txn"; readonly response: TxnResponse }
  | { readonly type: "watch"; readonly header: Header; readonly events: readonly KvEvent[] }
  | {
      readonly type: "lease-grant";
      readonly header: Header;
      readonly id: bigint;
      readonly ttlSeconds: number;
    }
  | {
      readonly type: "lease-keep-alive";
      readonly header: Header;
      readonly id: bigint;
      readonly ttlSeconds: number;
    }
  | {
      readonly type: "lease-time-to-live";
      readonly header: Header;
      readonly id: bigint;
      /** -1: there is no such lease. */
      readonly ttlSeconds: number;
      readonly grantedTtlSeconds: number;
      /** Undefined: not requested. */
      readonly keys: readonly Uint8Array[] | undefined;
    }
  | { readonly type: "lease-list"; readonly header: Header; readonly ids: readonly bigint[] }
  /** `header` is undefined for a disarm, which is several requests. */
  | { readonly type: "alarms"; readonly header: Header | undefined; readonly alarms: readonly Alarm[] }
  | { readonly type: "member-list"; readonly header: Header; readonly members: readonly Member[] }
  | {
      readonly type: "member-change";
      readonly header: Header;
      readonly members: readonly Member[];
      readonly change: "added" | "removed" | "updated" | "promoted";
      readonly id: bigint;
      /** For an added member. */
      readonly member: Member | undefined;
    }
  | { readonly type: "endpoint-health"; readonly endpoints: readonly EndpointHealth[] }
  | { readonly type: "endpoint-status"; readonly endpoints: readonly MemberStatus[] }
  | { readonly type: "endpoint-hashkv"; readonly endpoints: readonly EndpointHash[] }
  | {
      readonly type: "downgrade";
      readonly header: Header;
      readonly change: "validate" | "enable" | "cancel";
      readonly clusterVersion: string;
    }
  /** A change without other output; `text` is the message for people. */
  | { readonly type: "done"; readonly header: Header; readonly text: string }
  | {
      readonly type: "auth-status";
      readonly header: Header;
      readonly enabled: boolean;
      readonly authRevision: bigint;
    }
  | {
      readonly type: "user";
      readonly header: Header;
      readonly name: string;
      readonly roles: readonly string[];
    }
  | {
      readonly type: "role";
      readonly header: Header;
      readonly name: string;
      readonly permissions: readonly Permission[];
    }
  | {
      readonly type: "names";
      readonly of: "users" | "roles";
      readonly header: Header;
      readonly names: readonly string[];
    }
  | {
      readonly type: "snapshot-status";
      readonly hash: number;
      readonly revision: bigint;
      /** Counted as by the tool of the snapshot's own version. */
      readonly totalKey: number;
      readonly totalSize: bigint;
      /** Storage version, from 3.6 on. */
      readonly version: string | undefined;
    };
