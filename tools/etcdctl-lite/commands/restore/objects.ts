/**
 * `restore objects`: shows selected objects of a backup field by field, and restores them in one of three ways. It
 * never deletes anything.
 *
 *   a store of keelson      by the store's own writes (here)
 *   a Kubernetes cluster    byte for byte into etcd (direct.ts), or as manifests for `kubectl apply` (manifests.ts)
 */

import { isStoreError, type KindRecord, type StoreRecords } from "keelson";
import type { RestoreObjectsOptions } from "keelson/backup";
import type { Etcd } from "keelson/etcd";
import type { Command } from "../../cli/command.ts";
import { badArguments, badFeature, CliFailure, exitCodes } from "../../cli/failure.ts";
import { causeOf } from "../../cli/failure-text.ts";
import type { Flags } from "../../cli/flags.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import type { Session } from "../../cli/session.ts";
import {
  type BackupSource,
  backupSourceFlags,
  type KeyChoice,
  mergedRecords,
  openBackupSource,
  sourceOfBackup,
} from "../../store/backup-source.ts";
import { encryptionKeys } from "../../store/encryption-keys.ts";
import { kindCatalogue } from "../../store/kind-catalogue.ts";
import { kindFlag, kindFor, resourceOf } from "../../store/known-kinds.ts";
import { openForReading, openForWriting, recordsOf, storeFlags } from "../../store/store-flags.ts";
import { valueReader } from "../../store/value-reader.ts";
import { counted } from "../../text/counted.ts";
import { type ShownReport, showRestore } from "./show-restore.ts";

const policies = ["skip", "overwrite", "fail"] as const;

export const command: Command = {
  usage: "--snapshot <file> | --repository <directory> [options]",
  about: [
    "Creates missing objects and leaves identical ones alone; --conflict decides about objects that differ. In a store of",
    "keelson, quotas, namespaces, validation and encryption apply as for any client. In a Kubernetes cluster, objects are",
    "written as manifests for kubectl with --to-manifests, or directly into etcd, byte for byte, bypassing",
    "kube-apiserver. On a terminal it shows the difference and asks, unless --yes is given.",
  ].join("\n"),
  flags: [
    ...backupSourceFlags,
    {
      name: "conflict",
      type: "text",
      fallback: "skip",
      summary: "objects that differ: skip, overwrite, or fail before anything is written",
    },
    { name: "direct", type: "switch", summary: "byte for byte, past the store of keelson that is there" },
    { name: "dry-run", type: "switch", summary: "show what would be done, and write nothing" },
    kindFlag,
    {
      name: "kubernetes-version",
      type: "text",
      summary: "release that --to-manifests is for, e.g. 1.20 (default: the newest known)",
    },
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
    {
      name: "to-manifests",
      type: "text",
      summary: "a new directory of YAML for kubectl apply, instead of writing into etcd",
    },
    { name: "undo-file", type: "text", summary: 'a new file that "restore undo" takes it all back with' },
    ...storeFlags,
  ],
  examples: [
    [
      "restore objects --snapshot backup.db -n shop --dry-run",
      "losses and changes of a namespace since the backup",
    ],
    [
      "restore objects --snapshot backup.db -n shop --map shop=shop-copy",
      "the namespace as a copy beside itself",
    ],
    [
      "restore objects --snapshot backup.db -n shop --to-manifests shop/",
      "of a Kubernetes cluster: then kubectl apply -f shop/",
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
    if (flags.text("to-manifests") !== "") {
      return asManifests(session);
    }
    const etcd = await session.connect();
    await using source = await openBackupSource(session);
    const records = mergedRecords(await recordsOf(session, etcd), source.records);
    const chosen = await chosenRecords(session, source, records);
    if (chosen === undefined) {
      return await directly(session, etcd, source, choice.conflict);
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
      showRestore(session, plan, "planned");
      if (dryRun || plan.created + plan.overwritten === 0) return failed(plan);
      await session.confirm(
        `This creates ${counted(plan.created, "object")} and overwrites ${plan.overwritten}.`,
      );
    }
    await using store = await openForWriting(session, etcd, { kinds, records });
    const undoPath = flags.text("undo-file") || undefined;
    try {
      const report = await restoreObjects(source.from, store, { ...options, undoPath });
      bar.clear();
      showRestore(session, report, "done");
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

// Loaded on demand, but not inside run(): the compiler does not rewrite module names next to "await using".
async function asManifests(session: Session): Promise<void> {
  return (await import("./manifests.ts")).restoreToManifests(session);
}

async function directly(
  session: Session,
  etcd: Etcd,
  source: BackupSource,
  conflict: RestoreObjectsOptions["conflict"],
): Promise<void> {
  return (await import("./direct.ts")).restoreDirectly(session, etcd, source, conflict);
}

/** The kinds that need encryption keys: not those without a given key and without objects to restore. */
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

/** The kinds to restore by a store's own writes; undefined: no store has them, and they are restored directly. */
async function chosenRecords(
  session: Session,
  source: BackupSource,
  records: StoreRecords,
): Promise<readonly KindRecord[] | undefined> {
  const { flags } = session;
  if (flags.on("direct") || records.kinds.length === 0) return undefined;
  const names = flags.list("resources");
  if (names.length === 0) return records.kinds;
  const keys = await sourceOfBackup(session, source);
  const catalogue = await kindCatalogue(session, keys, await valueReader(session, keys.of), records.kinds);
  const named = names.flatMap((name) => catalogue.named(name, flags.text("kind")));
  if (named.every(({ origin }) => origin === "store" || origin === "flag")) return named;
  const others = named.filter(({ origin }) => origin !== "store").map(resourceOf);
  throw new CliFailure(
    exitCodes.error,
    `${others.join(", ")} are not on record of the store of keelson that is there`,
    {
      hint: "Restore them by themselves with --direct, byte for byte, or with --to-manifests.",
    },
  );
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

function failed({ failed: failures }: ShownReport): void {
  if (failures.length === 0) return;
  const what = counted(failures.length, "object");
  const sealed = failures.some(({ error }) => /is encrypted under key/.test(causeOf(error)));
  const homeless = failures.some(({ error }) => isStoreError(error, "NAMESPACE_NOT_FOUND"));
  const hint = sealed
    ? "Give the keys with --keys-file."
    : homeless
      ? "Restore the namespaces too (--resources namespaces,…), or create them."
      : failures.some(({ error }) => isStoreError(error, "QUOTA_EXCEEDED"))
        ? "Raise the limit (quota set); where keys were removed past the store, run quota reconcile first."
        : undefined;
  throw new CliFailure(exitCodes.error, `${what} could not be restored`, hint === undefined ? {} : { hint });
}
