/** The columns that `simple` joins with commas and `table` draws. */
import type { Member, MemberStatus } from "keelson/etcd";
import type { EndpointHash, EndpointHealth, Result } from "../results.ts";
import { formatDuration } from "../text/duration.ts";
import { formatBytes, hexId } from "../text/quote.ts";
import type { ToolLine } from "./tool-line.ts";

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

/** With probes, if requested. */
export const healthHeaders = (endpoints: readonly EndpointHealth[]): readonly string[] => [
  ...["endpoint", "health", "took", "error"],
  ...(endpoints.some(({ probes }) => probes !== undefined) ? ["livez", "readyz"] : []),
];

export const healthRow = ({
  endpoint,
  healthy,
  tookNs,
  error,
  probes,
}: EndpointHealth): readonly string[] => [
  ...[endpoint, String(healthy), formatDuration(tookNs), error],
  ...(probes === undefined ? [] : [probes.livez, probes.readyz]),
];

/** A column, and the etcdctl release that introduced it. */
type Column<T> = readonly [header: string, cell: (row: T) => string, since?: "3.6"];

const statusColumns: readonly Column<MemberStatus>[] = [
  ["endpoint", ({ endpoint }) => endpoint],
  ["ID", ({ header }) => hexId(header.memberId)],
  ["version", ({ version }) => version],
  ["storage version", ({ storageVersion = "" }) => storageVersion, "3.6"],
  ["db size", ({ databaseBytes }) => formatBytes(databaseBytes)],
  ["in use", ({ databaseBytesInUse }) => formatBytes(databaseBytesInUse), "3.6"],
  ["percentage not in use", unusedPercentage, "3.6"],
  ["quota", ({ databaseQuotaBytes = 0n }) => formatBytes(databaseQuotaBytes), "3.6"],
  ["is leader", ({ leader, header }) => String(leader === header.memberId)],
  ["is learner", ({ isLearner }) => String(isLearner)],
  ["raft term", ({ raftTerm }) => String(raftTerm)],
  ["raft index", ({ raftIndex }) => String(raftIndex)],
  ["raft applied index", ({ raftAppliedIndex }) => String(raftAppliedIndex)],
  ["errors", ({ errors }) => errors.join(", ")],
  ["downgrade target version", ({ downgrade }) => downgrade?.targetVersion ?? "", "3.6"],
  ["downgrade enabled", ({ downgrade }) => String(downgrade?.enabled ?? false), "3.6"],
];

const hashColumns: readonly Column<EndpointHash>[] = [
  ["endpoint", ({ endpoint }) => endpoint],
  ["hash", ({ hash }) => String(hash)],
  ["hash revision", ({ hashRevision = 0n }) => String(hashRevision), "3.6"],
];

const columnsOf = <T>(columns: readonly Column<T>[], line: ToolLine): readonly Column<T>[] =>
  columns.filter(([, , since]) => since === undefined || since === line);
const headersOf = <T>(columns: readonly Column<T>[], line: ToolLine): readonly string[] =>
  columnsOf(columns, line).map(([header]) => header);
const rowOf = <T>(columns: readonly Column<T>[], row: T, line: ToolLine): readonly string[] =>
  columnsOf(columns, line).map(([, cell]) => cell(row));

export const statusHeaders = (line: ToolLine): readonly string[] => headersOf(statusColumns, line);
export const statusRow = (status: MemberStatus, line: ToolLine): readonly string[] =>
  rowOf(statusColumns, status, line);
export const hashHeaders = (line: ToolLine): readonly string[] => headersOf(hashColumns, line);
export const hashRow = (hash: EndpointHash, line: ToolLine): readonly string[] =>
  rowOf(hashColumns, hash, line);

/** Whole percents, as etcdctl computes them: it truncates the used share. */
function unusedPercentage({ databaseBytes, databaseBytesInUse }: MemberStatus): string {
  return databaseBytes === 0n ? "0%" : `${100n - (databaseBytesInUse * 100n) / databaseBytes}%`;
}

type SnapshotStatus = Extract<Result, { type: "snapshot-status" }>;

/** With a version from 3.6 on, as in etcdutl. */
export function snapshotHeaders({ version }: SnapshotStatus): readonly string[] {
  const headers = ["hash", "revision", "total keys", "total size"];
  return version === undefined ? headers : [...headers, "version"];
}

export function snapshotRow(status: SnapshotStatus): readonly string[] {
  const { hash, revision, totalKey, totalSize, version } = status;
  const row = [hash.toString(16), String(revision), String(totalKey), formatBytes(totalSize)];
  return version === undefined ? row : [...row, version];
}
