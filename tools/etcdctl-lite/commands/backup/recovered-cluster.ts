/** Checks a recovered cluster: every member answers, they agree, there are no alarms, writes succeed. */

import { messageOf } from "../../../../src/base/text/message-of.ts";
import { CliFailure, exitCodes } from "../../cli/failure.ts";
import type { Session } from "../../cli/session.ts";

/** @throws CliFailure when a check fails, after all were reported */
export async function checkRecovered(session: Session): Promise<void> {
  const etcd = await session.connect();
  const problems: string[] = [];
  const { header, members } = await etcd.cluster.members(session.call);
  const revision = (await etcd.kv.range({ key: "\0", limit: 1, keysOnly: true }, session.call)).header
    .revision;
  const hashes = new Map<number, string[]>();
  for (const endpoint of etcd.endpoints) {
    try {
      const status = await etcd.maintenance.status({ ...session.call, endpoint });
      const { hash } = await etcd.maintenance.hashKv(revision, { ...session.call, endpoint });
      hashes.set(hash, [...(hashes.get(hash) ?? []), endpoint]);
      session.line(`${endpoint}: etcd ${status.version}, revision ${status.header.revision}, HashKV ${hash}`);
      for (const error of status.errors) problems.push(`${endpoint}: ${error}`);
    } catch (error) {
      problems.push(`${endpoint}: ${messageOf(error)}`);
    }
  }
  if (hashes.size > 1)
    problems.push(`members differ: ${[...hashes.values()].map((each) => each.join(", ")).join(" from ")}`);
  if (members.length > etcd.endpoints.length) {
    problems.push(
      `the cluster has ${members.length} members, ${etcd.endpoints.length} endpoints were looked at`,
    );
  }
  for (const { type, memberId } of await etcd.maintenance.alarms(session.call)) {
    problems.push(`alarm ${type} of member ${memberId.toString(16)}`);
  }
  // Needs a quorum to commit: a transaction without changes would be a read.
  const lease = await etcd.leases.grant({ ttlSeconds: 5 }, session.call);
  await etcd.leases.revoke(lease.id, session.call);
  for (const problem of problems) session.line(`problem: ${problem}`);
  if (problems.length > 0) throw new CliFailure(exitCodes.error, "the cluster is not as it should be");
  session.line(
    `cluster ${header.clusterId.toString(16)}: ${members.length} members at revision ${revision}, all equal, writes are taken`,
  );
}
