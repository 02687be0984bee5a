/**
 * `restore objects`: chosen objects of a backup, brought into a running store by the store's own writes. It shows what it
 * would change first, field by field; nothing is ever deleted.
 */
import { isStoreError, type KindRecord, type StoreRecords } from "keelson";
import type { ObjectRestoreReport, RestoreObjectsOptions } from "keelson/backup";
import type { Command } from "../../cli/command.ts";
import { badArguments, badFeature, CliFailure, exitCodes } from "../../cli/failure.ts";
import type { Flags } from "../../cli/flags.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import type { Session } from "../../cli/session.ts";
import { causeOf } from "../../cli/told.ts";
import {
  type BackupSource,
  backupSourceFlags,
  type KeyChoice,
  mergedRecords,
  openBackupSource,
} from "../../store/backup-source.ts";
import { encryptionKeys } from "../../store/encryption-keys.ts";
import { kindFor, recordNamed, resourceOf } from "../../store/known-kinds.ts";
import { openForReading, openForWriting, recordsOf, storeFlags } from "../../store/store-flags.ts";
import { painter } from "../../text/colour.ts";
import { objectDiff, restoreSummary } from "../../text/object-diff.ts";

const policies = ["skip", "overwrite", "fail"] as const;

export const command: Command = {
  usage: "--snapshot <file> | --repository <directory> [options]",
  about:
    "Objects that are not there are created, with a uid of their own; those that are the same are left alone; of those that\n" +
    "differ --conflict says what becomes. Quotas, namespaces, validation and encryption hold as for any client. On a terminal\n" +
    "it shows the difference and asks, unless --yes is given.",
  flags: [
    ...backupSourceFlags,
    {
      name: "conflict",
      type: "text",
      fallback: "skip",
      summary: "objects that differ: skip, overwrite, or fail before anything is written",
    },
    { name: "dry-run", type: "switch", summary: "show what would be done, and write nothing" },
    { name: "map", type: "list", summary: "restore into other namespaces: from=to, comma-separated" },
    { name: "name", type: "list", summary: "only objects of these names, comma-separated" },
    { name: "namespace", short: "n", type: "list", summary: "only these namespaces, comma-separated" },
    { name: "prefix", type: "text", summary: "only keys that begin so, e.g. /registry/pods/shop/" },
    {
      name: "resources",
      type: "list",
      summary: "only these, e.g. pods,deployments.apps (default: all on record)",
    },
    { name: "selector", short: "l", type: "text", summary: "only objects with these labels, e.g. app=web" },
    { name: "undo-file", type: "text", summary: 'a new file that "restore undo" takes it all back with' },
    ...storeFlags,
  ],
  examples: [
    ["restore objects --snapshot backup.db -n shop --dry-run", "what a namespace has lost or changed since"],
    [
      "restore objects --snapshot backup.db -n shop --map shop=shop-copy",
      "the namespace as a copy beside itself",
    ],
    [
      "restore objects --repository /backups/etcd --to-time 2026-01-31T12:00:00Z --resources configmaps --conflict overwrite --undo-file undo.json",
      "ConfigMaps as they were at noon, with a way back",
    ],
  ],
  async run(session) {
    const { flags, io } = session;
    const format = flags.text("write-out");
    if (format !== "simple" && format !== "json")
      throw badFeature(`${format} not supported as output format`);
    const choice = choiceOf(flags);
    const etcd = await session.connect();
    await using source = await openBackupSource(session);
    const records = mergedRecords(await recordsOf(session, etcd), source.records);
    const named = flags.list("resources").map((name) => recordNamed(name, "", records));
    const chosen = named.length > 0 ? named : records.kinds;
    if (chosen.length === 0) {
      throw new CliFailure(exitCodes.error, "neither the backup nor etcd has kinds of a store on record", {
        hint: "Check --registry, or name what to restore with --resources.",
      });
    }
    const kinds = await Promise.all((await touched(session, source, chosen, records, choice)).map(kindFor));
    const { restoreObjects } = await import("keelson/backup");
    using bar = progressBar(io.stderr);
    const options: RestoreObjectsOptions = { ...choice, kinds, onProgress: bar.show, signal: io.signal };
    const dryRun = flags.on("dry-run");
    if (dryRun || session.asks) {
      await using store = await openForReading(session, etcd, kinds);
      const plan = await restoreObjects(source.from, store, { ...options, dryRun: true });
      bar.clear();
      show(session, plan, "planned");
      if (dryRun || plan.created + plan.overwritten === 0) return failed(plan);
      await session.confirm(`This creates ${plan.created} objects and overwrites ${plan.overwritten}.`);
    }
    await using store = await openForWriting(session, etcd, { kinds, records });
    const undoPath = flags.text("undo-file") || undefined;
    try {
      const report = await restoreObjects(source.from, store, { ...options, undoPath });
      bar.clear();
      show(session, report, "done");
      return failed(report);
    } catch (error) {
      if (!isStoreError(error, "CONFLICT")) throw error;
      throw new CliFailure(exitCodes.error, `${error.message}; nothing was written`, {
        cause: error,
        hint: "See the differences with --dry-run, then choose --conflict skip or overwrite.",
      });
    }
  },
};

/** The kinds of which keys are needed: not those that are sealed under none given and have nothing that is to be restored. */
async function touched(
  session: Session,
  source: BackupSource,
  chosen: readonly KindRecord[],
  { sealing }: StoreRecords,
  choice: KeyChoice,
): Promise<readonly KindRecord[]> {
  const keys = await encryptionKeys(session);
  const isTouched = await Promise.all(
    chosen.map((record) => {
      const ids = sealing.get(resourceOf(record)) ?? [];
      const isReadable = ids.length === 0 || ids.some((id) => keys?.ids.includes(id));
      return isReadable || source.has(record, choice);
    }),
  );
  return chosen.filter((_, at) => isTouched[at]);
}

function choiceOf(flags: Flags): Omit<RestoreObjectsOptions, "kinds"> {
  const conflict = policies.find((policy) => policy === flags.text("conflict"));
  if (conflict === undefined) throw badArguments(`--conflict is one of ${policies.join(", ")}`);
  const mapping = flags.list("map").map((pair) => /^([^=]+)=([^=]+)$/.exec(pair));
  if (mapping.includes(null)) throw badArguments("--map needs pairs of namespaces such as shop=shop-copy");
  const listed = (name: string): readonly string[] | undefined =>
    flags.list(name).length === 0 ? undefined : flags.list(name);
  return {
    conflict,
    namespaces: listed("namespace"),
    names: listed("name"),
    labelSelector: flags.text("selector") || undefined,
    keyPrefix: flags.text("prefix") || undefined,
    namespaceMapping: Object.fromEntries(mapping.map((pair) => [pair?.[1] ?? "", pair?.[2] ?? ""])),
  };
}

function show({ flags, io }: Session, report: ObjectRestoreReport, done: "done" | "planned"): void {
  for (const { key, error } of report.failed) io.stderr.write(`${key}: ${causeOf(error)}\n`);
  if (flags.text("write-out") === "json") {
    const { created, overwritten, skipped, unchanged, diff } = report;
    const failures = report.failed.map(({ key, error }) => ({ key, error: causeOf(error) }));
    io.stdout.write(
      `${JSON.stringify({ created, overwritten, skipped, unchanged, failed: failures, diff })}\n`,
    );
    return;
  }
  io.stdout.write(objectDiff(report.diff, painter(io.stdout, io.env)));
  io.stdout.write(`${restoreSummary(report, done)}\n`);
}

function failed({ failed: failures }: ObjectRestoreReport): void {
  if (failures.length === 0) return;
  const what = failures.length === 1 ? "1 object" : `${failures.length} objects`;
  const sealed = failures.some(({ error }) => /is encrypted under key/.test(causeOf(error)));
  const homeless = failures.some(({ error }) => isStoreError(error, "NAMESPACE_NOT_FOUND"));
  const hint = sealed
    ? "Give the keys with --keys-file."
    : homeless
      ? "Restore the namespaces too (--resources namespaces,…), or create them."
      : undefined;
  throw new CliFailure(exitCodes.error, `${what} could not be restored`, hint === undefined ? {} : { hint });
}
