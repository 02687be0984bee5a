/** `backup restore`: a data directory at any revision or time on record. */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { repositoryFlags, repositoryOf } from "../../store/repository-flags.ts";

export const command: Command = {
  usage: "--repository <directory> --data-dir <output dir> [options]",
  flags: [
    ...repositoryFlags,
    { name: "data-dir", type: "text", summary: "path to the output data directory" },
    { name: "initial-cluster", type: "text", summary: "m1=http://host1:2380,m2=…" },
    { name: "name", type: "text", fallback: "default", summary: "name of this member" },
    {
      name: "to-revision",
      type: "integer",
      summary: "the state of this revision (default: the last on record)",
    },
    { name: "to-time", type: "text", summary: "the state at this time, e.g. 2026-01-31T12:00:00Z" },
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
    const revision = flags.integer("to-revision");
    const time = flags.text("to-time");
    const toTime = time === "" ? undefined : new Date(time);
    if (toTime !== undefined && Number.isNaN(toTime.getTime()))
      throw badArguments(`bad time ${JSON.stringify(time)}`);
    const report = await (await repositoryOf(flags)).restore({
      dataDir,
      name: flags.text("name"),
      initialCluster: flags.text("initial-cluster") || undefined,
      toRevision: revision === 0n ? undefined : revision.toString(),
      toTime,
      signal: io.signal,
    });
    session.line(
      `restored ${report.name} at revision ${report.toRevision} into ${report.dataDir}; start it with:`,
    );
    session.line(`  ${report.commandLine}`);
  },
};
