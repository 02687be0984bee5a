/** `diff`: keys below a prefix that differ between two revisions. */
import type { FieldChange, KeyChange } from "keelson/backup";
import type { Command } from "../cli/command.ts";
import { badArguments, badFeature } from "../cli/failure.ts";
import { fromFlag } from "../store/key-source.ts";
import { storeFlags } from "../store/store-flags.ts";
import { type ValueReader, valueReader } from "../store/value-reader.ts";
import { type Paint, painter } from "../text/colour.ts";
import { fieldLine } from "../text/object-diff.ts";
import { printable } from "../text/printable.ts";
import { quoteBytes } from "../text/quote.ts";

const shownBytes = 80;
const marks = { added: ["+", "green"], changed: ["~", "yellow"], removed: ["-", "red"] } as const;

export const command: Command = {
  usage: "[prefix] --from-rev <revision> [--to-rev <revision>] [options]",
  flags: [
    { name: "decode", type: "switch", summary: "show differences of objects field by field" },
    fromFlag,
    { name: "from-rev", type: "integer", summary: "the older revision" },
    { name: "to-rev", type: "integer", summary: "the newer revision (default: the last)" },
    { name: "values", type: "switch", summary: "show the beginning of values, too" },
    ...storeFlags,
  ],
  examples: [
    ["diff /registry/pods/ --from-rev 100 --to-rev 200", "pods that came, changed and went between the two"],
    ["diff /registry/ --from-rev 100 --decode", "changes since then, field by field"],
    ["diff /registry/ --from-rev 100 --decode -w json", "the same for a script, a change a line"],
  ],
  async run(session) {
    const { flags, io } = session;
    const [prefix = ""] = session.args;
    const format = flags.text("write-out");
    if (format !== "simple" && format !== "json")
      throw badFeature(`${format} not supported as output format`);
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
    if (format === "json") {
      for (const change of changes) session.line(await jsonLine(reader, change, flags.on("values")));
      reader?.finish();
      return;
    }
    for (const { key, type, before, after } of changes) {
      const [mark, colour] = marks[type];
      session.line(paint(colour, `${mark} ${printable(key)}`));
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

/** One line per change: fields with --decode, whole values in base64 with --values. */
async function jsonLine(
  reader: ValueReader | undefined,
  change: KeyChange,
  values: boolean,
): Promise<string> {
  const { key, type, before, after } = change;
  const base64 = (value: Uint8Array | undefined): string | undefined =>
    value === undefined || !values ? undefined : Buffer.from(value).toString("base64");
  const fields =
    reader === undefined || before === undefined || after === undefined
      ? undefined
      : await fieldChanges(reader, { key, before, after });
  return JSON.stringify({ key, type, changes: fields, before: base64(before), after: base64(after) });
}

/** Undefined: one of the two is not an object, or is unreadable. */
async function fieldChanges(
  reader: ValueReader,
  change: { readonly key: string; readonly before: Uint8Array; readonly after: Uint8Array },
): Promise<readonly FieldChange[] | undefined> {
  const { changesBetween } = await import("keelson/backup");
  const { key, before, after } = change;
  const [was, is] = [await reader.read(key, before), await reader.read(key, after)];
  if (was === undefined || is === undefined || "foreign" in was || "foreign" in is) return undefined;
  return changesBetween(was.object, is.object);
}

/** The differences of two versions of an object; for other values only their sizes. */
async function fieldLines(
  reader: ValueReader,
  change: { readonly key: string; readonly before: Uint8Array; readonly after: Uint8Array },
  paint: Paint,
): Promise<readonly string[]> {
  const fields = await fieldChanges(reader, change);
  if (fields !== undefined) return fields.map((field) => fieldLine(field, paint));
  return [`${change.before.length} bytes -> ${change.after.length} bytes`];
}
