/** `del`: one key, a range, or all with a prefix. */

import type { Command } from "../cli/command.ts";
import { badArguments } from "../cli/failure.ts";
import type { Flags } from "../cli/flags.ts";
import { type Range, rangeOf } from "../cli/key-range.ts";
import { counted } from "../text/counted.ts";

export const command: Command = {
  usage: "[options] <key> [range_end]",
  flags: [
    {
      name: "from-key",
      type: "switch",
      summary: "delete keys that are greater than or equal to the given key",
    },
    { name: "prefix", type: "switch", summary: "delete keys with matching prefix" },
    { name: "prev-kv", type: "switch", summary: "return deleted key-value pairs" },
    {
      name: "range",
      type: "switch",
      summary: "delete range of keys without delay (accepted, as in etcdctl)",
    },
  ],
  examples: [
    ["del /registry/pods/default/web-1", "one key"],
    ["del /tmp/ --prefix --prev-kv", "all keys with a prefix, and their old values"],
  ],
  async run(session) {
    const { flags } = session;
    const range = deletedRangeOf(session.args, flags);
    const etcd = await session.connect();
    if (range.rangeEnd !== undefined && session.io.stdin.isTTY === true && !flags.on("yes")) {
      const { count } = await etcd.kv.range({ ...range, countOnly: true }, session.call);
      await session.confirm(`This deletes ${counted(count, "key")}.`);
    }
    const response = await etcd.kv.deleteRange({ ...range, prevKv: flags.on("prev-kv") }, session.call);
    await session.show({ type: "del", response });
  },
};

/** @throws CliFailure for arguments that etcdctl refuses, with its text */
export function deletedRangeOf(args: readonly string[], flags: Pick<Flags, "on">): Range {
  if (args.length === 0 || args.length > 2) {
    throw badArguments("del command needs one argument as key and an optional argument as range_end");
  }
  return rangeOf(args, flags);
}
