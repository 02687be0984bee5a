/** `--to-manifests`: objects as files for `kubectl apply`, and a report of those that need none. */
import type { AnyResource } from "keelson";
import type { Session } from "../cli/session.ts";
import { type Manifest, madeBy, manifestOf, writeManifests } from "./manifests.ts";

/** Writes manifests for objects that need one, and reports the others. */
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
