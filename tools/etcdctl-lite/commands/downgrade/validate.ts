/** `downgrade validate`: whether a downgrade could be enabled now. Changes nothing. */
import type { Command } from "../../cli/command.ts";
import { targetVersionOf } from "./target-version.ts";

export const command: Command = {
  usage: "<TARGET_VERSION>",
  about: [
    "Checks whether the cluster can be downgraded to the next lower minor version. Needs etcd 3.6; 3.4 does not support",
    "it.",
  ].join("\n"),
  examples: [["downgrade validate 3.5", "on a cluster of 3.6"]],
  async run(session) {
    const version = targetVersionOf(session.args);
    const etcd = await session.connect();
    const reply = await etcd.maintenance.downgrade.validate(version, session.call);
    await session.show({ type: "downgrade", change: "validate", ...reply });
  },
};
