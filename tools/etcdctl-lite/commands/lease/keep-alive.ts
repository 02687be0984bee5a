/** `lease keep-alive`: renews a lease until it expires or the command ends. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "../../cli/command.ts";
import { CliFailure, exitCodes } from "../../cli/failure.ts";
import { badConnectionOf } from "../../cli/failure-text.ts";
import { withHeader } from "../../cli/with-header.ts";
import { leaseId } from "../../text/quote.ts";
import { leaseArgument } from "./lease-argument.ts";

export const command: Command = {
  usage: "[options] <leaseID>",
  flags: [
    { name: "once", type: "switch", summary: "resets the keep-alive time to its original value and ends" },
  ],
  examples: [["lease keep-alive --once 32695410dcc0ca06", "one ping"]],
  async run(session) {
    const id = leaseArgument(session.args, "lease keep-alive command needs lease ID as argument");
    const etcd = await session.connect();
    for (;;) {
      const { header, value } = await withHeader((onHeader) =>
        etcd.leases.keepAliveOnce(id, { ...session.call, onHeader }),
      ).catch((error: unknown) => {
        throw badConnectionOf(error);
      });
      if (value.ttlSeconds < 0) {
        if (session.flags.on("once")) {
          throw new CliFailure(exitCodes.badConnection, "etcdserver: requested lease not found");
        }
        return session.line(`lease ${leaseId(id)} expired or revoked.`);
      }
      await session.show({ type: "lease-keep-alive", header, id, ttlSeconds: value.ttlSeconds });
      if (session.flags.on("once")) return;
      // A third of the time to live: two keepalives may be lost.
      await sleep((value.ttlSeconds * 1000) / 3, undefined, { signal: session.io.signal });
    }
  },
};
