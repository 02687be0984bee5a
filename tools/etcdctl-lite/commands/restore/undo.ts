/** `restore undo`: reverts a `restore objects --undo-file`. */

import type { Command } from "../../cli/command.ts";
import { badArguments, CliFailure, exitCodes } from "../../cli/failure.ts";
import { causeOf } from "../../cli/failure-text.ts";
import { isDirectUndo, undoDirect } from "../../cluster/undo-file.ts";
import { kindFor } from "../../store/known-kinds.ts";
import { openForWriting, recordsOf, storeFlags } from "../../store/store-flags.ts";
import { counted } from "../../text/counted.ts";

export const command: Command = {
  usage: "<undo file> [options]",
  about: "Deletes objects that the restore created, and gives overwritten objects their old state back.",
  flags: storeFlags,
  examples: [["restore undo undo.json", "as it was before the restore"]],
  async run(session) {
    const [file] = session.args;
    if (file === undefined || session.args.length !== 1)
      throw badArguments("restore undo needs the undo file");
    const { readFile } = await import("node:fs/promises");
    const text = await readFile(file, "utf8").catch((error: Error) => {
      throw new CliFailure(exitCodes.error, error.message, { cause: error });
    });
    const etcd = await session.connect();
    if (isDirectUndo(text)) {
      await session.confirm(`This deletes and overwrites the keys named in ${file}.`);
      const { undone, left } = await undoDirect(session, etcd, text);
      for (const key of left) session.io.stderr.write(`${key}: it was changed since, and is left as it is\n`);
      session.line(`${counted(undone, "key as it was", "keys as they were")} before`);
      if (left.length > 0) throw new CliFailure(exitCodes.error, `${left.length} could not be taken back`);
      return;
    }
    const records = await recordsOf(session, etcd);
    await session.confirm(`This deletes and overwrites the objects named in ${file}.`);
    const kinds = await Promise.all(records.kinds.map(kindFor));
    await using store = await openForWriting(session, etcd, { kinds, records });
    const { undoObjectRestore } = await import("keelson/backup");
    const { undone, failed } = await undoObjectRestore(file, store, { signal: session.io.signal });
    for (const { key, error } of failed) session.io.stderr.write(`${key}: ${causeOf(error)}\n`);
    session.line(`${counted(undone, "object as it was", "objects as they were")} before`);
    if (failed.length > 0) throw new CliFailure(exitCodes.error, `${failed.length} could not be taken back`);
  },
};
