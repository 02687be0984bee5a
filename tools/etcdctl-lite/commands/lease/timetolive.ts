/** `lease timetolive`. */
import type { Command } from "../../cli/command.ts";
import { badConnectionOf } from "../../cli/failure-text.ts";
import { withHeader } from "../../cli/with-header.ts";
import { leaseArgument } from "./lease-argument.ts";

export const command: Command = {
  usage: "[options] <leaseID>",
  flags: [{ name: "keys", type: "switch", summary: "get keys attached to this lease" }],
  examples: [["lease timetolive 32695410dcc0ca06 --keys", "seconds left, and the attached keys"]],
  async run(session) {
    const id = leaseArgument(session.args, "lease timetolive command needs lease ID as argument");
    const wanted = session.flags.on("keys");
    const etcd = await session.connect();
    const { header, value } = await withHeader((onHeader) =>
      etcd.leases.timeToLive(id, { ...session.call, onHeader, keys: wanted }),
    ).catch((error: unknown) => {
      throw badConnectionOf(error);
    });
    const { ttlSeconds, grantedTtlSeconds, keys } = value;
    const shown = wanted ? keys : undefined;
    await session.show({
      type: "lease-time-to-live",
      header,
      id,
      ttlSeconds,
      grantedTtlSeconds,
      keys: shown,
    });
  },
};
