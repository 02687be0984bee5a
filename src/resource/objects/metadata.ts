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
import type { Random } from "../../base/random.ts";
import { randomUuid } from "../../base/random.ts";
import type { KindDefinition } from "../model/kind.ts";
import { generateName } from "../model/names.ts";
import { copyPlainData, sameContent, setOwnField } from "../model/plain-data.ts";
import type { Draft, ObjectMeta, Resource } from "../model/resource.ts";

/** What RFC 3339 can say, milliseconds since 1970. */
const timestampMsMin: number = Date.parse("0001-01-01T00:00:00Z");
const timestampMsMax: number = Date.parse("9999-12-31T23:59:59Z");

/** RFC 3339 in UTC, whole seconds, as Kubernetes writes times; what lies outside of its years is moved to their edge. */
export function formatTimestamp(ms: number): string {
  const within = Math.min(Math.max(ms, timestampMsMin), timestampMsMax);
  return `${new Date(Math.floor(within / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** Fields every object has and no kind gives a meaning of its own. */
const typeMeta: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata"]);
/** Fields of a draft's metadata that are the store's. */
const notOfDrafts: ReadonlySet<string> = new Set([
  "resourceVersion",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
]);
const versionField: ReadonlySet<string> = new Set(["resourceVersion"]);
/** Fields of metadata that an update leaves as they are. */
const keptByUpdate = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "generation",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
] as const;

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
  const given: DraftMeta = draft.metadata;
  const metadata = copyFields(given, notOfDrafts);
  metadata["name"] = given.name ?? generateName(given.generateName ?? "", context.random);
  metadata["uid"] = randomUuid(context.random);
  metadata["generation"] = 1;
  metadata["creationTimestamp"] = formatTimestamp(context.nowMs);
  return withTypeMeta(kind, draft as Readonly<Record<string, unknown>>, metadata);
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
    return withTypeMeta(kind, { ...content, status }, copyFields(metadata, versionField));
  }
  const { metadata: given, ...taken } = proposed as Record<string, unknown> & { metadata: DraftMeta };
  const content: Record<string, unknown> =
    kind.status && subresource === undefined ? { ...taken, status: old["status"] } : taken;
  const metadata = copyFields(given, versionField);
  for (const field of keptByUpdate) {
    const value = old.metadata[field];
    if (value !== undefined) metadata[field] = value;
    // What the old object does not have goes away here.
    else if (metadata[field] !== undefined) delete metadata[field];
  }
  if (!sameDesire(kind, old, content)) metadata["generation"] = nextGeneration(old.metadata.generation);
  return withTypeMeta(kind, content, metadata);
}

/** Whether what users ask for is the same: all but metadata, and status where that is a subresource. */
function sameDesire(
  kind: KindDefinition,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): boolean {
  const isDesire = (field: string): boolean => !typeMeta.has(field) && !(kind.status && field === "status");
  let fields = 0;
  for (const field of Object.keys(before)) {
    const value = before[field];
    if (value === undefined || !isDesire(field)) continue;
    fields++;
    if (!Object.hasOwn(after, field) || !sameContent(value, after[field])) return false;
  }
  for (const field of Object.keys(after)) if (after[field] !== undefined && isDesire(field)) fields--;
  return fields === 0;
}

/**
 * The one place that puts an object together: a copy without undefined fields, type meta first.
 * @param metadata taken as it is: the caller's own copy
 */
function withTypeMeta<T extends Resource>(
  kind: KindDefinition<T>,
  content: Readonly<Record<string, unknown>>,
  metadata: Record<string, unknown>,
): T {
  const object: Record<string, unknown> = { apiVersion: kind.apiVersion, kind: kind.kind, metadata };
  for (const field of Object.keys(content)) {
    const value = content[field];
    if (value !== undefined && !typeMeta.has(field)) putField(object, field, value);
  }
  // The kind's T is what its drafts describe; validate() is where a kind checks that at run time.
  return object as unknown as T;
}

/** A copy of all fields but some, without those that are undefined. */
function copyFields(from: object, without: ReadonlySet<string>): Record<string, unknown> {
  const to: Record<string, unknown> = {};
  const fields = from as Readonly<Record<string, unknown>>;
  for (const field of Object.keys(fields)) {
    const value = fields[field];
    if (value !== undefined && !without.has(field)) putField(to, field, value);
  }
  return to;
}

function putField(to: Record<string, unknown>, field: string, value: unknown): void {
  setOwnField(to, field, copyPlainData(value));
}

/** Other Kubernetes tools store kinds like ConfigMap without a generation; their first change here is the first. */
export function nextGeneration(generation: number | undefined): number {
  return (generation ?? 0) + 1;
}
