/** `lease list`. */
import type { Command } from "../../cli/command.ts";
import { badConnectionOf } from "../../cli/failure-text.ts";
import { withHeader } from "../../cli/with-header.ts";

export const command: Command = {
  usage: "",
  examples: [["lease list", "the ids of all leases"]],
  async run(session) {
    const etcd = await session.connect();
    const { header, value } = await withHeader((onHeader) =>
      etcd.leases.list({ ...session.call, onHeader }),
    ).catch((error: unknown) => {
      throw badConnectionOf(error);
    });
    await session.show({ type: "lease-list", header, ids: value });
  },
};
