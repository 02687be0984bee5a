/** `defrag`: one member at a time, the leader last, because each member is blocked while it runs. */
import type { Etcd } from "keelson/etcd";
import type { Command } from "../cli/command.ts";
import { clusterEndpoints } from "../cli/endpoints.ts";
import { badArguments, CliFailure, exitCodes } from "../cli/failure.ts";
import { causeOf } from "../cli/failure-text.ts";
import type { Session } from "../cli/session.ts";
import { formatDuration } from "../text/duration.ts";
import { formatBytes } from "../text/quote.ts";

export const command: Command = {
  usage: "[options]",
  about: [
    "A member does not respond while it is defragmented, about ten seconds a gigabyte. With --data-dir no etcd is",
    "contacted: the database of a stopped member is rewritten beside the old one, read back and put in its place; this is",
    "refused while an etcd runs on it.",
  ].join("\n"),
  flags: [
    {
      name: "cluster",
      type: "switch",
      summary: "use all endpoints from the cluster member list, the leader last",
    },
    { name: "data-dir", type: "text", summary: "defragments a data directory not in use by etcd" },
  ],
  examples: [
    ["defrag --cluster --command-timeout=60s", "the whole cluster, member by member"],
    ["defrag --data-dir /var/lib/etcd", "a member that is stopped"],
  ],
  async run(session) {
    const dataDir = session.flags.text("data-dir");
    if (dataDir !== "") return await offline(session, dataDir);
    const endpoints = session.flags.on("cluster") ? await leaderLast(session) : await session.endpoints();
    let failures = 0;
    for (const endpoint of endpoints) {
      let startedNs = process.hrtime.bigint();
      try {
        const etcd = await session.connect([endpoint]);
        const [url = endpoint] = etcd.endpoints;
        startedNs = process.hrtime.bigint();
        await etcd.maintenance.defragment({ ...session.call, endpoint: url });
        session.line(`Finished defragmenting etcd member[${endpoint}]${took(session, startedNs)}`);
      } catch (error) {
        session.io.signal.throwIfAborted();
        failures++;
        const time = took(session, startedNs);
        session.io.stderr.write(
          `Failed to defragment etcd member[${endpoint}]${time === "" ? "" : `${time}.`} (${causeOf(error)})\n`,
        );
      }
    }
    if (failures > 0) throw new CliFailure(exitCodes.error, "");
  },
};

/** etcdctl prints the duration from 3.6 on. */
function took({ toolLine }: Session, startedNs: bigint): string {
  return toolLine === "3.6" ? `. took ${formatDuration(process.hrtime.bigint() - startedNs)}` : "";
}

async function offline(session: Session, dataDir: string): Promise<void> {
  if (session.flags.on("cluster")) throw badArguments("--data-dir and --cluster cannot be given together");
  const { defragmentDataDir } = await import("keelson/backup");
  const report = await defragmentDataDir(dataDir, { signal: session.io.signal });
  session.line(
    `Finished defragmenting etcd data directory[${dataDir}]: ${formatBytes(BigInt(report.sizeBeforeBytes))} before, ${formatBytes(BigInt(report.sizeAfterBytes))} after`,
  );
}

async function leaderLast(session: Session): Promise<readonly string[]> {
  const ranked: { readonly endpoint: string; readonly leads: boolean }[] = [];
  for (const endpoint of await clusterEndpoints(session)) {
    ranked.push({ endpoint, leads: await leads(session, endpoint) });
  }
  return ranked.sort((a, b) => Number(a.leads) - Number(b.leads)).map(({ endpoint }) => endpoint);
}

async function leads(session: Session, endpoint: string): Promise<boolean> {
  try {
    const etcd: Etcd = await session.connect([endpoint]);
    const status = await etcd.maintenance.status({
      ...session.call,
      endpoint: etcd.endpoints[0] ?? endpoint,
    });
    return status.leader === status.header.memberId;
  } catch {
    session.io.signal.throwIfAborted();
    // Its defragmentation will report the fault.
    return false;
  }
}
