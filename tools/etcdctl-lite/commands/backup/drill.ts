/** `backup drill`: restores the newest state of a repository, boots a real etcd with it and compares. */
import type { Command } from "../../cli/command.ts";
import { CliFailure, exitCodes } from "../../cli/failure.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import { pointFlags, pointInTimeOf } from "../../store/point-in-time.ts";
import { repositoryFlags, repositoryOf } from "../../store/repository-flags.ts";

export const command: Command = {
  usage: "--repository <directory> [options]",
  about: "Needs an etcd program (KEELSON_ETCD, PATH) and room for the database; touches no running etcd.",
  flags: [...repositoryFlags, ...pointFlags],
  examples: [["backup drill --repository /backups/etcd", "does the newest backup boot?"]],
  async run(session) {
    const { flags, io } = session;
    const repository = await repositoryOf(flags);
    const { drill } = await import("keelson/backup");
    using bar = progressBar(io.stderr);
    const report = await drill(repository, {
      ...pointInTimeOf(flags),
      onProgress: bar.show,
      signal: io.signal,
    });
    bar.clear();
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
