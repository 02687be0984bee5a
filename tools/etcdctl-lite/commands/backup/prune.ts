/** `backup prune`: what the policy does not keep, and nothing kept stands on, goes. */
import type { Command } from "../../cli/command.ts";
import { repositoryFlags, repositoryOf } from "../../store/repository-flags.ts";
import { counted } from "../../text/counted.ts";

export const command: Command = {
  usage: "--repository <directory> [options]",
  flags: [
    ...repositoryFlags,
    { name: "dry-run", type: "switch", summary: "say what would go, and remove nothing" },
    { name: "keep-daily", type: "integer", summary: "keep one backup of each of the last so many days" },
    { name: "keep-hourly", type: "integer", summary: "… hours" },
    { name: "keep-last", type: "integer", fallback: "5", summary: "keep the last so many fulls; at least 1" },
    { name: "keep-monthly", type: "integer", summary: "… months" },
    { name: "keep-weekly", type: "integer", summary: "… weeks" },
  ],
  examples: [
    ["backup prune --repository /backups/etcd --keep-last 5 --keep-daily 14 --yes", "without a question"],
  ],
  async run(session) {
    const { flags } = session;
    const repository = await repositoryOf(flags);
    const count = (name: string): number => Number(flags.integer(name));
    const policy = {
      keepLast: Math.max(1, count("keep-last")),
      hourly: count("keep-hourly"),
      daily: count("keep-daily"),
      weekly: count("keep-weekly"),
      monthly: count("keep-monthly"),
    };
    const plan = await repository.prune(policy, { dryRun: true });
    if (plan.removed.length === 0 && plan.chunks === 0) return session.line("nothing to remove");
    const chunksToo = `${counted(plan.chunks, "chunk")} that no other backup needs`;
    if (flags.on("dry-run")) {
      for (const id of plan.removed) session.line(`would remove ${id}`);
      return session.line(`would remove ${chunksToo}`);
    }
    await session.confirm(`This removes for good: ${[...plan.removed, chunksToo].join(", ")}.`);
    const { removed, chunks } = await repository.prune(policy);
    for (const id of removed) session.line(`removed ${id}`);
    session.line(`removed ${counted(chunks, "chunk")}`);
  },
};
