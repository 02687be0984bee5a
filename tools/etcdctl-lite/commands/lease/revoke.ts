/** `lease revoke`: its keys are deleted with it. */
import type { Command } from "../../cli/command.ts";
import { CliFailure, exitCodes } from "../../cli/failure.ts";
import { causeOf } from "../../cli/failure-text.ts";
import { withHeader } from "../../cli/with-header.ts";
import { leaseId } from "../../text/quote.ts";
import { leaseArgument } from "./lease-argument.ts";

export const command: Command = {
  usage: "<leaseID>",
  examples: [["lease revoke 32695410dcc0ca06", "and delete the keys attached to it"]],
  async run(session) {
    const id = leaseArgument(session.args, "lease revoke command needs 1 argument");
    const etcd = await session.connect();
    try {
      const { header } = await withHeader((onHeader) =>
        etcd.leases.revoke(id, { ...session.call, onHeader, ifMissing: "fail" }),
      );
      await session.show({ type: "done", header, text: `lease ${leaseId(id)} revoked` });
    } catch (error) {
      if (error instanceof CliFailure) throw error;
      throw new CliFailure(exitCodes.error, `failed to revoke lease (${causeOf(error)})`, { cause: error });
    }
  },
};
