/** `user grant-role`. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { withHeader } from "../../cli/with-header.ts";

export const command: Command = {
  usage: "<user name> <role name>",
  examples: [["user grant-role alice readers", "gives alice the permissions of the role"]],
  async run(session) {
    const [name, role] = session.args;
    if (name === undefined || role === undefined || session.args.length !== 2) {
      throw badArguments("user grant command requires user name and role name as its argument");
    }
    const etcd = await session.connect();
    const { header } = await withHeader((onHeader) =>
      etcd.auth.userGrantRole(name, role, { ...session.call, onHeader }),
    );
    await session.show({ type: "done", header, text: `Role ${role} is granted to user ${name}` });
  },
};
