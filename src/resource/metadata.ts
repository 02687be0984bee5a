/**
 * The store's part of an object: what create and update make of what a caller hands in.
 *
 *   create   uid, creationTimestamp and generation 1 are the store's; deletion fields are dropped
 *   update   identity, creationTimestamp and deletion fields stay; generation + 1 when the content changed
 *            kind with status:  undefined takes all but status · "status" takes status alone · "all" takes both
 *
 * Pure and on copies: nothing handed in is changed or shared. Callers have run validateDraft before and
 * run the kind's own validation after.
 */
import type { Random } from "../base/random.ts";
import { randomUuid } from "../base/random.ts";
import type { KindDefinition } from "./kind.ts";
import { generateName } from "./names.ts";
import { copyPlainData, sameContent } from "./plain-data.ts";
import type { Draft, ObjectMeta, Resource } from "./resource.ts";

/** RFC 3339 in UTC, whole seconds, as Kubernetes writes times. */
export function formatTimestamp(ms: number): string {
  return `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** metadata as a draft may have it. */
type DraftMeta = Partial<ObjectMeta>;

/**
 * The object a checked draft becomes, without resourceVersion. A draft with generateName and no name gets a made-up
 * one: call again for the next try. A status in the draft is stored: loads and restores bring theirs along.
 */
export function objectForCreate<T extends Resource>(
  kind: KindDefinition<T>,
  draft: Draft<T>,
  context: { readonly nowMs: number; readonly random: Random },
): T {
  const { metadata: given, ...content } = draft as Draft<T> &
    Record<string, unknown> & { metadata: DraftMeta };
  const {
    resourceVersion: _version,
    deletionTimestamp: _deleted,
    deletionGracePeriodSeconds: _grace,
    ...kept
  } = given;
  const metadata = {
    ...kept,
    name: given.name ?? generateName(given.generateName ?? "", context.random),
    uid: randomUuid(context.random),
    generation: 1,
    creationTimestamp: formatTimestamp(context.nowMs),
  };
  return withTypeMeta(kind, content, metadata);
}

/**
 * The object that replaces `current`, without resourceVersion: what `proposed` may change, and the rest as it is.
 * When nothing changed the result has the same content as `current` (sameContent), generation included.
 */
export function objectForUpdate<T extends Resource>(
  kind: KindDefinition<T>,
  current: T,
  proposed: T | Draft<T>,
  subresource: "status" | "all" | undefined,
): T {
  const old = current as Resource & Record<string, unknown>;
  if (subresource === "status") {
    const { status } = proposed as { status?: unknown };
    const { status: _, metadata, ...content } = old;
    return withTypeMeta(kind, { ...content, status }, withoutVersion(metadata));
  }
  const { metadata: given, ...taken } = proposed as Record<string, unknown> & { metadata: DraftMeta };
  const content: Record<string, unknown> =
    kind.status && subresource === undefined ? { ...taken, status: old["status"] } : taken;
  const system = withoutVersion(current.metadata);
  const { resourceVersion: _, ...free } = given;
  // Fields that are undefined are not stored: what the old object does not have goes away here.
  const metadata: Omit<ObjectMeta, "resourceVersion"> = {
    ...free,
    name: system.name,
    namespace: system.namespace,
    uid: system.uid,
    creationTimestamp: system.creationTimestamp,
    generation: sameDesire(kind, old, content) ? system.generation : nextGeneration(system.generation),
    deletionTimestamp: system.deletionTimestamp,
    deletionGracePeriodSeconds: system.deletionGracePeriodSeconds,
  };
  return withTypeMeta(kind, content, metadata);
}

/** Whether what users ask for is the same: all but metadata, and status where that is a subresource. */
function sameDesire(
  kind: KindDefinition,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): boolean {
  const desire = (of: Readonly<Record<string, unknown>>): Record<string, unknown> => {
    const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, status, ...desired } = of;
    return kind.status ? desired : { ...desired, status };
  };
  return sameContent(desire(before), desire(after));
}

function withoutVersion(metadata: ObjectMeta): Omit<ObjectMeta, "resourceVersion"> {
  const { resourceVersion: _, ...rest } = metadata;
  return rest;
}

/** The one place that puts an object together: a copy without undefined fields, type meta first. */
function withTypeMeta<T extends Resource>(
  kind: KindDefinition<T>,
  content: Readonly<Record<string, unknown>>,
  metadata: object,
): T {
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = content;
  const object = copyPlainData({ apiVersion: kind.apiVersion, kind: kind.kind, metadata, ...rest });
  // The kind's T is what its drafts describe; validate() is where a kind checks that at run time.
  return object as unknown as T;
}

/** Other Kubernetes tools store kinds like ConfigMap without a generation; their first change here is the first. */
function nextGeneration(generation: number | undefined): number {
  return (generation ?? 0) + 1;
}
