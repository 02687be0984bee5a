/** `backup list`. */

import type { Command } from "../../cli/command.ts";
import { since } from "../../cluster/columns.ts";
import { repositoryFlags, repositoryOf } from "../../store/repository-flags.ts";
import { formatBytes } from "../../text/quote.ts";
import { alignColumns } from "../../text/table.ts";

export const command: Command = {
  usage: "--repository <directory>",
  flags: repositoryFlags,
  examples: [["backup list --repository /backups/etcd", "oldest first"]],
  async run(session) {
    const backups = await (await repositoryOf(session.flags)).list();
    if (session.flags.text("write-out") === "json") return session.line(JSON.stringify(backups));
    const nowMs = Date.now();
    const rows = backups.map((backup) => [
      backup.id,
      backup.kind,
      backup.lastRevision,
      backup.createdAt.replace(/\.\d+Z$/, "Z"),
      since(backup.createdAt, nowMs),
      formatBytes(BigInt(backup.sizeBytes)),
      backup.kind === "full" ? backup.proved : "",
    ]);
    session.io.stdout.write(
      alignColumns([["ID", "KIND", "REVISION", "TIME", "AGE", "SIZE", "PROVED"], ...rows]),
    );
  },
};
