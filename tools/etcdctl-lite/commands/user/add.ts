/** `user add`: the password from the command line, a flag, or asked for twice. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { withHeader } from "../../cli/with-header.ts";
import { newPassword } from "./new-password.ts";

export const command: Command = {
  usage: "<user name or user:password> [options]",
  flags: [
    {
      name: "interactive",
      type: "switch",
      fallback: "true",
      summary: "ask for the password instead of reading a line of stdin",
    },
    { name: "new-user-password", type: "text", summary: "supply password from the command line flag" },
    { name: "no-password", type: "switch", summary: "create a user without password (CN based auth only)" },
  ],
  examples: [["user add alice", "asks for her password"]],
  async run(session) {
    const [text] = session.args;
    if (text === undefined || session.args.length !== 1) {
      throw badArguments("user add command requires user name as its argument");
    }
    const { flags } = session;
    const noPassword = flags.on("no-password");
    // Without a password the whole argument is the name.
    const colon = noPassword ? -1 : text.indexOf(":");
    const given = flags.text("new-user-password");
    const name = colon < 0 || given !== "" ? text : text.slice(0, colon);
    if (name === "") throw badArguments("empty user name is not allowed");
    let password = given;
    if (password === "" && colon >= 0) password = text.slice(colon + 1);
    if (password === "" && !noPassword && colon < 0) password = await newPassword(session, name);
    const etcd = await session.connect();
    const { header } = await withHeader((onHeader) =>
      etcd.auth.userAdd(name, noPassword ? { noPassword } : { password }, { ...session.call, onHeader }),
    );
    await session.show({ type: "done", header, text: `User ${name} created` });
  },
};
