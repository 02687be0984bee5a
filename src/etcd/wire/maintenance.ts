/** Maintenance messages, both directions. Member ids are uint64 and exact: a rounded id disarms nothing. */

import type { Alarm, DowngradeState } from "../ports/maintenance.ts";
import type { Header } from "../ports/messages.ts";
import {
  bool,
  bytes,
  choice,
  header,
  inner,
  int64,
  type MessageCodec,
  many,
  message,
  optional,
  text,
  texts,
  uint32,
  uint64,
} from "./message.ts";

/** Requests without a field: status, defragment, snapshot and others. */
export const emptyRequest: MessageCodec<object> = message({});

export interface HeaderResponse {
  readonly header: Header;
}
/** Replies that contain only a header. */
export const headerResponse: MessageCodec<HeaderResponse> = message({ header: header(1) });

const alarmTypes = ["NONE", "NOSPACE", "CORRUPT"] as const;
const alarmActions = ["GET", "ACTIVATE", "DEACTIVATE"] as const;

export interface AlarmRequest {
  readonly action: (typeof alarmActions)[number];
  /** 0n: all members. */
  readonly memberId: bigint;
  readonly type: Alarm["type"];
}
export interface AlarmResponse {
  readonly header: Header;
  readonly alarms: readonly Alarm[];
}
const alarm: MessageCodec<Alarm> = message({ memberId: uint64(1), type: choice(2, alarmTypes) });
export const alarmRequest: MessageCodec<AlarmRequest> = message({
  action: choice(1, alarmActions),
  memberId: uint64(2),
  type: choice(3, alarmTypes),
});
export const alarmResponse: MessageCodec<AlarmResponse> = message({
  header: header(1),
  alarms: many(2, alarm),
});

export interface StatusResponse {
  readonly header: Header;
  readonly version: string;
  readonly databaseBytes: bigint;
  readonly leader: bigint;
  readonly raftIndex: bigint;
  readonly raftTerm: bigint;
  readonly raftAppliedIndex: bigint;
  readonly errors: readonly string[];
  readonly databaseBytesInUse: bigint;
  readonly isLearner: boolean;
  /** This field and the following: etcd 3.6. */
  readonly storageVersion?: string | undefined;
  readonly databaseQuotaBytes?: bigint | undefined;
  readonly downgrade?: DowngradeState | undefined;
}
const downgradeState: MessageCodec<DowngradeState> = message({
  enabled: bool(1),
  targetVersion: optional(text(2)),
});
export const statusResponse: MessageCodec<StatusResponse> = message({
  header: header(1),
  version: text(2),
  databaseBytes: int64(3),
  leader: uint64(4),
  raftIndex: uint64(5),
  raftTerm: uint64(6),
  raftAppliedIndex: uint64(7),
  errors: texts(8),
  databaseBytesInUse: int64(9),
  isLearner: bool(10),
  storageVersion: optional(text(11)),
  databaseQuotaBytes: optional(int64(12)),
  downgrade: inner(13, downgradeState),
});

export interface HashKvRequest {
  readonly revision: bigint;
}
export interface HashKvResponse {
  readonly header: Header;
  readonly hash: number;
  readonly compactRevision: bigint;
  /** etcd 3.6; 0n from older servers. */
  readonly hashRevision: bigint;
}
export const hashKvRequest: MessageCodec<HashKvRequest> = message({ revision: int64(1) });
export const hashKvResponse: MessageCodec<HashKvResponse> = message({
  header: header(1),
  hash: uint32(2),
  compactRevision: int64(3),
  hashRevision: int64(4),
});

export interface SnapshotResponse {
  readonly header: Header;
  readonly remainingBytes: bigint;
  readonly blob: Uint8Array;
  /** etcd 3.6: the storage version. */
  readonly version?: string | undefined;
}
export const snapshotResponse: MessageCodec<SnapshotResponse> = message({
  header: header(1),
  remainingBytes: uint64(2),
  blob: bytes(3),
  version: optional(text(4)),
});

export interface MoveLeaderRequest {
  readonly targetId: bigint;
}
export const moveLeaderRequest: MessageCodec<MoveLeaderRequest> = message({ targetId: uint64(1) });

export interface DowngradeRequest {
  readonly action: "VALIDATE" | "ENABLE" | "CANCEL";
  /** As "3.5"; empty for a cancel. */
  readonly version: string;
}
export interface DowngradeResponse {
  readonly header: Header;
  /** Version of the cluster, as "3.6". */
  readonly version: string;
}
export const downgradeRequest: MessageCodec<DowngradeRequest> = message({
  action: choice(1, ["VALIDATE", "ENABLE", "CANCEL"]),
  version: text(2),
});
export const downgradeResponse: MessageCodec<DowngradeResponse> = message({
  header: header(1),
  version: text(2),
});
