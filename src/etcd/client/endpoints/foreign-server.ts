/**
 * Servers that are not etcd. kine (the default of k3s, etcd's API over SQL databases) reports a status
 * without cluster, member and raft term; an etcd member has all three from its first answer on.
 */
import type { StatusResponse } from "../../wire/maintenance.ts";

/** What keelson needs and kine lacks (its pkg/server, 2026); COMPATIBILITY.md lists it call by call. */
const missing = [
  "leases (a grant answers its time to live as the id; none can be kept alive, revoked or listed)",
  "transactions other than the creation, update or deletion of one key",
  "deletions of ranges",
  "sorted and serializable reads",
  "members, users, alarms, hashes and snapshots",
].join(", ");

/** Why the client refuses the server with this status; undefined for an etcd. */
export function foreignServer({ header, raftTerm, version }: StatusResponse): string | undefined {
  const isEtcd = header.clusterId !== 0n || header.memberId !== 0n || raftTerm !== 0n;
  return isEtcd
    ? undefined
    : `it is kine, or a server like it, that says etcd ${version} and lacks ${missing}; expected an etcd (k3s: --cluster-init)`;
}

/** Why the client refuses a server that answers etcd's first request as one it does not know: a web server, or another gRPC service. */
export function withoutStatus(answer: string): string {
  return `it has no call to report its status (it answers: ${answer}); expected an etcd`;
}
