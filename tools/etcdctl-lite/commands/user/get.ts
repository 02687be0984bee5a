/** `user get`. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { withHeader } from "../../cli/with-header.ts";

export const command: Command = {
  usage: "[options] <user name>",
  flags: [{ name: "detail", type: "switch", summary: "show permissions of roles granted to the user" }],
  examples: [["user get alice --detail", "the user's roles and their permissions"]],
  async run(session) {
    const [name] = session.args;
    if (name === undefined || session.args.length !== 1) {
      throw badArguments("user get command requires user name as its argument");
    }
    const etcd = await session.connect();
    const { header, value } = await withHeader((onHeader) =>
      etcd.auth.userGet(name, { ...session.call, onHeader }),
    );
    if (!session.flags.on("detail")) return session.show({ type: "user", header, name, roles: value });
    session.line(`User: ${name}`);
    for (const role of value) {
      session.line("");
      const found = await withHeader((onHeader) => etcd.auth.roleGet(role, { ...session.call, onHeader }));
      await session.show({ type: "role", header: found.header, name: role, permissions: found.value });
    }
  },
};
