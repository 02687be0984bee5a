/** `user list`. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { withHeader } from "../../cli/with-header.ts";

export const command: Command = {
  usage: "",
  examples: [["user list", "all names"]],
  async run(session) {
    if (session.args.length > 0) throw badArguments("user list command requires no arguments");
    const etcd = await session.connect();
    const { header, value } = await withHeader((onHeader) =>
      etcd.auth.userList({ ...session.call, onHeader }),
    );
    await session.show({ type: "names", of: "users", header, names: value });
  },
};
