/** `auth enable`. */
import { etcdServerText } from "keelson/etcd";
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";

export const command: Command = {
  usage: "",
  examples: [["auth enable --user root:secret", "as root"]],
  async run(session) {
    if (session.args.length > 0) throw badArguments("auth enable command does not accept any arguments");
    const etcd = await session.connect();
    try {
      await etcd.auth.enable(session.call);
    } catch (error) {
      // Also creates the role root, as etcdctl does.
      if (!/root user does not have root role/.test(etcdServerText(error) ?? "")) throw error;
      const roles = await etcd.auth.roleList(session.call);
      if (!roles.includes("root")) await etcd.auth.roleAdd("root", session.call);
      await etcd.auth.userGrantRole("root", "root", session.call);
      await etcd.auth.enable(session.call);
    }
    session.line("Authentication Enabled");
  },
};
