/**
 * Single objects at each freshness.
 *
 *   linearizable   one read after the call, shared by concurrent callers
 *   any            the responding member's own state
 *   notOlderThan   linearizable, once the store has reached the version
 *   exact          the state at that version, also a past one
 */
import type { CallScope } from "../../base/call.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { Key } from "../../resource/model/resource.ts";
import type { Freshness } from "../../resource/options/read-options.ts";
import { awaitRevision } from "../context/freshness.ts";
import type { GotKey } from "../context/grouped-gets.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { openValue } from "../context/records.ts";
import type { StoredRecord } from "../seam/stored.ts";

/** An object's checked etcd key and coordinates. */
export interface Place {
  readonly key: string;
  readonly at: Key;
}

/** @throws INVALID_ARGUMENT for a key that the kind cannot have */
export function placeOf(handle: KindHandle, at: Key): Place {
  const key = handle.context.keys.object(handle.definition, at);
  const { namespace, name } = at;
  return { key, at: namespace === undefined ? { name } : { namespace, name } };
}

export interface ReadState {
  /** Undefined: the object does not exist at `revision`. */
  readonly record: StoredRecord | undefined;
  readonly revision: bigint;
}

/** The live state of one object, kept among the recent states. @throws UNAVAILABLE, DEADLINE, … */
export async function readLive(handle: KindHandle, { key, at }: Place, scope: CallScope): Promise<ReadState> {
  const { context } = handle;
  scope.throwIfEnded();
  const got = await untilAborted(context.linearizableGets.get(key), scope.signal);
  const state = await stateOf(handle, { key, at }, got);
  if (state.record === undefined) context.recent.forget(key, state.revision);
  else context.recent.keep(state.record);
  return state;
}

/** As `readLive`, at the requested freshness. @throws EXPIRED, FUTURE_VERSION */
export async function readAt(
  handle: KindHandle,
  place: Place,
  freshness: Freshness,
  scope: CallScope,
): Promise<ReadState> {
  const { context } = handle;
  const subject = handle.subject(place.key, place.at);
  switch (freshness.consistency) {
    case "linearizable":
      return readLive(handle, place, scope);
    case "any":
      scope.throwIfEnded();
      return stateOf(
        handle,
        place,
        await untilAborted(context.serializableGets.get(place.key), scope.signal),
      );
    case "notOlderThan":
      // After a restore, the version that the store had reached is ahead of it again.
      for (;;) {
        const state = await readLive(handle, place, scope);
        if (state.revision >= freshness.revision) return state;
        await awaitRevision(context, freshness.revision, scope, subject);
      }
    case "exact": {
      const { revision } = freshness;
      await awaitRevision(context, revision, scope, subject);
      try {
        const { kvs } = await context.etcd.kv.range({ key: place.key, revision }, { signal: scope.signal });
        return await stateOf(handle, place, { kv: kvs[0], revision });
      } catch (error) {
        throw isStoreError(error, "EXPIRED")
          ? expiredRead(handle.text(place.at), error, subject, revision)
          : error;
      }
    }
  }
}

async function stateOf(handle: KindHandle, { key, at }: Place, got: GotKey): Promise<ReadState> {
  if (got.kv === undefined) return { record: undefined, revision: got.revision };
  return { record: await openValue(handle, key, at, got.kv), revision: got.revision };
}

function expiredRead(
  what: string,
  cause: StoreError<"EXPIRED">,
  subject: ReturnType<KindHandle["subject"]>,
  revision: bigint,
): StoreError<"EXPIRED"> {
  return new StoreError(
    "EXPIRED",
    `Cannot read ${what} at version ${revision}: it has been compacted`,
    { ...subject, reason: "compacted", compacted: cause.details.compacted },
    { cause },
  );
}
