/** `endpoint hashkv`: members that agree have the same hash at the same revision. */
import type { Command } from "../../cli/command.ts";
import { clusterFlag, eachEndpoint } from "../../cli/endpoints.ts";
import { CliFailure, exitCodes } from "../../cli/failure.ts";
import type { EndpointHash } from "../../results.ts";

export const command: Command = {
  usage: "[options]",
  about: "Hashing reads everything: writers on a large member wait until it ends.",
  flags: [
    clusterFlag,
    { name: "rev", type: "integer", summary: "maximum revision to hash (default: all revisions)" },
  ],
  examples: [["endpoint hashkv --cluster", "whether all members hold the same"]],
  async run(session) {
    const revision = session.flags.integer("rev");
    const { answers, failures, lastCause } = await eachEndpoint<EndpointHash>(
      session,
      "hash",
      async (etcd, endpoint) => {
        const call = { ...session.call, endpoint: etcd.endpoints[0] ?? endpoint };
        return { ...(await etcd.maintenance.hashKv(revision, call)), endpoint };
      },
    );
    await session.show({ type: "endpoint-hashkv", endpoints: answers });
    // As etcdctl, which repeats the last one.
    if (failures > 0) throw new CliFailure(exitCodes.error, lastCause);
  },
};
