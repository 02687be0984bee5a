/** `role add`. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { withHeader } from "../../cli/with-header.ts";

export const command: Command = {
  usage: "<role name>",
  examples: [["role add readers", "a role without permissions yet"]],
  async run(session) {
    const [name] = session.args;
    if (name === undefined || session.args.length !== 1) {
      throw badArguments("role add command requires role name as its argument");
    }
    const etcd = await session.connect();
    const { header } = await withHeader((onHeader) => etcd.auth.roleAdd(name, { ...session.call, onHeader }));
    await session.show({ type: "done", header, text: `Role ${name} created` });
  },
};
