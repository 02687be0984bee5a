/** `elect`: leads an election until the command ends, or shows the leader. */
import type { Command } from "../cli/command.ts";
import { badArguments } from "../cli/failure.ts";
import { endOf } from "./lock.ts";

export const command: Command = {
  usage: "<election-name> [proposal] [options]",
  about: "Joins one queue with etcdctl's and Go's candidates of that name.",
  flags: [
    {
      name: "listen",
      short: "l",
      type: "switch",
      summary: "show each leader, and each of its proposals, instead of running for leader",
    },
  ],
  examples: [
    ["elect masters 10.0.0.1", "leads until it is ended"],
    ["elect masters --listen", "the leader, at every change"],
  ],
  async run(session) {
    const [name, proposal, ...more] = session.args;
    if (name === undefined || more.length > 0) {
      throw badArguments("elect takes one election name argument and an optional proposal argument");
    }
    const listen = session.flags.on("listen");
    if (proposal === undefined && !listen) throw badArguments("no proposal argument but -l not set");
    const { signal } = session.io;
    const etcd = await session.connect();
    const { campaign, observeLeader } = await import("keelson/etcd");
    const show = async (key: string): Promise<void> => {
      const response = await etcd.kv.range({ key }, session.call);
      await session.show({ type: "get", response, valuesOnly: false });
    };
    if (listen) {
      for await (const leader of observeLeader(etcd, name, { signal })) {
        if (leader !== undefined) await show(leader.key);
      }
      return;
    }
    await using led = await campaign(etcd, name, proposal ?? "", { signal });
    await show(led.key);
    await endOf(led, signal);
  },
};
