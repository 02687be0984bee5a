/** `backup create`: a full backup, or with `--delta` the changes since the last one. */

import { messageOf } from "../../../../src/base/text/message-of.ts";
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import { openedRepository, repositoryFlags } from "../../store/repository-flags.ts";
import { formatBytes } from "../../text/quote.ts";

export const command: Command = {
  usage: "--repository <directory> [options]",
  flags: [
    ...repositoryFlags,
    { name: "auto", type: "switch", summary: "with --delta: a full where a delta has nothing to stand on" },
    { name: "delta", type: "switch", summary: "only changes since the last backup" },
  ],
  examples: [
    ["backup create --repository /backups/etcd", "a full: proved, and cut into chunks that backups share"],
    [
      "backup create --delta --auto --repository /backups/etcd",
      "for a timer: a delta, or a full where one is due",
    ],
  ],
  async run(session) {
    const { flags, io } = session;
    // Connect first, so that an unreachable etcd leaves no empty repository.
    const etcd = await session.connect();
    const repository = await openedRepository(flags);
    const { chainIsOver } = await import("keelson/backup");
    using bar = progressBar(io.stderr);
    const full = () => repository.backup(etcd, { signal: io.signal, onProgress: bar.show });
    if (flags.on("auto") && !flags.on("delta")) throw badArguments("--auto goes with --delta");
    const outcome = !flags.on("delta")
      ? await full()
      : await repository.delta(etcd, { signal: io.signal }).catch((error: unknown) => {
          if (!flags.on("auto") || !chainIsOver(error)) throw error;
          session.warn(`${messageOf(error)}; a full is taken`);
          return full();
        });
    bar.clear();
    if (outcome === undefined) return session.line("nothing was written since the last backup");
    const { backup, newBytes, sizeBytes } = outcome;
    const written = `${formatBytes(BigInt(newBytes))} new of ${formatBytes(BigInt(sizeBytes))}`;
    session.line(`${backup.id}: revision ${backup.lastRevision}, ${written}`);
  },
};
