/** `restore objects --to-manifests`: objects of a backup as YAML for `kubectl apply`, without touching any etcd. */
import type { AnyResource } from "keelson";
import { CliFailure, exitCodes } from "../../cli/failure.ts";
import type { Session } from "../../cli/session.ts";
import { causeOf } from "../../cli/told.ts";
import { type Manifest, madeBy, manifestOf, writeManifests } from "../../cluster/manifests.ts";
import { openBackupSource } from "../../store/backup-source.ts";
import { askedOf } from "./direct.ts";

export async function restoreToManifests(session: Session): Promise<void> {
  await using backup = await openBackupSource(session);
  const { wanted } = await askedOf(session, backup, "all");
  for (const { key, error } of wanted.failed) session.io.stderr.write(`${key}: ${causeOf(error)}\n`);
  const objects = wanted.wanted.flatMap(({ object }) => (object === undefined ? [] : [object]));
  await toManifests(session, objects);
  if (wanted.failed.length > 0) {
    throw new CliFailure(
      exitCodes.error,
      `${wanted.failed.length} objects could not be read, and have no manifest`,
      {
        hint: wanted.hint,
      },
    );
  }
}

/** Writes those that need one, and says which do not. */
export async function toManifests(session: Session, objects: readonly AnyResource[]): Promise<void> {
  const { flags, io } = session;
  const { kubernetesVersions } = await import("keelson/kubernetes");
  const version = flags.text("kubernetes-version") || undefined;
  const directory = flags.text("to-manifests");
  const made: Manifest[] = [];
  const leftOut = new Map<string, number>();
  for (const object of objects) {
    const why = madeBy(object);
    if (why !== undefined) {
      const line = `${object.kind}: ${why.replace(/ \S+ makes it again$/, "s make them again")}`;
      leftOut.set(line, (leftOut.get(line) ?? 0) + 1);
      continue;
    }
    const known = kubernetesVersions(object);
    const served = kubernetesVersions(object, { version });
    made.push(await manifestOf(object, served, known.length === 0));
  }
  if (!flags.on("dry-run")) await writeManifests(directory, made);
  for (const [line, count] of leftOut) io.stderr.write(`left out ${count} ${line}\n`);
  session.line(
    flags.on("dry-run")
      ? `${made.length} manifests would be written to ${directory}`
      : `${made.length} manifests in ${directory}: kubectl apply -f ${directory}`,
  );
}
