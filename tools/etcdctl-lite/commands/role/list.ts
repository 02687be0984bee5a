/** `role list`. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { withHeader } from "../../cli/with-header.ts";

export const command: Command = {
  usage: "",
  examples: [["role list", "all names"]],
  async run(session) {
    if (session.args.length > 0) throw badArguments("role list command requires no arguments");
    const etcd = await session.connect();
    const { header, value } = await withHeader((onHeader) =>
      etcd.auth.roleList({ ...session.call, onHeader }),
    );
    await session.show({ type: "names", of: "roles", header, names: value });
  },
};
