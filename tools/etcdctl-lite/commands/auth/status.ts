/** `auth status`. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";

export const command: Command = {
  usage: "",
  examples: [["auth status", "whether passwords are asked for"]],
  async run(session) {
    if (session.args.length > 0) throw badArguments("auth status command does not accept any arguments");
    const etcd = await session.connect();
    await session.show({ type: "auth-status", ...(await etcd.auth.status(session.call)) });
  },
};
