/** `endpoint health`: whether each endpoint can commit, and whether an alarm is raised. */
import { isStoreError } from "keelson";
import type { Command } from "../../cli/command.ts";
import { clusterFlag, endpointsOf } from "../../cli/endpoints.ts";
import { CliFailure, exitCodes } from "../../cli/failure.ts";
import { causeOf, hintOf } from "../../cli/failure-text.ts";
import { probeText } from "../../cli/probe-text.ts";
import type { Session } from "../../cli/session.ts";
import type { EndpointHealth } from "../../results.ts";

export const command: Command = {
  usage: "[options]",
  flags: [
    clusterFlag,
    {
      name: "probes",
      type: "switch",
      summary: "show etcd's own probes too: livez and readyz (etcd 3.4.29, 3.5.11, 3.6)",
    },
  ],
  examples: [
    ["endpoint health --cluster -w table", "every member"],
    ["endpoint health --cluster --probes", "with each member's own probes and failed checks"],
  ],
  async run(session) {
    const endpoints = await endpointsOf(session);
    await session.printer();
    const hints = new Set<string>();
    const health = await Promise.all(
      endpoints.map(async (endpoint) => {
        const found = await healthOf(session, endpoint, hints);
        return session.flags.on("probes") ? { ...found, probes: await probesOf(session, endpoint) } : found;
      }),
    );
    session.io.signal.throwIfAborted();
    await session.show({ type: "endpoint-health", endpoints: health });
    if (health.some(({ healthy }) => !healthy)) {
      throw new CliFailure(exitCodes.error, "unhealthy cluster", {
        hint: [...hints].join("\n") || undefined,
      });
    }
  },
};

async function healthOf(session: Session, endpoint: string, hints: Set<string>): Promise<EndpointHealth> {
  const startedNs = process.hrtime.bigint();
  const took = (): bigint => process.hrtime.bigint() - startedNs;
  try {
    const etcd = await session.connect([endpoint]);
    try {
      await etcd.kv.range({ key: "health" }, session.call);
    } catch (error) {
      // The proposal was committed; this user only may not read the key.
      if (!isStoreError(error, "PERMISSION_DENIED")) throw error;
    }
    const alarms = await etcd.maintenance.alarms(session.call).catch(() => undefined);
    if (alarms === undefined) {
      return { endpoint, healthy: false, tookNs: took(), error: "Unable to fetch the alarm list" };
    }
    const raised = alarms.map(({ type }) => `${type} `).join("");
    const error = raised === "" ? "" : `Active Alarm(s): ${raised}`;
    return { endpoint, healthy: raised === "", tookNs: took(), error };
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    const hint = hintOf(error);
    if (hint !== undefined) hints.add(hint);
    return { endpoint, healthy: false, tookNs: took(), error: causeOf(error) };
  }
}

/** "" without a probe: an older etcd, or one that serves its pages elsewhere. */
async function probesOf(session: Session, endpoint: string): Promise<EndpointHealth["probes"]> {
  const ask = async (name: "livez" | "readyz"): Promise<string> => {
    try {
      const etcd = await session.connect([endpoint]);
      const probe = await etcd.maintenance.probe(name, {
        ...session.call,
        endpoint: etcd.endpoints[0] ?? endpoint,
      });
      return probe === undefined ? "" : probeText(probe);
    } catch (error) {
      session.io.signal.throwIfAborted();
      if (error instanceof CliFailure) throw error;
      return causeOf(error);
    }
  };
  const [livez, readyz] = await Promise.all([ask("livez"), ask("readyz")]);
  return { livez, readyz };
}
