/** `role revoke-permission`. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { withHeader } from "../../cli/with-header.ts";
import { permissionFlags, permissionRange } from "./permission-range.ts";

export const command: Command = {
  usage: "[options] <role name> <key> [endkey]",
  flags: permissionFlags,
  examples: [["role revoke-permission readers /registry/ --prefix", "exactly as it was granted"]],
  async run(session) {
    const [role, ...rest] = session.args;
    if (role === undefined || rest.length < 1) {
      throw badArguments(
        "role revoke-permission command requires role name and key [endkey] as its argument",
      );
    }
    const { key, rangeEnd } = permissionRange(rest, session.flags);
    const etcd = await session.connect();
    const { header } = await withHeader((onHeader) =>
      etcd.auth.roleRevokePermission(role, key, rangeEnd, { ...session.call, onHeader }),
    );
    await session.show({
      type: "done",
      header,
      text: revoked(role, key.toString(), rangeEnd?.toString() ?? ""),
    });
  },
};

function revoked(role: string, key: string, end: string): string {
  if (end === "") return `Permission of key ${key} is revoked from role ${role}`;
  const range = end === "\0" ? `[${key}, <open ended>` : `[${key}, ${end})`;
  return `Permission of range ${range} is revoked from role ${role}`;
}
