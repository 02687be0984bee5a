/** `history`: every version of one key that is not compacted, in a running etcd or in a snapshot file. */
import type { KeyVersion } from "keelson/backup";
import type { Etcd } from "keelson/etcd";
import type { Command } from "../cli/command.ts";
import { badArguments } from "../cli/failure.ts";
import type { Session } from "../cli/session.ts";
import { decodedFormat, formOf, tellUnread, withVersion } from "../store/decode-values.ts";
import { fromFlag } from "../store/key-source.ts";
import { decodeFlags } from "../store/store-flags.ts";
import { valueReader } from "../store/value-reader.ts";
import { yamlDocument } from "../text/documents.ts";
import { goJson } from "../text/go-json.ts";
import { quoteBytes } from "../text/quote.ts";
import { exactTextOf } from "../text/raw-bytes.ts";
import { alignColumns } from "../text/table.ts";

/** Maximum size of a value in the listing, bytes. */
const shownBytes = 60;

export const command: Command = {
  usage: "<key> [options]",
  about: [
    "A running etcd has the versions since its last compaction, and the state of the key at that point; a snapshot has",
    "its own.",
  ].join("\n"),
  flags: [fromFlag, ...decodeFlags],
  examples: [
    ["history /registry/pods/default/web-1", "its values, revision by revision"],
    ["history /registry/pods/default/web-1 --decode", "every version whole, as YAML"],
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
    if (session.flags.on("decode")) return printVersions(session, source, key, versions);
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

/** One document per version: the object, else its text, else its bytes in base64; nothing for a deletion. */
async function printVersions(
  session: Session,
  source: Etcd | string,
  key: string,
  versions: readonly KeyVersion[],
): Promise<void> {
  const format = decodedFormat(session);
  const reader = await valueReader(session, source);
  for (const { revision, type, version, value } of versions) {
    const read = value === undefined ? undefined : await reader.read(key, value);
    if (value !== undefined && read === undefined) continue;
    const foreign = read !== undefined && "foreign" in read;
    const object = read === undefined || foreign ? undefined : withVersion(read.object, BigInt(revision));
    if (format === "json") {
      const raw = foreign && value !== undefined ? Buffer.from(value).toString("base64") : undefined;
      // Written by hand: a revision may exceed a JavaScript number.
      const rest = JSON.stringify({ type, object, value: raw }).slice(1);
      session.line(`{"revision":${revision},${rest}`);
      continue;
    }
    if (read !== undefined && !foreign) tellUnread(session, Buffer.from(key), read.unread);
    const text = foreign && value !== undefined ? exactTextOf(value) : undefined;
    const form = !foreign
      ? read === undefined
        ? ""
        : formOf(read)
      : text === undefined
        ? "base64 of its bytes"
        : "";
    const how = read === undefined ? "deleted" : [`version ${version}`, form].filter(Boolean).join(", ");
    const remark = `${quoteBytes(key).slice(1, -1)}  revision ${revision}, ${how}`;
    const document =
      object ?? (value === undefined ? undefined : (text ?? Buffer.from(value).toString("base64")));
    session.io.stdout.write(
      document === undefined ? `---\n# ${remark}\n` : await yamlDocument(document, remark),
    );
  }
  reader.finish();
}
