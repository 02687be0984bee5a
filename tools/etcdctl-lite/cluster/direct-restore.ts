/**
 * Restores values of a backup into a running etcd byte for byte, bypassing every program above it. uid, owner
 * references and encryption stay unchanged, because a running kube-apiserver and its controllers rely on them.
 *
 *   not there       put, if it still is not
 *   the same        left alone: the same bytes, or the same object encrypted again
 *   different       "skip", "overwrite" if it has not changed since it was looked at, or "fail" before anything is written
 *
 * A key with a lease gets a new lease of an hour, as kube-apiserver gives events. Nothing is ever deleted.
 */
import type { AnyResource } from "keelson";
import type { FieldChange, ObjectDiff, StoredKey } from "keelson/backup";
import type { Etcd } from "keelson/etcd";
import type { Session } from "../cli/session.ts";
import type { PlacedKey } from "../store/kind-catalogue.ts";
import { resourceOf } from "../store/known-kinds.ts";
import type { ValueReader } from "../store/value-reader.ts";

/** One requested key of the backup. */
export interface WantedKey {
  readonly stored: StoredKey;
  /** Undefined: the key has no known kind; it is restored anyway. */
  readonly place: PlacedKey | undefined;
}

export interface DirectPlan {
  readonly steps: readonly DirectStep[];
  readonly diff: readonly ObjectDiff[];
  readonly created: number;
  readonly overwritten: number;
  readonly skipped: number;
  readonly unchanged: number;
  readonly failed: readonly { readonly key: string; readonly error: unknown }[];
}

interface DirectStep {
  readonly wanted: WantedKey;
  readonly action: "create" | "overwrite";
  /** Revision of the key when it was planned; 0: it did not exist. */
  readonly modRevision: bigint;
  /** The overwritten value, for undo. */
  readonly before: Uint8Array | undefined;
}

/** kube-apiserver's --event-ttl. */
const leaseSeconds = 3600;

/** Reads etcd and writes nothing. */
export async function planDirect(
  session: Session,
  facts: {
    readonly etcd: Etcd;
    readonly reader: ValueReader;
    readonly wanted: readonly WantedKey[];
    readonly conflict: "skip" | "overwrite" | "fail";
  },
): Promise<DirectPlan> {
  const { etcd, reader, wanted, conflict } = facts;
  const steps: DirectStep[] = [];
  const diff: ObjectDiff[] = [];
  let [skipped, unchanged] = [0, 0];
  for (const one of wanted) {
    const { kvs } = await etcd.kv.range({ key: one.stored.key }, session.call);
    const live = kvs[0];
    if (live === undefined) {
      steps.push({ wanted: one, action: "create", modRevision: 0n, before: undefined });
      diff.push(lineOf(one, "create", []));
      continue;
    }
    const changes = await changesOf(reader, one.stored, live.value);
    if (changes.length === 0) {
      unchanged++;
    } else if (conflict === "overwrite") {
      steps.push({ wanted: one, action: "overwrite", modRevision: live.modRevision, before: live.value });
      diff.push(lineOf(one, "overwrite", changes));
    } else {
      skipped++;
      diff.push(lineOf(one, conflict === "fail" ? "conflict" : "skip", changes));
    }
  }
  const created = steps.filter(({ action }) => action === "create").length;
  return { steps, diff, created, overwritten: steps.length - created, skipped, unchanged, failed: [] };
}

/** Writes the plan, each key only if it has not changed since. */
export async function writeDirect(session: Session, etcd: Etcd, plan: DirectPlan): Promise<DirectPlan> {
  const failed: { key: string; error: unknown }[] = [];
  let [created, overwritten] = [0, 0];
  let lease: bigint | undefined;
  for (const { wanted, action, modRevision } of plan.steps) {
    const { key, value, lease: leased } = wanted.stored;
    if (leased !== "0") lease ??= (await etcd.leases.grant({ ttlSeconds: leaseSeconds }, session.call)).id;
    const { succeeded } = await etcd.kv.txn(
      {
        compare: [{ key, target: "mod", result: "=", operand: modRevision }],
        success: [{ type: "put", put: { key, value, ...(leased === "0" ? {} : { lease }) } }],
        failure: [],
      },
      session.call,
    );
    if (!succeeded) {
      const error = new Error("somebody else has changed it since, and it is left as it is");
      failed.push({ key: Buffer.from(key).toString(), error });
    } else if (action === "create") created++;
    else overwritten++;
  }
  return { ...plan, created, overwritten, failed: [...plan.failed, ...failed] };
}

/** Compares field by field if both are objects; encryption and version alone make no difference. */
async function changesOf(
  reader: ValueReader,
  { key, value }: StoredKey,
  live: Uint8Array,
): Promise<readonly FieldChange[]> {
  if (Buffer.compare(value, live) === 0) return [];
  const { changesBetween } = await import("keelson/backup");
  const name = Buffer.from(key).toString();
  const [was, is] = [await objectOf(reader, name, value), await objectOf(reader, name, live)];
  if (was !== undefined && is !== undefined) return changesBetween(is, was);
  return [{ path: "bytes", from: live.length, to: value.length }];
}

async function objectOf(
  reader: ValueReader,
  key: string,
  value: Uint8Array,
): Promise<AnyResource | undefined> {
  const { isStoreError } = await import("keelson");
  try {
    const read = await reader.peek(key, value);
    return "foreign" in read ? undefined : read.object;
  } catch (error) {
    // Bytes that cannot be opened here are restored unchanged.
    if (isStoreError(error, "CORRUPT_OBJECT")) return undefined;
    throw error;
  }
}

function lineOf(
  { place, stored }: WantedKey,
  action: ObjectDiff["action"],
  changes: readonly FieldChange[],
): ObjectDiff {
  if (place === undefined)
    return { action, resource: "key", name: Buffer.from(stored.key).toString(), changes };
  const { kind, namespace, name } = place;
  return {
    action,
    resource: resourceOf(kind),
    ...(namespace === undefined ? {} : { namespace }),
    name,
    changes,
  };
}
