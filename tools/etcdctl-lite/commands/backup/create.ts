/** `backup create`: a full backup, or with `--delta` what was written since the last one. */
import type { Command } from "../../cli/command.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import { openedRepository, repositoryFlags } from "../../store/repository-flags.ts";
import { formatBytes } from "../../text/quote.ts";

export const command: Command = {
  usage: "--repository <directory> [options]",
  flags: [
    ...repositoryFlags,
    { name: "delta", type: "switch", summary: "only what was written since the last backup" },
  ],
  examples: [
    ["backup create --repository /backups/etcd", "a full: proved, and cut into chunks that backups share"],
  ],
  async run(session) {
    const { flags, io } = session;
    // Connected first: an etcd out of reach leaves no empty repository.
    const etcd = await session.connect();
    const repository = await openedRepository(flags);
    using bar = progressBar(io.stderr);
    const outcome = flags.on("delta")
      ? await repository.delta(etcd, { signal: io.signal })
      : await repository.backup(etcd, { signal: io.signal, onProgress: bar.show });
    bar.clear();
    if (outcome === undefined) return session.line("nothing was written since the last backup");
    const { backup, newBytes, sizeBytes } = outcome;
    const written = `${formatBytes(BigInt(newBytes))} new of ${formatBytes(BigInt(sizeBytes))}`;
    session.line(`${backup.id}: revision ${backup.lastRevision}, ${written}`);
  },
};
