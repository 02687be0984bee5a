/** `user delete`. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { withHeader } from "../../cli/with-header.ts";

export const command: Command = {
  usage: "<user name>",
  examples: [["user delete alice", "a user"]],
  async run(session) {
    const [name] = session.args;
    if (name === undefined || session.args.length !== 1) {
      throw badArguments("user delete command requires user name as its argument");
    }
    const etcd = await session.connect();
    const { header } = await withHeader((onHeader) =>
      etcd.auth.userDelete(name, { ...session.call, onHeader }),
    );
    await session.show({ type: "done", header, text: `User ${name} deleted` });
  },
};
