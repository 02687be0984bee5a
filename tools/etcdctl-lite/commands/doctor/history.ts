/**
 * Whether history is compacted, and the store's epoch. etcd stores no times, so the age of the compacted revision is
 * measured in revisions, and by the key with which API servers coordinate compaction.
 */
import { isStoreError } from "keelson";
import type { Etcd, KeyValue } from "keelson/etcd";
import type { Session } from "../../cli/session.ts";
import type { Reached } from "./agreement.ts";
import type { Finding } from "./finding.ts";

type CallSession = Pick<Session, "call" | "io">;

/** Kubernetes' key: its version counts compactions, its value is the compacted revision. */
const clockKey = "compact_rev_key";
/** Some minutes of history at hundreds of writes a second. */
const historyWarnRevisions = 500_000n;

export interface HistoryFacts {
  readonly revision: bigint;
  readonly compacted: bigint;
  /** Version of Kubernetes' compaction key; undefined if there is none. */
  readonly clock: Pick<KeyValue, "modRevision" | "version"> | undefined;
}

export async function historyFacts(session: CallSession, etcd: Etcd): Promise<HistoryFacts> {
  const { header, kvs } = await etcd.kv.range({ key: clockKey }, session.call);
  return {
    revision: header.revision,
    compacted: await compactedRevision(session, etcd, header.revision),
    clock: kvs[0],
  };
}

export function historyFindings({ revision, compacted, clock }: HistoryFacts): readonly Finding[] {
  const kept = revision - compacted;
  if (kept <= historyWarnRevisions) return [];
  const turns =
    clock === undefined
      ? `no compactor takes turns at it (there is no key ${clockKey})`
      : `${clockKey} was last written ${revision - clock.modRevision} revisions ago, in turn ${clock.version}`;
  return [
    {
      level: "warning",
      check: "compaction",
      where: "cluster",
      what: `the last ${kept} revisions are kept: compacted is ${compacted} of ${revision}; ${turns}`,
      advice:
        "see that a keelson store or an API server runs and compacts, or set --auto-compaction-retention; once, by hand: compaction",
    },
  ];
}

/**
 * The revision at which history begins; 0n before the first compaction. No cheap response contains it, but earlier
 * reads are refused, so a binary search finds it with as many small reads as the revision has bits.
 */
async function compactedRevision(session: CallSession, etcd: Etcd, revision: bigint): Promise<bigint> {
  let refused = 0n;
  let answered = revision;
  while (answered - refused > 1n) {
    const middle = (refused + answered) / 2n;
    try {
      await etcd.kv.range({ key: clockKey, revision: middle, countOnly: true }, session.call);
      answered = middle;
    } catch (error) {
      if (!isStoreError(error, "EXPIRED")) throw error;
      refused = middle;
    }
  }
  return answered === 1n ? 0n : answered;
}

/** The epoch's record on every member. */
export async function epochFindings(
  session: CallSession,
  reached: readonly Reached[],
  registry: string,
): Promise<readonly Finding[]> {
  const { prefixEnd } = await import("keelson/etcd");
  const prefix = `/${registry.replace(/^\/+|\/+$/g, "")}/`;
  const root = Buffer.from(`/keelson${prefix}`);
  const key = `${root}epoch`;
  const held = await Promise.all(
    reached.map(async ({ endpoint, etcd }) => {
      const { kvs } = await etcd.kv.range({ key, serializable: true }, session.call);
      return {
        endpoint,
        epoch: kvs[0] === undefined ? undefined : Buffer.from(kvs[0].value).toString("base64"),
      };
    }),
  );
  const [first] = reached;
  if (first === undefined) return [];
  if (new Set(held.map(({ epoch }) => epoch)).size > 1) {
    return [
      {
        level: "error",
        check: "epoch",
        where: key,
        what: `members hold different epochs: ${held.map(({ endpoint, epoch }) => `${endpoint}: ${epoch ?? "none"}`).join(", ")}`,
        advice: "a member was restored by itself: remove it and add it again",
      },
    ];
  }
  if (held[0]?.epoch !== undefined) return [];
  const records = await first.etcd.kv.range(
    { key: root, rangeEnd: prefixEnd(root), countOnly: true },
    session.call,
  );
  if (records.count === 0n) return [];
  return [
    {
      level: "warning",
      check: "epoch",
      where: key,
      what: "the keelson store there has no epoch: a restore would not be noticed by its clients",
      advice: "a store that is opened with the right to write makes one",
    },
  ];
}
