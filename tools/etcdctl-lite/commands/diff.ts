/** `diff`: keys below a prefix that differ between two revisions. */
import type { Command } from "../cli/command.ts";
import { badArguments } from "../cli/failure.ts";
import { storeFlags } from "../store/store-flags.ts";
import { type ValueReader, valueReader } from "../store/value-reader.ts";
import { type Paint, painter } from "../text/colour.ts";
import { fieldLine } from "../text/object-diff.ts";
import { quoteBytes } from "../text/quote.ts";

const shownBytes = 80;
const marks = { added: ["+", "green"], changed: ["~", "yellow"], removed: ["-", "red"] } as const;

export const command: Command = {
  usage: "[prefix] --from-rev <revision> [--to-rev <revision>] [options]",
  flags: [
    { name: "decode", type: "switch", summary: "show what differs in an object, field by field" },
    { name: "from", type: "text", summary: "a snapshot file to look into, instead of --endpoints" },
    { name: "from-rev", type: "integer", summary: "the older revision" },
    { name: "to-rev", type: "integer", summary: "the newer revision (default: the last)" },
    { name: "values", type: "switch", summary: "show the beginning of values, too" },
    ...storeFlags,
  ],
  examples: [
    ["diff /registry/pods/ --from-rev 100 --to-rev 200", "pods that came, changed and went between the two"],
    ["diff /registry/ --from-rev 100 --decode", "what has changed since, field by field"],
  ],
  async run(session) {
    const { flags, io } = session;
    const [prefix = ""] = session.args;
    const fromRevision = flags.integer("from-rev");
    if (fromRevision <= 0n) throw badArguments("diff needs --from-rev");
    const file = flags.text("from");
    const etcd = file === "" ? await session.connect() : undefined;
    const { diff, inspectSnapshot } = await import("keelson/backup");
    let toRevision = flags.integer("to-rev").toString();
    if (toRevision === "0") {
      toRevision =
        etcd === undefined
          ? (await inspectSnapshot(file)).revision
          : (
              await etcd.kv.range({ key: "\0", limit: 1, keysOnly: true }, session.call)
            ).header.revision.toString();
    }
    const range = { prefix, from: fromRevision.toString(), to: toRevision };
    const changes = await diff(etcd ?? file, range, { signal: io.signal });
    const paint = painter(io.stdout, io.env);
    const start = (value: Uint8Array): string =>
      quoteBytes(value.subarray(0, shownBytes)) + (value.length > shownBytes ? "…" : "");
    const reader = flags.on("decode") ? await valueReader(session, etcd ?? file) : undefined;
    for (const { key, type, before, after } of changes) {
      const [mark, colour] = marks[type];
      session.line(paint(colour, `${mark} ${key}`));
      if (reader !== undefined && before !== undefined && after !== undefined) {
        for (const line of await fieldLines(reader, { key, before, after }, paint))
          session.line(`    ${line}`);
      }
      if (!flags.on("values")) continue;
      if (before !== undefined) session.line(`    before ${start(before)}`);
      if (after !== undefined) session.line(`    after  ${start(after)}`);
    }
    reader?.finish();
  },
};

/** Of two versions of an object what differs; of anything else how long it was. */
async function fieldLines(
  reader: ValueReader,
  change: { readonly key: string; readonly before: Uint8Array; readonly after: Uint8Array },
  paint: Paint,
): Promise<readonly string[]> {
  const { changesBetween } = await import("keelson/backup");
  const { key, before, after } = change;
  const [was, is] = [await reader.read(key, before), await reader.read(key, after)];
  if (was === undefined || is === undefined) return [];
  if ("foreign" in was || "foreign" in is) return [`${before.length} bytes -> ${after.length} bytes`];
  return changesBetween(was.object, is.object).map((field) => fieldLine(field, paint));
}
