/** Compares the members at the end: each one's remaining log, hash, alarms, and log messages. */
import { createHash } from "node:crypto";
import { connectEtcd } from "keelson/etcd";
import type { HistorySink } from "../checkers/history.ts";
import { type CampaignCluster, directUrl } from "../cluster/campaign-cluster.ts";

const timeoutMs = 30_000;

export async function recordMembers(options: {
  readonly cluster: CampaignCluster;
  readonly sink: HistorySink;
  /** The log messages of all members. */
  readonly logText: string;
}): Promise<void> {
  const { cluster, sink, logText } = options;
  const { control } = cluster;
  const { header } = await control.kv.range({ key: "\0" }, { timeoutMs });
  const { revision } = header;
  // All members have compacted to this revision; earlier ones cannot be read.
  await control.kv.compact(revision - 1n > 1_000n ? revision - 1_000n : 1n, { timeoutMs, physical: true });
  const alarms = await control.maintenance.alarms({ timeoutMs });
  for (const [index, member] of cluster.members.entries()) {
    const endpoint = directUrl(member);
    await caughtUp(cluster, endpoint, revision);
    const { hash, compactRevision } = await control.maintenance.hashKv(revision, { endpoint, timeoutMs });
    sink.write({
      line: "member",
      member: member.name,
      version: member.version,
      revision,
      hash,
      compactRevision,
      alarms: alarms.filter(({ memberId }) => memberId === cluster.idOf(index)).map(({ type }) => type),
    });
    await recordLog(cluster, member.name, endpoint, { from: compactRevision + 1n, to: revision, sink });
  }
  for (const text of logText.split("\n")) {
    // A start on an occupied port was repeated with other ports: its messages are not this cluster's.
    if (text !== "" && !/address already in use/.test(text))
      sink.write({ line: "server-log", member: "any", text: text.slice(0, 2_000) });
  }
}

async function caughtUp(cluster: CampaignCluster, endpoint: string, revision: bigint): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const { header } = await cluster.control.maintenance.status({ endpoint, timeoutMs });
    if (header.revision >= revision) return;
    if (performance.now() > end) throw new Error(`${endpoint} is at ${header.revision}, not at ${revision}`);
    await cluster.control.clock.sleep(50);
  }
}

async function recordLog(
  { auth }: CampaignCluster,
  member: string,
  endpoint: string,
  { from, to, sink }: { readonly from: bigint; readonly to: bigint; readonly sink: HistorySink },
): Promise<void> {
  if (from > to) return;
  await using etcd = await connectEtcd({ endpoints: endpoint, auth });
  const digest = createHash("sha256");
  let events = 0;
  await using watch = etcd.watches.open({ key: "\0", rangeEnd: "\0", startRevision: from });
  for await (const batch of watch) {
    if (batch.type !== "events") continue;
    for (const { type, kv } of batch.events) {
      if (kv.modRevision > to) break;
      events++;
      digest.update(`${type} ${kv.modRevision} ${kv.createRevision} ${kv.version}\n`);
      digest.update(kv.key).update("\n").update(kv.value);
    }
    if (batch.revision >= to) break;
  }
  sink.write({ line: "member-log", member, from, to, events, digest: digest.digest("hex") });
}
