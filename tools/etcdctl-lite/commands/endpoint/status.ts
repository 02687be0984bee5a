/** `endpoint status`: the status of each member. */
import type { MemberStatus } from "keelson/etcd";
import type { Command } from "../../cli/command.ts";
import { clusterFlag, eachEndpoint } from "../../cli/endpoints.ts";
import { CliFailure, exitCodes } from "../../cli/failure.ts";

export const command: Command = {
  usage: "[options]",
  flags: [clusterFlag],
  examples: [
    ["endpoint status --cluster -w table", "version, size, leader and raft position of every member"],
  ],
  async run(session) {
    const { answers, failures } = await eachEndpoint<MemberStatus>(
      session,
      "status",
      async (etcd, endpoint) => ({
        ...(await etcd.maintenance.status({ ...session.call, endpoint: etcd.endpoints[0] ?? endpoint })),
        endpoint,
      }),
    );
    await session.show({ type: "endpoint-status", endpoints: answers });
    if (failures > 0) throw new CliFailure(exitCodes.error, "");
  },
};
