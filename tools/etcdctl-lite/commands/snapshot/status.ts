/** `snapshot status`: hash, revision, keys and size of a file, read without changing it. */
import { stat } from "node:fs/promises";
import type { Command } from "../../cli/command.ts";
import { badArguments, CliFailure, exitCodes } from "../../cli/failure.ts";
import { progressBar } from "../../cli/progress-bar.ts";

export const command: Command = {
  usage: "<filename>",
  about: [
    "Reads every page and reports damage with its position. Keys are counted as the snapshot's own tool version counts",
    "them: up to 3.5 all records, including deletions and old versions; from 3.6 on the existing keys.",
  ].join("\n"),
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
    using bar = progressBar(session.io.stderr);
    const info = await inspectSnapshot(path, { onProgress: bar.show, signal: session.io.signal });
    bar.clear();
    const { hash, revision, totalKey, totalSize, storageVersion, downgradeTarget } = info;
    await session.show({
      type: "snapshot-status",
      hash,
      revision: BigInt(revision),
      totalKey,
      totalSize: BigInt(totalSize),
      version: storageVersion,
    });
    if (downgradeTarget !== undefined) {
      session.warn(
        `a downgrade to ${downgradeTarget} was enabled when this snapshot was taken: a cluster restored from it continues it, unless it is restored with --clear-downgrade`,
      );
    }
  },
};
