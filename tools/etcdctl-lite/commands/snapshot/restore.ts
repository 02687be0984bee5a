/** `snapshot restore`: data directories for etcd, of one member or of all members at once. */
import { join } from "node:path";
import type { RestoreReport } from "keelson/backup";
import type { Command } from "../../cli/command.ts";
import { badArguments, CliFailure, exitCodes } from "../../cli/failure.ts";
import { progressBar } from "../../cli/progress-bar.ts";

export const command: Command = {
  usage: "<filename> --data-dir {output dir} [options]",
  about: [
    "By default the restored cluster gets a new token and a revision far ahead of the old one, with everything before it",
    "marked as compacted, so that no client mistakes the restored history for the old one. --bump-revision=0 keeps both.",
  ].join("\n"),
  flags: [
    {
      name: "all-members",
      type: "switch",
      summary: "one directory for each member of --initial-cluster, below --data-dir",
    },
    {
      name: "bump-revision",
      type: "integer",
      fallback: "1000000000",
      summary: "how far the revision jumps ahead; 0: not at all",
    },
    {
      name: "clear-downgrade",
      type: "switch",
      summary: "drop a downgrade that was enabled when the snapshot was taken (etcd 3.6)",
    },
    { name: "data-dir", type: "text", summary: "path to the output data directory" },
    { name: "initial-advertise-peer-urls", type: "text", summary: "the member's peer URLs" },
    { name: "initial-cluster", type: "text", summary: "m1=http://host1:2380,m2=…" },
    { name: "initial-cluster-token", type: "text", summary: "default: a new one for each restore" },
    {
      name: "initial-memory-map-size",
      type: "integer",
      summary: "accepted for scripts of etcdutl; no memory map is used",
    },
    {
      name: "mark-compacted",
      type: "switch",
      summary: "accepted: a bump always marks earlier revisions as compacted",
    },
    { name: "name", type: "text", fallback: "default", summary: "human-readable name for this member" },
    {
      name: "skip-hash-check",
      type: "switch",
      summary: "accept a database without its hash, such as member/snap/db of a stopped member",
    },
    { name: "to-revision", type: "integer", summary: "the state of this revision (default: the last)" },
    { name: "wal-dir", type: "text", summary: "path to the WAL directory (default: within --data-dir)" },
  ],
  examples: [
    ["snapshot restore backup.db --data-dir new.etcd", "one member"],
    ["snapshot restore backup.db --data-dir new.etcd --to-revision 4711", "as it was before a mistake"],
  ],
  async run(session) {
    const { flags, io } = session;
    const [path] = session.args;
    if (path === undefined || session.args.length !== 1)
      throw badArguments("snapshot restore requires exactly one argument");
    const dataDir = flags.text("data-dir") || `${flags.text("name")}.etcd`;
    const bump = flags.integer("bump-revision");
    const toRevision = flags.integer("to-revision");
    const text = (name: string): string | undefined => flags.text(name) || undefined;
    const initialCluster = text("initial-cluster");
    const common = {
      initialCluster,
      initialClusterToken: text("initial-cluster-token"),
      toRevision: toRevision === 0n ? undefined : toRevision.toString(),
      bumpRevision: bump === 0n ? (false as const) : bump,
      skipHashCheck: flags.on("skip-hash-check"),
      clearDowngrade: flags.on("clear-downgrade"),
      signal: io.signal,
    };
    const { restoreCluster, restoreSnapshot } = await import("keelson/backup");
    using bar = progressBar(io.stderr);
    let reports: readonly RestoreReport[];
    const walDir = text("wal-dir");
    if (flags.on("all-members")) {
      if (walDir !== undefined) throw badArguments("--wal-dir is of one member: leave --all-members out");
      if (initialCluster === undefined) throw badArguments("--all-members needs --initial-cluster");
      const names = new Set(initialCluster.split(",").map((member) => member.split("=")[0] ?? ""));
      const dataDirs = Object.fromEntries([...names].map((name) => [name, join(dataDir, name)]));
      reports = await restoreCluster(path, { ...common, initialCluster, dataDirs, onProgress: bar.show });
    } else {
      const name = flags.text("name");
      if (
        initialCluster !== undefined &&
        !initialCluster.split(",").some((member) => member.startsWith(`${name}=`))
      ) {
        throw new CliFailure(
          exitCodes.error,
          `couldn't find local name "${name}" in the initial cluster configuration`,
        );
      }
      const initialAdvertisePeerUrls = text("initial-advertise-peer-urls");
      const member = { name, dataDir, walDir, initialAdvertisePeerUrls, onProgress: bar.show };
      reports = [await restoreSnapshot(path, { ...common, ...member })];
    }
    bar.clear();
    const [{ downgradeTarget } = { downgradeTarget: undefined }] = reports;
    if (downgradeTarget !== undefined) {
      session.warn(
        `the restored cluster comes up with a downgrade to ${downgradeTarget} enabled, as it was when the snapshot was taken: cancel it, or restore with --clear-downgrade`,
      );
    }
    for (const report of reports) {
      session.line(
        `restored ${report.name} at revision ${report.toRevision} into ${report.dataDir}; start it with:`,
      );
      session.line(`  ${report.commandLine}`);
    }
  },
};
