/** `auth disable`. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";

export const command: Command = {
  usage: "",
  examples: [["auth disable --user root:secret", "as root"]],
  async run(session) {
    if (session.args.length > 0) throw badArguments("auth disable command does not accept any arguments");
    const etcd = await session.connect();
    await session.confirm(
      "This turns authentication off: everybody who reaches etcd may read and write all of it.",
    );
    await etcd.auth.disable(session.call);
    session.line("Authentication Disabled");
  },
};
