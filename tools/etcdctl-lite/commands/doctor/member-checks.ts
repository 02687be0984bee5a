/** Checks of a member's status, alone and compared with the others. Pure: facts in, findings out. */
import {
  endedLineOf,
  faultlessVersion,
  knownFaults,
  type Member,
  type MemberStatus,
  type Probe,
} from "keelson/etcd";
import { probeText } from "../../cli/probe-text.ts";
import { formatBytes } from "../../text/quote.ts";
import { largest } from "./extremes.ts";
import type { Finding, Level } from "./finding.ts";

/** etcd's default --quota-backend-bytes, if a member does not report its own. */
const quotaDefaultBytes = 2n * 1024n ** 3n;
/** Shares of the quota for a warning (there is still time to act) and for an error (almost none is left). */
const fullShare = 0.8;
const almostFullShare = 0.95;
/** Share of free space in the file above which a defragmentation is worthwhile, unless the file is small. */
const emptyShareMax = 0.5;
const smallBytes = 100n * 1024n ** 2n;
/** etcd itself refuses writes at this number of unapplied entries. */
const lagEntriesMax = 5_000n;

export interface MemberFacts {
  readonly status: MemberStatus;
  /** Undefined: the member does not report it. */
  readonly quotaBytes: bigint | undefined;
  /** etcd's own probe; undefined if the member has none, or was not asked. */
  readonly ready?: Probe | undefined;
}

export function memberFindings(members: readonly MemberFacts[]): readonly Finding[] {
  return [
    ...versionFindings(members.map(({ status }) => status)),
    ...downgradeFindings(members.map(({ status }) => status)),
    ...leaderFindings(members.map(({ status }) => status)),
    ...members.flatMap((facts) => [
      ...readyFindings(facts),
      ...spaceFindings(facts),
      ...raftFindings(facts.status, members),
    ]),
  ];
}

/** Registered members that have never started: nothing else is known about them. */
export function unstartedFindings(members: readonly Member[]): readonly Finding[] {
  return members
    .filter(({ clientUrls }) => clientUrls.length === 0)
    .map(({ id, peerUrls, isLearner }) => ({
      level: "warning",
      check: "members",
      where: `member ${id.toString(16)}`,
      what: `is on record${isLearner ? " as a learner" : ""} and has not started (${peerUrls.join(", ")})`,
      advice: isLearner
        ? "start it, or remove it (member remove): a learner has no vote"
        : "start it, or remove it: it counts for the majority all the same (member remove)",
    }));
}

/**
 * Too few voting members answer for a majority, whatever they report: a leader still claims to lead for a moment after
 * it has lost the others.
 */
export function isMinority(members: readonly Member[], statuses: readonly MemberStatus[]): boolean {
  return votersUp(statuses) < majorityOf(members);
}

function votersUp(statuses: readonly MemberStatus[]): number {
  return statuses.filter(({ isLearner }) => !isLearner).length;
}

function majorityOf(members: readonly Member[]): number {
  return Math.floor(members.filter(({ isLearner }) => !isLearner).length / 2) + 1;
}

/**
 * Too few members for a majority, or none of those that answer has a leader: neither writes nor linearizable reads
 * succeed.
 */
export function quorumFindings(
  members: readonly Member[],
  statuses: readonly MemberStatus[],
): readonly Finding[] {
  if (statuses.some(({ leader }) => leader !== 0n)) return [];
  const voters = members.filter(({ isLearner }) => !isLearner);
  const up = votersUp(statuses);
  const majority = majorityOf(members);
  const down = voters
    .filter(({ id }) => !statuses.some(({ header }) => header.memberId === id))
    .map(({ id, name, clientUrls }) => `${name === "" ? id.toString(16) : name} (${clientUrls.join(", ")})`);
  const names = down.length === 0 ? "" : `; down: ${down.join(", ")}`;
  return [
    {
      level: "error",
      check: "quorum",
      where: "cluster",
      what: `has lost its quorum: ${up} of ${voters.length} voting members answer, ${majority} are needed${names}`,
      advice:
        up >= majority
          ? "enough members run: see that they reach each other's peer URLs; they choose a leader then"
          : "start the members that are down; if their data is lost for good, save a snapshot of one that answers (snapshot save) and restore it as a new cluster (snapshot restore)",
    },
  ];
}

function versionFindings(statuses: readonly MemberStatus[]): readonly Finding[] {
  const versions = [...new Set(statuses.map(({ version }) => version))].sort();
  const running = (version: string): string =>
    statuses
      .filter((status) => status.version === version)
      .map(({ endpoint }) => endpoint)
      .join(", ");
  const findings: Finding[] = [];
  for (const version of versions) {
    const ended = endedLineOf(version);
    if (ended !== undefined) {
      findings.push({
        level: "warning",
        check: "version",
        where: running(version),
        what: `runs etcd ${version}, whose line ${ended.line} has had no fixes since ${ended.endedOn}`,
        advice: `upgrade ${ended.upgrade}`,
      });
    }
    const faults = knownFaults(version);
    if (faults.length === 0) continue;
    const list = faults.map(({ id, what }) => `${what} (${id})`).join("; ");
    findings.push({
      level: faults.some(({ kind }) => kind === "data") ? "error" : "warning",
      check: "version",
      where: running(version),
      what: `runs etcd ${version}, with known faults: ${list}`,
      advice: `upgrade to ${faultlessVersion(version)} or later, one member after the other`,
    });
  }
  if (versions.length > 1) {
    findings.push({
      level: "warning",
      check: "version",
      where: "cluster",
      what: `runs etcd ${versions.join(" and ")} at once`,
      advice: "finish the upgrade: the cluster keeps to what the oldest can do",
    });
  }
  return findings;
}

/** A cluster restored from a snapshot of that time also has it. */
function downgradeFindings(statuses: readonly MemberStatus[]): readonly Finding[] {
  const enabled = statuses.find(({ downgrade }) => downgrade?.enabled === true);
  if (enabled === undefined) return [];
  const target = enabled.downgrade?.targetVersion ?? "an older version";
  return [
    {
      level: "warning",
      check: "downgrade",
      where: enabled.endpoint,
      what: `is being downgraded to ${target}`,
      advice: `replace every member by ${target}, one after the other, or go back: downgrade cancel`,
    },
  ];
}

function leaderFindings(statuses: readonly MemberStatus[]): readonly Finding[] {
  const findings: Finding[] = [];
  const leaders = new Set(statuses.map(({ leader }) => leader).filter((leader) => leader !== 0n));
  for (const { endpoint, leader } of statuses) {
    if (leader !== 0n) continue;
    findings.push({
      level: "error",
      check: "leader",
      where: endpoint,
      what: "knows no leader",
      advice: "see that a majority of the members runs and that they reach each other's peer URLs",
    });
  }
  if (leaders.size > 1) {
    const names = [...leaders].map((leader) => leader.toString(16)).join(" and ");
    findings.push({
      level: "warning",
      check: "leader",
      where: "cluster",
      what: `members name different leaders: ${names}`,
      advice: "look again; if it stays so, the network between them is cut",
    });
  }
  return findings;
}

/** Errors in the member's own status; other checks report learners and missing leaders. */
function readyFindings({ status, ready }: MemberFacts): readonly Finding[] {
  if (ready === undefined || ready.ok || status.leader === 0n) return [];
  const failing = ready.checks.filter(({ name, ok }) => !ok && name !== "non_learner");
  if (failing.length === 0 && ready.checks.some(({ ok }) => !ok)) return [];
  return [
    {
      level: "error",
      check: "ready",
      where: status.endpoint,
      what: `says of itself that it is not ready: ${probeText({ ok: false, checks: failing })}`,
      advice: "see its log; a load balancer that goes by /readyz sends it nothing",
    },
  ];
}

function spaceFindings({ status, quotaBytes }: MemberFacts): readonly Finding[] {
  const { endpoint, databaseBytes, databaseBytesInUse } = status;
  const findings: Finding[] = [];
  const quota = quotaBytes ?? quotaDefaultBytes;
  const share = Number(databaseBytes) / Number(quota);
  if (share > fullShare) {
    const level: Level = share > almostFullShare ? "error" : "warning";
    const whose = quotaBytes === undefined ? "etcd's default quota of" : "its quota of";
    findings.push({
      level,
      check: "size",
      where: endpoint,
      what: `holds ${formatBytes(databaseBytes)}, ${percent(share)} of ${whose} ${formatBytes(quota)}`,
      advice: "compaction, then defrag --cluster; or raise --quota-backend-bytes on every member",
    });
  }
  const empty = databaseBytes === 0n ? 0 : 1 - Number(databaseBytesInUse) / Number(databaseBytes);
  if (databaseBytes > smallBytes && empty > emptyShareMax) {
    findings.push({
      level: "warning",
      check: "fragmentation",
      where: endpoint,
      what: `${percent(empty)} of its file of ${formatBytes(databaseBytes)} is empty`,
      advice: "defrag --cluster, at a quiet time: each member stands still for some seconds",
    });
  }
  return findings;
}

function raftFindings(status: MemberStatus, all: readonly MemberFacts[]): readonly Finding[] {
  const { endpoint, raftIndex, raftAppliedIndex, isLearner, errors } = status;
  const findings: Finding[] = [];
  const furthest = largest(all.map(({ status: other }) => other.raftIndex));
  const waiting = raftIndex - raftAppliedIndex;
  const behind = furthest - raftIndex;
  if (waiting > lagEntriesMax || behind > lagEntriesMax) {
    findings.push({
      level: "error",
      check: "raft",
      where: endpoint,
      what:
        waiting > lagEntriesMax
          ? `has ${waiting} entries still to apply`
          : `is ${behind} entries behind the others`,
      advice: "look at its disk (WAL fsync times) and its network: it does not keep up",
    });
  }
  if (isLearner) {
    findings.push({
      level: "warning",
      check: "members",
      where: endpoint,
      what: "is a learner: it has no vote",
      advice: "member promote, once it is in step with the leader",
    });
  }
  // Alarms have separate advice.
  for (const error of errors.filter((text) => !/alarm:/.test(text))) {
    findings.push({
      level: "error",
      check: "status",
      where: endpoint,
      what: `reports: ${error}`,
      advice: "look into the member's log",
    });
  }
  return findings;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
