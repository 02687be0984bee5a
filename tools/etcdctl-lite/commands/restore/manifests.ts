/** `restore objects --to-manifests`: objects of a backup as YAML for `kubectl apply`, without any etcd. */

import { CliFailure, exitCodes } from "../../cli/failure.ts";
import { causeOf } from "../../cli/failure-text.ts";
import type { Session } from "../../cli/session.ts";
import { toManifests } from "../../cluster/to-manifests.ts";
import { openBackupSource } from "../../store/backup-source.ts";
import { counted } from "../../text/counted.ts";
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
      `${counted(wanted.failed.length, "object")} could not be read: no manifest`,
      {
        hint: wanted.hint,
      },
    );
  }
}
