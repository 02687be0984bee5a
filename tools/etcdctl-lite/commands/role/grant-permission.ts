/** `role grant-permission`. */
import type { Permission } from "keelson/etcd";
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { withHeader } from "../../cli/with-header.ts";
import { permissionFlags, permissionRange } from "./permission-range.ts";

const types: Readonly<Record<string, Permission["type"]>> = {
  READ: "read",
  WRITE: "write",
  READWRITE: "readwrite",
};

export const command: Command = {
  usage: "[options] <role name> <permission type> <key> [endkey]",
  flags: permissionFlags,
  examples: [["role grant-permission readers read /registry/ --prefix", "may read all under /registry/"]],
  async run(session) {
    const [role, kind, ...rest] = session.args;
    if (role === undefined || kind === undefined || rest.length < 1) {
      throw badArguments(
        "role grant command requires role name, permission type, and key [endkey] as its argument",
      );
    }
    const type = types[kind.toUpperCase()];
    if (type === undefined) throw badArguments(`invalid permission type: ${kind}`);
    const permission = { type, ...permissionRange(rest, session.flags) };
    const etcd = await session.connect();
    const { header } = await withHeader((onHeader) =>
      etcd.auth.roleGrantPermission(role, permission, { ...session.call, onHeader }),
    );
    await session.show({ type: "done", header, text: `Role ${role} updated` });
  },
};
