/**
 * The errors that every reader reports in the same words: the store and the cache make them here.
 *
 *   notFound            the object does not exist
 *   futureVersion       the version has not been reached
 *   stateCompacted      an event needs a state that etcd has compacted
 *   historyReplaced     the versions belong to a history that a restore has replaced
 *   watchTaken          the watch already has its loop
 *   watchOver           the watch has ended
 */
import type { Subject } from "../../errors/codes.ts";
import { StoreError } from "../../errors.ts";
import type { KindDefinition } from "../model/kind.ts";
import type { Key } from "../model/resource.ts";
import { formatResourceVersion } from "../model/revision.ts";
import { type ObjectPlace, textOfObject } from "./object-text.ts";

/** How long a caller should wait before it requests the version again (Kubernetes: 1 s). */
const retryAfterMs = 1_000;

/** Names an object, a namespace or a whole kind in the details of an error; `key` is the full etcd key. */
export function subjectOf(
  { group, kind, plural }: Pick<KindDefinition, "group" | "kind" | "plural">,
  { namespace, name }: ObjectPlace = {},
  key?: string,
): Subject {
  const subject = { group, kind, plural, namespace, name };
  return key === undefined ? subject : { key, ...subject };
}

export function notFound(kind: KindDefinition, at: Key, key: string): StoreError<"NOT_FOUND"> {
  return new StoreError(
    "NOT_FOUND",
    `Cannot find ${textOfObject(kind.resource, at)}`,
    subjectOf(kind, at, key),
  );
}

/** @param current the store's revision; 0n when it is not known */
export function futureVersion(
  requested: bigint,
  current: bigint,
  subject: Subject,
): StoreError<"FUTURE_VERSION"> {
  return new StoreError(
    "FUTURE_VERSION",
    `Cannot read version ${requested}: the store is at version ${current}`,
    {
      ...subject,
      requested: formatResourceVersion(requested),
      current: current > 0n ? formatResourceVersion(current) : undefined,
      retryAfterMs,
    },
  );
}

/** The type or content of an event at `revision` depends on the object's previous state, which is missing. */
export function stateCompacted(
  resource: string,
  at: ObjectPlace,
  key: string,
  revision: bigint,
): StoreError<"EXPIRED"> {
  return new StoreError(
    "EXPIRED",
    `Cannot go on watching: the state of ${textOfObject(resource, at)} before version ${revision} has been compacted`,
    { key, reason: "compacted" },
  );
}

export function historyReplaced(reason: "epoch" | "restored", subject: Subject = {}): StoreError<"EXPIRED"> {
  return new StoreError("EXPIRED", "Cannot go on watching: the store's history was replaced", {
    ...subject,
    reason,
  });
}

export function watchTaken(): StoreError<"INVALID_ARGUMENT"> {
  const message = "Cannot loop over the watch: it has one loop, and it was begun";
  return new StoreError("INVALID_ARGUMENT", message, { argument: "watch" });
}

export function watchOver(): StoreError<"CLOSED"> {
  return new StoreError("CLOSED", "Cannot use the watch: it is over", { what: "watch" });
}
