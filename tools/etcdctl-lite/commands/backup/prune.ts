/** `backup prune`: what the policy does not keep, and nothing kept stands on, goes. */
import type { Command } from "../../cli/command.ts";
import { repositoryFlags, repositoryOf } from "../../store/repository-flags.ts";

export const command: Command = {
  usage: "--repository <directory> [options]",
  flags: [
    ...repositoryFlags,
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
    await session.confirm("This removes backups for good.");
    const count = (name: string): number => Number(flags.integer(name));
    const { removed } = await repository.prune({
      keepLast: Math.max(1, count("keep-last")),
      hourly: count("keep-hourly"),
      daily: count("keep-daily"),
      weekly: count("keep-weekly"),
      monthly: count("keep-monthly"),
    });
    for (const id of removed) session.line(`removed ${id}`);
  },
};
