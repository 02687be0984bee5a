/** `doctor`: looks the cluster over and says of each finding what to do about it. */
import { isStoreError } from "keelson";
import type { MemberStatus } from "keelson/etcd";
import type { Command } from "../frame/command.ts";
import { clusterEndpoints } from "../frame/endpoints.ts";
import { CliFailure, exitCodes } from "../frame/failure.ts";
import { causeOf } from "../frame/told.ts";
import { formatBytes } from "../text/quote.ts";

/** etcd's default --quota-backend-bytes. */
const quotaDefaultBytes = 2n * 1024n ** 3n;
/** More of the file empty than this is worth a defragmentation, when the file is not small. */
const emptyShareMax = 0.5;
const smallBytes = 100n * 1024n ** 2n;
/** A follower this many raft entries behind cannot keep up. */
const lagEntriesMax = 5_000n;

interface Finding {
  readonly what: string;
  readonly advice: string;
}

export const command: Command = {
  usage: "",
  about: "Exit code 1 when there is something to do.",
  examples: [["doctor --endpoints http://10.0.0.1:2379", "the whole cluster, from one of its members"]],
  async run(session) {
    const findings: Finding[] = [];
    const statuses: MemberStatus[] = [];
    for (const endpoint of await clusterEndpoints(session)) {
      try {
        const etcd = await session.connect([endpoint]);
        statuses.push(
          await etcd.maintenance.status({ ...session.call, endpoint: etcd.endpoints[0] ?? endpoint }),
        );
      } catch (error) {
        session.io.signal.throwIfAborted();
        if (error instanceof CliFailure && !isStoreError(error.cause)) throw error;
        findings.push({
          what: `${endpoint} does not answer: ${causeOf(error)}`,
          advice: "start or replace the member",
        });
      }
    }
    const etcd = await session.connect();
    for (const { type, memberId } of await etcd.maintenance.alarms(session.call)) {
      const advice =
        type === "NOSPACE" ? "compaction, defrag --cluster, then alarm disarm" : "replace the member";
      findings.push({ what: `alarm ${type} of member ${memberId.toString(16)}`, advice });
    }
    for (const status of statuses) findings.push(...memberFindings(status, statuses));
    for (const { what, advice } of findings) session.line(`! ${what}\n    ${advice}`);
    if (findings.length > 0) throw new CliFailure(exitCodes.error, `${findings.length} findings`);
    session.line(`${statuses.length} members, nothing to do`);
  },
};

function memberFindings(status: MemberStatus, all: readonly MemberStatus[]): readonly Finding[] {
  const { endpoint, version, databaseBytes, databaseBytesInUse, leader, raftIndex, raftAppliedIndex } =
    status;
  const found: Finding[] = [];
  const add = (what: string, advice: string): void =>
    void found.push({ what: `${endpoint} ${what}`, advice });
  if (leader === 0n)
    add("knows no leader", "see that a majority of the members runs and can reach each other");
  if (/^3\.5\.[012]$/.test(version)) add(`runs ${version}, which can lose data after a crash`, "upgrade it");
  if (all.some((other) => other.version !== version)) {
    add(`runs ${version}, others do not`, "finish the upgrade");
  }
  if (databaseBytes * 10n > quotaDefaultBytes * 8n) {
    add(
      `holds ${formatBytes(databaseBytes)}, near etcd's default quota`,
      "compact and defragment, or raise --quota-backend-bytes",
    );
  }
  const empty = databaseBytes === 0n ? 0 : 1 - Number(databaseBytesInUse) / Number(databaseBytes);
  if (databaseBytes > smallBytes && empty > emptyShareMax) {
    add(`has a file that is ${Math.round(empty * 100)} % empty`, "defrag --cluster");
  }
  if (raftIndex - raftAppliedIndex > lagEntriesMax)
    add("does not keep up with the leader", "look at its disk and its network");
  return found;
}
