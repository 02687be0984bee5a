/**
 * `restore objects` into a Kubernetes cluster's etcd: byte for byte, with a warning about the checks that this
 * bypasses.
 */

import type { Etcd } from "keelson/etcd";
import { badArguments, CliFailure, exitCodes } from "../../cli/failure.ts";
import type { Session } from "../../cli/session.ts";
import { type DirectPlan, planDirect, writeDirect } from "../../cluster/direct-restore.ts";
import { writeDirectUndo } from "../../cluster/undo-file.ts";
import { type WantedKeys, wantedKeys } from "../../cluster/wanted-keys.ts";
import { type BackupSource, sourceOfBackup } from "../../store/backup-source.ts";
import { type KeySource, registryPrefix } from "../../store/key-source.ts";
import { type KindCatalogue, kindCatalogue } from "../../store/kind-catalogue.ts";
import { resourceOf } from "../../store/known-kinds.ts";
import { type ValueReader, valueReader } from "../../store/value-reader.ts";
import { counted } from "../../text/counted.ts";
import { showRestore } from "./show-restore.ts";

/** The objects that the flags select in a backup, with their reader. */
export interface AskedBackup {
  readonly source: KeySource;
  readonly reader: ValueReader;
  readonly catalogue: KindCatalogue;
  readonly wanted: WantedKeys;
}

/** @throws CliFailure when the backup has no object of the kind */
export async function askedOf(
  session: Session,
  backup: BackupSource,
  decode: "labels" | "all",
): Promise<AskedBackup> {
  const { flags } = session;
  const source = await sourceOfBackup(session, backup);
  const reader = await valueReader(session, source.of);
  const catalogue = await kindCatalogue(session, source, reader);
  const names = flags.list("resources");
  if (names.length === 0 && flags.text("kind") !== "")
    throw badArguments("--kind says what --resources are: name one there");
  const kinds = names.flatMap((name) => catalogue.named(name, flags.text("kind")));
  const wanted = await wantedKeys(session, {
    source,
    reader,
    catalogue,
    decode,
    choice: {
      kinds,
      namespaces: flags.list("namespace"),
      names: flags.list("name"),
      prefix: flags.text("prefix"),
      labels: flags.text("selector"),
    },
  });
  if (wanted.wanted.length === 0 && wanted.failed.length === 0) {
    const what = kinds.length === 0 ? "objects" : kinds.map(resourceOf).join(", ");
    throw new CliFailure(exitCodes.error, `the backup has no ${what} that were asked for`, {
      hint: `"etcdctl-lite resources list --from ${backup.file}" shows what is in it.`,
    });
  }
  return { source, reader, catalogue, wanted };
}

export async function restoreDirectly(
  session: Session,
  etcd: Etcd,
  backup: BackupSource,
  conflict: "skip" | "overwrite" | "fail",
): Promise<void> {
  const { flags, io } = session;
  if (flags.list("map").length > 0) {
    throw badArguments(
      "--map changes objects, and byte for byte they stay what they were: use --to-manifests, and change those",
    );
  }
  const { reader, wanted } = await askedOf(session, backup, "labels");
  const planned = await planDirect(session, { etcd, reader, wanted: wanted.wanted, conflict });
  const homeless = await withoutNamespace(session, etcd, planned);
  const plan: DirectPlan = { ...planned, failed: [...wanted.failed, ...homeless] };
  const conflicts = plan.diff.filter(({ action }) => action === "conflict").length;
  const dryRun = flags.on("dry-run");
  if (dryRun || session.asks) showRestore(session, plan, "planned");
  if (conflicts > 0 && !dryRun) {
    throw new CliFailure(
      exitCodes.error,
      `${counted(conflicts, "object differs", "objects differ")} from what is live; nothing was written`,
      {
        hint: "See the differences with --dry-run, then choose --conflict skip or overwrite.",
      },
    );
  }
  if (homeless.length > 0) {
    if (!session.asks && !dryRun)
      showRestore(session, { ...plan, created: 0, overwritten: 0, diff: [] }, "done");
    throw new CliFailure(
      exitCodes.error,
      `${counted(homeless.length, "object has", "objects have")} no namespace to go to; nothing was written`,
      {
        hint: "Restore the namespaces too (without --resources, or with namespaces among them), or create them.",
      },
    );
  }
  if (dryRun || plan.steps.length === 0) {
    if (!dryRun && !session.asks) showRestore(session, plan, "done");
    return refuseFailed(wanted);
  }
  const undo = flags.text("undo-file");
  io.stderr.write(
    "Straight into etcd: admission, validation, quotas and the allocation of IPs and ports do not see it. uid, owners and\n" +
      "encryption stay as they were; a running kube-apiserver shows the objects at once. --to-manifests is the way through it.\n",
  );
  await session.confirm(`This puts ${counted(plan.created, "key")} and overwrites ${plan.overwritten}.`);
  if (undo !== "") await writeDirectUndo(undo, plan);
  const done = await writeDirect(session, etcd, plan);
  showRestore(session, done, "done");
  const lost = done.failed.length - plan.failed.length;
  if (lost > 0)
    throw new CliFailure(
      exitCodes.error,
      `${counted(lost, "key was", "keys were")} changed by somebody else, and left alone`,
    );
  refuseFailed(wanted);
}

function refuseFailed({ failed, hint }: WantedKeys): void {
  if (failed.length === 0) return;
  const what = counted(failed.length, "object");
  throw new CliFailure(exitCodes.error, `${what} could not be restored`, { hint });
}

/** Objects of a namespace that neither exists nor is restored: no controller would ever see them. */
async function withoutNamespace(
  session: Session,
  etcd: Etcd,
  { steps }: DirectPlan,
): Promise<readonly { readonly key: string; readonly error: unknown }[]> {
  const registry = registryPrefix(session);
  const coming = new Set(
    steps.flatMap(({ wanted: { place } }) =>
      place !== undefined && resourceOf(place.kind) === "namespaces" ? [place.name] : [],
    ),
  );
  const there = new Map<string, boolean>();
  const homeless: { key: string; error: unknown }[] = [];
  for (const { wanted } of steps) {
    const namespace = wanted.place?.namespace;
    if (namespace === undefined || coming.has(namespace)) continue;
    let isThere = there.get(namespace);
    if (isThere === undefined) {
      const key = `${registry}namespaces/${namespace}`;
      isThere = (await etcd.kv.range({ key, countOnly: true }, session.call)).count > 0n;
      there.set(namespace, isThere);
    }
    if (isThere) continue;
    const error = new Error(`there is no namespace ${JSON.stringify(namespace)}`);
    homeless.push({ key: Buffer.from(wanted.stored.key).toString(), error });
  }
  return homeless;
}
