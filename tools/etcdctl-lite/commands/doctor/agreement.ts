/**
 * Checks that members have the same data: their revisions, and a hash of all keys and their history at one revision.
 *
 * A hash is comparable only at the same revision and the same compacted revision; a compaction between two responses
 * requires another round.
 */
import type { Etcd, MemberStatus } from "keelson/etcd";
import { causeOf } from "../../cli/failure-text.ts";
import type { Session } from "../../cli/session.ts";
import { formatBytes } from "../../text/quote.ts";
import { largest, smallest } from "./extremes.ts";
import type { Finding } from "./finding.ts";

/** Allowed difference: statuses are read in sequence, and a busy cluster writes in between. */
const revisionsApartMax = 10_000n;
/** Hashing reads everything and delays writers: larger databases only on request. */
export const hashBytesMax: bigint = 1024n ** 3n;
const roundsMax = 3;

export interface Reached {
  readonly endpoint: string;
  readonly etcd: Etcd;
  readonly status: MemberStatus;
}

export function revisionFindings(statuses: readonly MemberStatus[]): readonly Finding[] {
  const clusters = new Set(statuses.map(({ header }) => header.clusterId));
  if (clusters.size > 1) {
    const named = statuses.map(({ endpoint, header }) => `${endpoint}: ${header.clusterId.toString(16)}`);
    return [
      {
        level: "error",
        check: "agreement",
        where: "cluster",
        what: `endpoints are of different clusters: ${named.join(", ")}`,
        advice: "name the endpoints of one cluster; a member restored by itself is a cluster of its own",
      },
    ];
  }
  const highest = largest(statuses.map(({ header }) => header.revision));
  return statuses
    .filter(({ header }) => highest - header.revision > revisionsApartMax)
    .map(({ endpoint, header }) => ({
      level: "warning",
      check: "agreement",
      where: endpoint,
      what: `is at revision ${header.revision}, another member at ${highest}`,
      advice: "look again; if it stays behind, look at its disk and its network",
    }));
}

/** @param always hash large databases too */
export async function hashFindings(
  session: Pick<Session, "call" | "io">,
  reached: readonly Reached[],
  always: boolean,
): Promise<readonly Finding[]> {
  const note = (what: string, advice: string): readonly Finding[] => [
    { level: "note", check: "hash", where: "cluster", what, advice },
  ];
  if (reached.length < 2) return [];
  const bytes = largest(reached.map(({ status }) => status.databaseBytes));
  if (bytes > hashBytesMax && !always) {
    return note(
      `the members' hashes were not compared: that reads all of ${formatBytes(bytes)}`,
      "doctor --hash, at a quiet time",
    );
  }
  try {
    for (let round = 0; round < roundsMax; round++) {
      const finding = await compareOnce(session, reached);
      if (finding !== "again") return finding === undefined ? [] : [finding];
    }
  } catch (error) {
    session.io.signal.throwIfAborted();
    return note(`the members' hashes could not be compared: ${causeOf(error)}`, "endpoint hashkv --cluster");
  }
  return note(
    "the members' hashes could not be compared: compactions came between each time",
    "look again later: endpoint hashkv --cluster",
  );
}

async function compareOnce(
  session: Pick<Session, "call" | "io">,
  reached: readonly Reached[],
): Promise<Finding | "again" | undefined> {
  // The lowest revision: every member has it, so none has to wait.
  const statuses = await Promise.all(
    reached.map(({ etcd, endpoint }) =>
      etcd.maintenance.status({ ...session.call, endpoint: etcd.endpoints[0] ?? endpoint }),
    ),
  );
  const revision = smallest(statuses.map(({ header }) => header.revision));
  const hashes = await Promise.all(
    reached.map(async ({ etcd, endpoint }) => ({
      endpoint,
      ...(await etcd.maintenance.hashKv(revision, {
        ...session.call,
        endpoint: etcd.endpoints[0] ?? endpoint,
      })),
    })),
  );
  if (new Set(hashes.map(({ compactRevision }) => compactRevision)).size > 1) return "again";
  if (new Set(hashes.map(({ hash }) => hash)).size === 1) return undefined;
  const named = hashes.map(({ endpoint, hash }) => `${endpoint}: ${hash}`).join(", ");
  return {
    level: "error",
    check: "hash",
    where: "cluster",
    what: `members hold different data at revision ${revision} (${named})`,
    advice:
      "stop writing, take a snapshot of each, find the one that differs (snapshot verify --live), remove and re-add that member",
  };
}
