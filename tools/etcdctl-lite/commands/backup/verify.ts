/** `backup verify`: every manifest, signature and chunk of a repository. */
import type { Command } from "../../cli/command.ts";
import { CliFailure, exitCodes } from "../../cli/failure.ts";
import { repositoryFlags, repositoryOf } from "../../store/repository-flags.ts";

export const command: Command = {
  usage: "--repository <directory>",
  flags: repositoryFlags,
  examples: [["backup verify --repository /backups/etcd", "read all of it back"]],
  async run(session) {
    const repository = await repositoryOf(session.flags);
    const { ok, problems } = await repository.verify({ signal: session.io.signal });
    for (const { what } of problems) session.line(`problem: ${what}`);
    if (!ok) throw new CliFailure(exitCodes.error, `the repository is damaged: ${problems.length} problems`);
    session.line("the repository is sound");
  },
};
