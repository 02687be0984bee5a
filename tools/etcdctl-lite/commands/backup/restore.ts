/** `backup restore`: a data directory at any revision or time in the repository. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import { pointFlags, pointInTimeOf } from "../../store/point-in-time.ts";
import { repositoryFlags, repositoryOf } from "../../store/repository-flags.ts";

export const command: Command = {
  usage: "--repository <directory> --data-dir <output dir> [options]",
  flags: [
    ...repositoryFlags,
    { name: "data-dir", type: "text", summary: "path to the output data directory" },
    { name: "initial-cluster", type: "text", summary: "m1=http://host1:2380,m2=…" },
    { name: "name", type: "text", fallback: "default", summary: "name of this member" },
    ...pointFlags,
    { name: "wal-dir", type: "text", summary: "path to the WAL directory (default: within --data-dir)" },
  ],
  examples: [
    [
      "backup restore --repository /backups/etcd --data-dir new.etcd --to-time 2026-01-31T12:00:00Z",
      "as it was at noon",
    ],
  ],
  async run(session) {
    const { flags, io } = session;
    const dataDir = flags.text("data-dir");
    if (dataDir === "") throw badArguments("backup restore needs --data-dir");
    const point = pointInTimeOf(flags);
    using bar = progressBar(io.stderr);
    const report = await (await repositoryOf(flags)).restore({
      dataDir,
      walDir: flags.text("wal-dir") || undefined,
      name: flags.text("name"),
      initialCluster: flags.text("initial-cluster") || undefined,
      ...point,
      onProgress: bar.show,
      signal: io.signal,
    });
    bar.clear();
    session.line(
      `restored ${report.name} at revision ${report.toRevision} into ${report.dataDir}; start it with:`,
    );
    session.line(`  ${report.commandLine}`);
  },
};
