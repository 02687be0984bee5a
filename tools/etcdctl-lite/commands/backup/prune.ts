/** `backup prune`: removes backups that the policy does not keep and no kept backup needs. */
import type { Command } from "../../cli/command.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import { repositoryFlags, repositoryOf } from "../../store/repository-flags.ts";
import { counted } from "../../text/counted.ts";
import { retentionFlags, retentionOf } from "./retention-flags.ts";

export const command: Command = {
  usage: "--repository <directory> [options]",
  flags: [
    ...repositoryFlags,
    { name: "dry-run", type: "switch", summary: "show what would be removed, and remove nothing" },
    { name: "keep-last", type: "integer", fallback: "5", summary: "keep the last so many fulls; at least 1" },
    ...retentionFlags,
  ],
  examples: [
    ["backup prune --repository /backups/etcd --keep-last 5 --keep-daily 14 --yes", "without a question"],
  ],
  async run(session) {
    const { flags, io } = session;
    const repository = await repositoryOf(flags);
    const { signal } = io;
    const policy = retentionOf(flags);
    const plan = await repository.prune(policy, { dryRun: true, signal });
    if (plan.removed.length === 0 && plan.chunks === 0) return session.line("nothing to remove");
    const chunksToo = `${counted(plan.chunks, "chunk")} that no other backup needs`;
    if (flags.on("dry-run")) {
      for (const id of plan.removed) session.line(`would remove ${id}`);
      return session.line(`would remove ${chunksToo}`);
    }
    await session.confirm(`This removes for good: ${[...plan.removed, chunksToo].join(", ")}.`);
    using bar = progressBar(io.stderr);
    const { removed, chunks } = await repository.prune(policy, { onProgress: bar.show, signal });
    bar.clear();
    for (const id of removed) session.line(`removed ${id}`);
    session.line(`removed ${counted(chunks, "chunk")}`);
  },
};
