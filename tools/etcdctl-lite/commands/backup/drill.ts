/** `backup drill`: the newest state of a repository restored, booted by a real etcd and compared. */
import type { Command } from "../../cli/command.ts";
import { CliFailure, exitCodes } from "../../cli/failure.ts";
import { repositoryFlags, repositoryOf } from "../../store/repository-flags.ts";

export const command: Command = {
  usage: "--repository <directory> [options]",
  about: "Needs an etcd program (KEELSON_ETCD, PATH) and room for the database; touches no running etcd.",
  flags: [
    ...repositoryFlags,
    { name: "to-revision", type: "integer", summary: "the state of this revision (default: the newest)" },
  ],
  examples: [["backup drill --repository /backups/etcd", "does the newest backup boot?"]],
  async run(session) {
    const { flags, io } = session;
    const repository = await repositoryOf(flags);
    const { drill } = await import("keelson/backup");
    const toRevision = flags.integer("to-revision");
    const report = await drill(repository, {
      signal: io.signal,
      toRevision: toRevision === 0n ? undefined : toRevision.toString(),
    });
    if (flags.text("write-out") === "json") session.line(JSON.stringify(report));
    else {
      for (const { what } of report.problems) session.line(`problem: ${what}`);
      for (const { name, liveKeys } of report.kinds) session.line(`${name}: ${liveKeys}`);
      const { revision, restoreMs, totalMs, etcdVersion } = report;
      session.line(
        `revision ${revision}: restored in ${restoreMs} ms, ${report.ok ? "booted and compared" : "not proved"} by etcd ${etcdVersion ?? "?"} in ${totalMs} ms`,
      );
    }
    if (!report.ok) throw new CliFailure(exitCodes.error, "the drill failed");
  },
};
