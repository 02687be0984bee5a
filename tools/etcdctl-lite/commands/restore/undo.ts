/** `restore undo`: takes back what a `restore objects --undo-file` has done. */
import type { Command } from "../../cli/command.ts";
import { badArguments, CliFailure, exitCodes } from "../../cli/failure.ts";
import { causeOf } from "../../cli/told.ts";
import { kindFor } from "../../store/known-kinds.ts";
import { openForWriting, recordsOf, storeFlags } from "../../store/store-flags.ts";

export const command: Command = {
  usage: "<undo file> [options]",
  about: "Objects that were created go, objects that were overwritten get their state back.",
  flags: storeFlags,
  examples: [["restore undo undo.json", "as it was before the restore"]],
  async run(session) {
    const [file] = session.args;
    if (file === undefined || session.args.length !== 1)
      throw badArguments("restore undo needs the undo file");
    const { access } = await import("node:fs/promises");
    await access(file).catch((error: Error) => {
      throw new CliFailure(exitCodes.error, error.message, { cause: error });
    });
    const etcd = await session.connect();
    const records = await recordsOf(session, etcd);
    await session.confirm(`This deletes and overwrites the objects named in ${file}.`);
    const kinds = await Promise.all(records.kinds.map(kindFor));
    await using store = await openForWriting(session, etcd, { kinds, records });
    const { undoObjectRestore } = await import("keelson/backup");
    const { undone, failed } = await undoObjectRestore(file, store, { signal: session.io.signal });
    for (const { key, error } of failed) session.io.stderr.write(`${key}: ${causeOf(error)}\n`);
    session.line(`${undone} objects as they were before`);
    if (failed.length > 0) throw new CliFailure(exitCodes.error, `${failed.length} could not be taken back`);
  },
};
