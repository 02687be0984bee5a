/** `user passwd`. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { withHeader } from "../../cli/with-header.ts";
import { newPassword } from "./new-password.ts";

export const command: Command = {
  usage: "<user name> [options]",
  flags: [
    {
      name: "interactive",
      type: "switch",
      fallback: "true",
      summary: "ask for the password instead of reading a line of stdin",
    },
  ],
  examples: [["user passwd alice --interactive=false < password.txt", "from a file"]],
  async run(session) {
    const [name] = session.args;
    if (name === undefined || session.args.length !== 1) {
      throw badArguments("user passwd command requires user name as its argument");
    }
    const password = await newPassword(session, name);
    const etcd = await session.connect();
    const { header } = await withHeader((onHeader) =>
      etcd.auth.userChangePassword(name, password, { ...session.call, onHeader }),
    );
    await session.show({ type: "done", header, text: "Password updated" });
  },
};
