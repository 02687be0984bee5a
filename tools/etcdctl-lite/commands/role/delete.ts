/** `role delete`. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { withHeader } from "../../cli/with-header.ts";

export const command: Command = {
  usage: "<role name>",
  examples: [["role delete readers", "users that have it lose it"]],
  async run(session) {
    const [name] = session.args;
    if (name === undefined || session.args.length !== 1) {
      throw badArguments("role delete command requires role name as its argument");
    }
    const etcd = await session.connect();
    const { header } = await withHeader((onHeader) =>
      etcd.auth.roleDelete(name, { ...session.call, onHeader }),
    );
    await session.show({ type: "done", header, text: `Role ${name} deleted` });
  },
};
