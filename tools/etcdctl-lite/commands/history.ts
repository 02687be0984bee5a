/** `history`: every version of one key that is still on record, in a running etcd or in a snapshot file. */
import type { Command } from "../frame/command.ts";
import { badArguments } from "../frame/failure.ts";
import { goJson } from "../text/go-json.ts";
import { quoteBytes } from "../text/quote.ts";
import { alignColumns } from "../text/table.ts";

/** Of a value shown in the listing, bytes. */
const shownBytes = 60;

export const command: Command = {
  usage: "<key> [options]",
  about:
    "A running etcd has what came after its last compaction, and the state the key had there; a snapshot has its own.",
  flags: [{ name: "from", type: "text", summary: "a snapshot file to look into, instead of --endpoints" }],
  examples: [
    ["history /registry/pods/default/web-1", "what it was, revision by revision"],
    ["history config --from backup.db -w json", "from a snapshot, with whole values in base64"],
  ],
  async run(session) {
    const [key] = session.args;
    if (key === undefined || session.args.length !== 1)
      throw badArguments("history needs one argument: the key");
    const file = session.flags.text("from");
    const source = file === "" ? await session.connect() : file;
    const { history } = await import("keelson/backup");
    const versions = await history(source, key, { signal: session.io.signal });
    if (session.flags.text("write-out") === "json") {
      const rows = versions.map(({ revision, type, value, createRevision, version }) => ({
        revision: BigInt(revision),
        type,
        version: BigInt(version),
        createRevision: BigInt(createRevision),
        value,
      }));
      return session.line(goJson(rows));
    }
    const rows = versions.map(({ revision, type, version, value }) => [
      revision,
      type === "put" ? "PUT" : "DELETE",
      version,
      value === undefined ? "" : `${value.length} bytes`,
      value === undefined
        ? ""
        : quoteBytes(value.subarray(0, shownBytes)) + (value.length > shownBytes ? "…" : ""),
    ]);
    session.io.stdout.write(alignColumns([["REVISION", "TYPE", "VERSION", "SIZE", "VALUE"], ...rows]));
  },
};
