/** The version of a key to bring back after a deletion: the last one before it, from a running etcd or a snapshot file. */
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { systemClock } from "../../base/time/clock.ts";
import { StoreError } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import { type OpenSnapshotOptions, openSnapshotNames } from "../database/snapshot-file.ts";
import { eventVersion, history, type KeyVersion } from "./history.ts";
import { liveHistory } from "./live-history.ts";

/** A key's last version before its deletion. */
export interface DeletedVersion {
  /** The last put before the deletion, with its value. */
  readonly version: KeyVersion & {
    /** The value. */
    readonly value: Uint8Array;
  };
  /** Revision of the deletion, decimal; undefined: in the snapshot the key is still there. */
  readonly deletedAt: string | undefined;
}

/**
 * The last version of a key before its deletion, from a running etcd or a snapshot file.
 * @throws ALREADY_EXISTS when a running etcd has the key; EXPIRED, with the compacted revision, when its history does
 * not go back to the deletion; NOT_FOUND when the key was never there
 */
export async function deletedVersion(
  from: string | Etcd,
  key: string,
  options: OpenSnapshotOptions & Call = {},
): Promise<DeletedVersion> {
  checkOptions(options, "look for a deleted version", { ...callNames, ...openSnapshotNames });
  if (typeof from === "string") return fromFile(from, key, options);
  using scope = new CallScope(options, systemClock, `look for "${key}" as it was before its deletion`);
  const { events, compacted } = await liveHistory(from, key, scope.signal);
  const last = events.at(-1);
  if (last === undefined && compacted > 0n) throw compactedAway(key, compacted);
  if (last === undefined) {
    throw new StoreError("NOT_FOUND", `Cannot bring back "${key}": it was never there`, { key });
  }
  if (last.type === "put") {
    const { modRevision } = last.kv;
    throw new StoreError(
      "ALREADY_EXISTS",
      `Cannot bring back "${key}": it is there, since revision ${modRevision}`,
      { key },
    );
  }
  const before = events.at(-2);
  const put = before?.type === "put" ? before : last.prevKv && ({ type: "put", kv: last.prevKv } as const);
  if (put === undefined) throw compactedAway(key, compacted);
  return {
    version: { ...eventVersion(put), value: put.kv.value },
    deletedAt: last.kv.modRevision.toString(),
  };
}

async function fromFile(
  path: string,
  key: string,
  options: OpenSnapshotOptions & Call,
): Promise<DeletedVersion> {
  const versions = await history(path, key, options);
  const last = versions.at(-1);
  const version = versions.findLast(({ type }) => type === "put");
  if (version?.value === undefined) {
    throw new StoreError("NOT_FOUND", `Cannot bring back "${key}": it is not in snapshot "${path}"`, { key });
  }
  return {
    version: { ...version, value: version.value },
    deletedAt: last?.type === "delete" ? last.revision : undefined,
  };
}

const compactedAway = (key: string, compacted: bigint): StoreError<"EXPIRED"> =>
  new StoreError(
    "EXPIRED",
    `Cannot bring back "${key}": no deletion of it is on record, and etcd's history is compacted up to ${compacted}`,
    { key, compacted: compacted.toString(), reason: "compacted" },
  );
