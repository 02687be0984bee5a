/** `txn`: compares, then one list of requests or the other, read from stdin in three parts. */
import type { Command } from "../../cli/command.ts";
import { badArguments, badInput } from "../../cli/failure.ts";
import { parseCompare, parseRequest } from "./txn-text.ts";

export const command: Command = {
  usage: "[options]",
  about: [
    "Reads three parts from stdin, each ended by an empty line: comparisons, requests to run if all of them hold, and",
    "requests to run if not.",
  ].join("\n"),
  flags: [{ name: "interactive", short: "i", type: "switch", summary: "print a prompt for each part" }],
  examples: [
    [`txn <<< $'mod("key1") > "0"\\n\\nput key1 "new"\\n\\nget key1\\n\\n'`, "overwrite key1 if it exists"],
  ],
  async run(session) {
    if (session.args.length > 0) throw badArguments("txn command does not accept argument");
    const part = async <T>(title: string, parse: (line: string) => T): Promise<readonly T[]> => {
      if (session.flags.on("interactive")) session.line(title);
      const parsed: T[] = [];
      for (;;) {
        const line = (await session.lines.line())?.trim();
        if (line === undefined) throw badInput("EOF");
        if (line === "") return parsed;
        parsed.push(parse(line));
      }
    };
    const compare = await part("compares:", parseCompare);
    const success = await part("success requests (get, put, del):", parseRequest);
    const failure = await part("failure requests (get, put, del):", parseRequest);
    const etcd = await session.connect();
    const response = await etcd.kv.txn({ compare, success, failure }, session.call);
    await session.show({ type: "txn", response });
  },
};
