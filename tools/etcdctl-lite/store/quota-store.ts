/**
 * A store for commands about quotas. It counts every kind on record by itself, so none has to be opened but namespaces, and
 * only keys are needed of kinds whose objects a quota has to look into.
 */
import type { Store } from "keelson";
import type { Transform } from "keelson/codec";
import type { Session } from "../cli/session.ts";
import { encryptionKeys } from "./encryption-keys.ts";
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

/** What a quota could not look into, as a line for people; undefined for nothing. */
export function unreadLine(objects: number): string | undefined {
  if (objects === 0) return undefined;
  const what = objects === 1 ? "1 object is" : `${objects} objects are`;
  return `${what} counted by key and size alone, because they cannot be read here: give their keys with --keys-file and run quota reconcile`;
}
