/** The columns that `simple` joins with commas and `table` draws. */
import type { Member, MemberStatus } from "keelson/etcd";
import type { EndpointHash, EndpointHealth, Result } from "../results.ts";
import { formatDuration } from "../text/duration.ts";
import { formatBytes, hexId } from "../text/quote.ts";

export const memberHeaders: readonly string[] = [
  "ID",
  "Status",
  "Name",
  "Peer Addrs",
  "Client Addrs",
  "Is Learner",
];

export function memberRow({ id, name, peerUrls, clientUrls, isLearner }: Member): readonly string[] {
  const status = name === "" ? "unstarted" : "started";
  return [hexId(id), status, name, peerUrls.join(","), clientUrls.join(","), String(isLearner)];
}

export const healthHeaders: readonly string[] = ["endpoint", "health", "took", "error"];

export const healthRow = ({ endpoint, healthy, tookNs, error }: EndpointHealth): readonly string[] => [
  endpoint,
  String(healthy),
  formatDuration(tookNs),
  error,
];

export const statusHeaders: readonly string[] = [
  "endpoint",
  "ID",
  "version",
  "db size",
  "is leader",
  "is learner",
  "raft term",
  "raft index",
  "raft applied index",
  "errors",
];

export const statusRow = (status: MemberStatus): readonly string[] => [
  status.endpoint,
  hexId(status.header.memberId),
  status.version,
  formatBytes(status.databaseBytes),
  String(status.leader === status.header.memberId),
  String(status.isLearner),
  String(status.raftTerm),
  String(status.raftIndex),
  String(status.raftAppliedIndex),
  status.errors.join(", "),
];

export const hashHeaders: readonly string[] = ["endpoint", "hash"];
export const hashRow = ({ endpoint, hash }: EndpointHash): readonly string[] => [endpoint, String(hash)];

type SnapshotStatus = Extract<Result, { type: "snapshot-status" }>;

/** With a version from 3.6 on, as etcdutl has it. */
export function snapshotHeaders({ version }: SnapshotStatus): readonly string[] {
  const headers = ["hash", "revision", "total keys", "total size"];
  return version === undefined ? headers : [...headers, "version"];
}

export function snapshotRow(status: SnapshotStatus): readonly string[] {
  const { hash, revision, totalKey, totalSize, version } = status;
  const row = [hash.toString(16), String(revision), String(totalKey), formatBytes(totalSize)];
  return version === undefined ? row : [...row, version];
}
