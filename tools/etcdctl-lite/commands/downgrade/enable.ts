/** `downgrade enable`: afterwards the members can be replaced by the older version, one at a time. */
import type { Command } from "../../cli/command.ts";
import { targetVersionOf } from "./target-version.ts";

export const command: Command = {
  usage: "<TARGET_VERSION>",
  about: [
    "The cluster then uses only features of the target version. Stop and replace each member once its endpoint status",
    "shows the target as its storage version. etcd ends the downgrade when all members run the target version; until then",
    "downgrade cancel reverts it.",
  ].join("\n"),
  examples: [["downgrade enable 3.5", "on a cluster of 3.6; take a snapshot first"]],
  async run(session) {
    const version = targetVersionOf(session.args);
    const etcd = await session.connect();
    await session.confirm(`This prepares the whole cluster for etcd ${version}.`);
    const reply = await etcd.maintenance.downgrade.enable(version, session.call);
    await session.show({ type: "downgrade", change: "enable", ...reply });
  },
};
