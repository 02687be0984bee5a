/** `role get`. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { withHeader } from "../../cli/with-header.ts";

export const command: Command = {
  usage: "<role name>",
  examples: [["role get readers", "the ranges it may read and write"]],
  async run(session) {
    const [name] = session.args;
    if (name === undefined || session.args.length !== 1) {
      throw badArguments("role get command requires role name as its argument");
    }
    const etcd = await session.connect();
    const { header, value } = await withHeader((onHeader) =>
      etcd.auth.roleGet(name, { ...session.call, onHeader }),
    );
    await session.show({ type: "role", header, name, permissions: value });
  },
};
