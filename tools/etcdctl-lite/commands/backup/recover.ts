/**
 * `backup recover`: from a repository to a startable cluster in one command: shows the plan, asks for confirmation,
 * writes the members' directories, and prints how to start them. `--check` checks the started cluster.
 */
import { mkdir, stat, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BackupRepository, RestoreReport } from "keelson/backup";
import type { Command } from "../../cli/command.ts";
import { badArguments, CliFailure, exitCodes } from "../../cli/failure.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import type { Session } from "../../cli/session.ts";
import { pointFlags, pointInTimeOf } from "../../store/point-in-time.ts";
import { repositoryFlags, repositoryOf } from "../../store/repository-flags.ts";
import { formatBytes } from "../../text/quote.ts";
import { checkRecovered } from "./recovered-cluster.ts";

/** During verification a restore needs space for one more copy of the database. */
const spaceFactor = 2n;

export const command: Command = {
  usage:
    "--repository <directory> --initial-cluster m1=https://host1:2380,m2=… --data-dir <parent> [options]",
  about: [
    "Restores every member of a lost cluster from the newest recorded state, or from the one requested: on each machine",
    "with --name for its member, or all on one machine. Every machine makes the same cluster of the same state. Members",
    "get new ids, the cluster gets a new token, and revisions jump ahead, so no client mistakes the new history for the",
    "old one. Then start the members as printed, and run it again with --check and --endpoints.",
  ].join("\n"),
  flags: [
    ...repositoryFlags,
    { name: "check", type: "switch", summary: "only look at the cluster that was started, at --endpoints" },
    { name: "data-dir", type: "text", summary: "parent of the members' directories" },
    { name: "drop-ins", type: "text", summary: "a folder for systemd drop-ins, one per member" },
    { name: "history", type: "text", summary: "an abandoned history instead of the newest (backup list)" },
    { name: "initial-cluster", type: "text", summary: "every member with its peer URLs" },
    { name: "name", type: "text", summary: "only this member (default: all)" },
    ...pointFlags,
  ],
  examples: [
    [
      "backup recover --repository s3://backups/prod --initial-cluster m1=https://10.0.0.1:2380,m2=https://10.0.0.2:2380,m3=https://10.0.0.3:2380 --name m1 --data-dir /var/lib/etcd-new",
      "on the machine of m1; the same on the others with their names",
    ],
    ["backup recover --check --endpoints 10.0.0.1:2379,10.0.0.2:2379,10.0.0.3:2379", "after the start"],
  ],
  async run(session) {
    const { flags } = session;
    if (flags.on("check")) return await checkRecovered(session);
    const dataDir = flags.text("data-dir");
    const initialCluster = flags.text("initial-cluster");
    if (dataDir === "" || initialCluster === "") {
      throw badArguments("backup recover needs --initial-cluster and --data-dir");
    }
    const members = new Set(initialCluster.split(",").map((entry) => entry.split("=")[0]?.trim() ?? ""));
    const only = flags.text("name");
    if (only !== "" && !members.has(only)) {
      throw badArguments(`--name ${only} is not among the members of --initial-cluster`);
    }
    const names = only === "" ? [...members] : [only];
    const repository = await repositoryOf(flags);
    const plan = await planOf(repository, session, { dataDir, names });
    for (const line of plan) session.line(line);
    await session.confirm(
      `This makes ${names.length === 1 ? "a data directory" : `${names.length} data directories`}.`,
    );
    const startedMs = performance.now();
    for (const name of names) {
      const report = await restored(repository, session, {
        name,
        dataDir: join(dataDir, name),
        initialCluster,
      });
      session.line(
        `${report.name}: revision ${report.toRevision} in ${report.dataDir}, proved; start it with:`,
      );
      session.line(`  ${report.commandLine}`);
      await writeDropIn(flags.text("drop-ins"), report);
    }
    session.line(
      `recovered in ${((performance.now() - startedMs) / 1000).toFixed(1)} s. TLS and client URLs are yours to add; then: backup recover --check --endpoints …`,
    );
  },
};

interface Target {
  readonly name: string;
  readonly dataDir: string;
  readonly initialCluster: string;
}

async function restored(
  repository: BackupRepository,
  session: Session,
  target: Target,
): Promise<RestoreReport> {
  const { flags, io } = session;
  using bar = progressBar(io.stderr);
  return await repository.restore({
    ...target,
    ...pointInTimeOf(flags),
    history: flags.text("history") || undefined,
    onProgress: bar.show,
    signal: io.signal,
  });
}

/** The plan, and the data it loses. @throws CliFailure when it is impossible */
async function planOf(
  repository: BackupRepository,
  session: Session,
  { dataDir, names }: { readonly dataDir: string; readonly names: readonly string[] },
): Promise<readonly string[]> {
  const { flags } = session;
  const backups = await repository.list();
  const last = backups.at(-1);
  if (last === undefined) throw new CliFailure(exitCodes.error, "the repository holds no backup");
  const { toRevision, toTime } = pointInTimeOf(flags);
  const point = toTime?.toISOString() ?? (toRevision === undefined ? "" : `revision ${toRevision}`);
  const ageMinutes = Math.round((Date.now() - Date.parse(last.createdAt)) / 60_000);
  const size = BigInt(
    Math.max(...backups.filter(({ kind }) => kind === "full").map(({ sizeBytes }) => sizeBytes)),
  );
  for (const name of names) {
    const there = await stat(join(dataDir, name)).catch(() => undefined);
    if (there !== undefined)
      throw new CliFailure(exitCodes.error, `${join(dataDir, name)} is there already: move it away`);
  }
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(dataDir, { bigint: true });
  const wanted = size * spaceFactor * BigInt(names.length);
  if (bavail * bsize < wanted) {
    throw new CliFailure(
      exitCodes.error,
      `${dataDir} has ${formatBytes(bavail * bsize)} free, the restore wants ${formatBytes(wanted)}`,
    );
  }
  return [
    `newest backup: ${last.id}, revision ${last.lastRevision}, taken ${ageMinutes} min ago (${last.createdAt})`,
    point === ""
      ? `state restored: revision ${last.lastRevision}; what was written after it is lost`
      : `state restored: ${point}; everything after it is lost`,
    `members: ${names.join(", ")}, each about ${formatBytes(size)}, below ${dataDir}`,
  ];
}

async function writeDropIn(folder: string, { name, commandLine }: RestoreReport): Promise<void> {
  if (folder === "") return;
  const path = join(folder, `${name}.conf`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `[Service]\nExecStart=\nExecStart=/usr/bin/${commandLine.replaceAll("%", "%%")}\n`);
}
