/** `snapshot status`: hash, revision, keys and size of a file, read without changing it. */
import { stat } from "node:fs/promises";
import type { Command } from "../../cli/command.ts";
import { badArguments, CliFailure, exitCodes } from "../../cli/failure.ts";

export const command: Command = {
  usage: "<filename>",
  about: "Reads every page: a damaged file is told, with the place of the damage.",
  examples: [["snapshot status backup.db -w table", "for people"]],
  async run(session) {
    const [path] = session.args;
    if (path === undefined || session.args.length !== 1) {
      throw badArguments("snapshot status requires exactly one argument");
    }
    await stat(path).catch((error: unknown) => {
      throw new CliFailure(exitCodes.error, `stat ${path}: no such file or directory`, { cause: error });
    });
    const { inspectSnapshot } = await import("keelson/backup");
    const { hash, revision, totalKey, totalSize } = await inspectSnapshot(path);
    await session.show({
      type: "snapshot-status",
      hash,
      revision: BigInt(revision),
      totalKey,
      totalSize: BigInt(totalSize),
    });
  },
};
