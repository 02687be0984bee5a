/** `alarm list`. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { withHeader } from "../../cli/with-header.ts";

export const command: Command = {
  usage: "",
  examples: [["alarm list -w json", "alarms with their members, for a script"]],
  async run(session) {
    if (session.args.length > 0) throw badArguments("alarm list command accepts no arguments");
    const etcd = await session.connect();
    const { header, value } = await withHeader((onHeader) =>
      etcd.maintenance.alarms({ ...session.call, onHeader }),
    );
    await session.show({ type: "alarms", header, alarms: value });
  },
};
