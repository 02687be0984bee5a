/** `backup verify`: every manifest, signature and chunk of a repository. */
import type { Command } from "../../cli/command.ts";
import { CliFailure, exitCodes } from "../../cli/failure.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import { repositoryFlags, repositoryOf } from "../../store/repository-flags.ts";
import { counted } from "../../text/counted.ts";

export const command: Command = {
  usage: "--repository <directory>",
  flags: repositoryFlags,
  examples: [["backup verify --repository /backups/etcd", "read all of it back"]],
  async run(session) {
    const repository = await repositoryOf(session.flags);
    using bar = progressBar(session.io.stderr);
    const { ok, problems } = await repository.verify({ signal: session.io.signal, onProgress: bar.show });
    bar.clear();
    for (const { what } of problems) session.line(`problem: ${what}`);
    if (!ok)
      throw new CliFailure(
        exitCodes.error,
        `the repository is damaged: ${counted(problems.length, "problem")}`,
      );
    session.line("the repository is sound");
  },
};
