/** The cluster on the page: members with their status, alarms, space. A member that is down is shown, not an error. */
import type { Etcd } from "keelson/etcd";
import { causeOf } from "../../cli/failure-text.ts";

export interface MemberView {
  readonly id: string;
  readonly name: string;
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
  readonly isLeader: boolean;
  /** Undefined: it does not answer. */
  readonly version: string | undefined;
  readonly databaseBytes: number | undefined;
  readonly databaseBytesInUse: number | undefined;
  readonly quotaBytes: number | undefined;
  readonly raftTerm: string | undefined;
  readonly raftIndex: string | undefined;
  readonly raftLag: number | undefined;
  readonly faults: readonly string[];
}

export interface ClusterView {
  readonly clusterId: string;
  readonly revision: string;
  readonly members: readonly MemberView[];
  readonly alarms: readonly { readonly member: string; readonly type: string }[];
}

type Call = { readonly signal: AbortSignal; readonly timeoutMs: number };

/** @param at returns a connection to one client URL; the caller owns it */
export async function clusterView(
  etcd: Etcd,
  at: (endpoint: string) => Promise<Etcd>,
  call: Call,
): Promise<ClusterView> {
  const [{ header, members }, alarms] = await Promise.all([
    etcd.cluster.members(call),
    etcd.maintenance.alarms(call),
  ]);
  const views = await Promise.all(
    members.map(async ({ id, name, clientUrls, isLearner }): Promise<MemberView> => {
      const plain = {
        id: id.toString(16),
        name: name === "" ? id.toString(16) : name,
        clientUrls,
        isLearner,
      };
      const [url] = clientUrls;
      try {
        if (url === undefined) throw new Error("It has not started yet: it announces no client URL.");
        const own = await at(url);
        const endpoint = own.endpoints[0] ?? url;
        const [status, quota] = await Promise.all([
          own.maintenance.status({ ...call, endpoint }),
          own.maintenance.quotaBytes({ ...call, endpoint }).catch(() => undefined),
        ]);
        return {
          ...plain,
          isLeader: status.leader === id,
          version: status.version,
          databaseBytes: Number(status.databaseBytes),
          databaseBytesInUse: Number(status.databaseBytesInUse),
          quotaBytes: quota === undefined ? undefined : Number(quota),
          raftTerm: status.raftTerm.toString(),
          raftIndex: status.raftIndex.toString(),
          raftLag: Number(status.raftIndex - status.raftAppliedIndex),
          faults: status.errors,
        };
      } catch (error) {
        call.signal.throwIfAborted();
        return {
          ...plain,
          isLeader: false,
          version: undefined,
          databaseBytes: undefined,
          databaseBytesInUse: undefined,
          quotaBytes: undefined,
          raftTerm: undefined,
          raftIndex: undefined,
          raftLag: undefined,
          faults: [causeOf(error)],
        };
      }
    }),
  );
  const nameOf = new Map(views.map(({ id, name }) => [id, name]));
  const { revision } = (await etcd.kv.range({ key: "\0", limit: 1, keysOnly: true }, call)).header;
  return {
    clusterId: header.clusterId.toString(16),
    revision: revision.toString(),
    members: views,
    alarms: alarms.map(({ memberId, type }) => ({
      member: nameOf.get(memberId.toString(16)) ?? memberId.toString(16),
      type,
    })),
  };
}
