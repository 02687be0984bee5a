/**
 * A store for commands about quotas. It counts every recorded kind itself, so only namespaces must be opened, and
 * encryption keys are needed only for kinds whose objects a quota decodes.
 */
import type { Store } from "keelson";
import type { Transform } from "keelson/codec";
import { badArguments } from "../cli/failure.ts";
import { nearest } from "../cli/flags.ts";
import type { Session } from "../cli/session.ts";
import { encryptionKeys } from "./encryption-keys.ts";
import { resourceOf } from "./known-kinds.ts";
import { openForWriting, recordsOf } from "./store-flags.ts";

export async function openForQuotas(session: Session): Promise<Store> {
  const etcd = await session.connect();
  const records = await recordsOf(session, etcd);
  const keys = await encryptionKeys(session);
  const others: Record<string, Transform> = {};
  for (const [resource, ids] of records.sealing) {
    const first = keys?.ids.find((id) => ids.includes(id));
    if (keys !== undefined && first !== undefined) others[resource] = await keys.transform("migrate", first);
  }
  return openForWriting(session, etcd, { kinds: [], records, transforms: others });
}

const countPrefix = "count/";

/**
 * @throws CliFailure for a count of a resource that neither a store has recorded nor Kubernetes has: nothing would be
 * counted
 */
export async function refuseUnknownCounts(session: Session, names: readonly string[]): Promise<void> {
  const counted = names.flatMap((name) =>
    name.startsWith(countPrefix) ? [name.slice(countPrefix.length)] : [],
  );
  if (counted.length === 0) return;
  const { kinds } = await recordsOf(session, await session.connect());
  const { kubernetesKinds } = await import("keelson/kubernetes");
  const onRecord = kinds.map(resourceOf);
  const known = [...new Set([...onRecord, ...kubernetesKinds().map(resourceOf)])];
  for (const resource of counted) {
    // A store's own pods.example.com takes precedence over Kubernetes' pods, which this store does not have.
    const grouped = onRecord.includes(resource)
      ? undefined
      : onRecord.find((other) => other.startsWith(`${resource}.`));
    if (known.includes(resource) && grouped === undefined) continue;
    const near = grouped ?? nearest(resource, known);
    throw badArguments(
      `${countPrefix}${resource} counts nothing: no resource ${JSON.stringify(resource)} is on record${near === undefined ? "" : `; did you mean ${countPrefix}${near}?`} Give --force to set it all the same`,
    );
  }
}

/** The objects that a quota could not read, as a line for people; undefined if there are none. */
export function unreadLine(objects: number): string | undefined {
  if (objects === 0) return undefined;
  const what = objects === 1 ? "1 object is" : `${objects} objects are`;
  return `${what} counted by key and size alone, because they cannot be read here: give their keys with --keys-file and run quota reconcile`;
}
