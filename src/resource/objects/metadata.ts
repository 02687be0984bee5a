/**
 * The fields of an object that the store sets: how create and update turn a caller's object into a stored one.
 *
 *   create   the store sets uid, creationTimestamp and generation 1; deletion fields are dropped
 *   update   identity, creationTimestamp and deletion fields stay; generation + 1 when the content changed
 *            kind with status:  undefined takes all but status · "status" takes only status · "all" takes both
 *
 * Pure and on copies: arguments are neither changed nor shared. Callers have run validateDraft before and run the
 * kind's own validation after.
 */
import type { Random } from "../../base/random.ts";
import { randomUuid } from "../../base/random.ts";
import type { KindDefinition } from "../model/kind.ts";
import { generateName } from "../model/names.ts";
import { copyPlainData, sameContent, setOwnField } from "../model/plain-data.ts";
import type { Draft, ObjectMeta, Resource } from "../model/resource.ts";

/** The range of RFC 3339, milliseconds since 1970. */
const timestampMsMin: number = Date.parse("0001-01-01T00:00:00Z");
const timestampMsMax: number = Date.parse("9999-12-31T23:59:59Z");

/** RFC 3339 in UTC, whole seconds, as Kubernetes writes times; times outside of its years are clamped. */
export function formatTimestamp(ms: number): string {
  const within = Math.min(Math.max(ms, timestampMsMin), timestampMsMax);
  return `${new Date(Math.floor(within / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** Fields that every object has and whose meaning no kind defines. */
const typeMeta: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata"]);
/** Fields of a draft's metadata that the store sets. */
const notOfDrafts: ReadonlySet<string> = new Set([
  "resourceVersion",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
]);
const versionField: ReadonlySet<string> = new Set(["resourceVersion"]);
/** Fields of metadata that an update does not change. */
const keptByUpdate = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "generation",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
] as const;

/** metadata as a draft may contain it. */
type DraftMeta = Partial<ObjectMeta>;

/**
 * The object that a checked draft becomes, without resourceVersion. A draft with generateName and no name gets a
 * generated one: call again for the next try. A status in the draft is stored, because loads and restores include it.
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
 * The object that replaces `current`, without resourceVersion: the fields that `proposed` may change, and the rest
 * unchanged. When nothing changed, the result has the same content as `current` (sameContent), including the
 * generation.
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
    // Fields absent from the old object are removed here.
    else if (metadata[field] !== undefined) delete metadata[field];
  }
  if (!sameDesire(kind, old, content)) metadata["generation"] = nextGeneration(old.metadata.generation);
  return withTypeMeta(kind, content, metadata);
}

/** Whether the desired state is the same: everything except metadata, and status where that is a subresource. */
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
 * The one place that assembles an object: a copy without undefined fields, type meta first.
 * @param metadata used directly: a copy that the caller owns
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
  // The kind's T describes its drafts; validate() is where a kind checks that at run time.
  return object as unknown as T;
}

/** A copy of all fields except some, without undefined ones. */
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

/** Other Kubernetes tools store kinds like ConfigMap without a generation; their first change here is generation 1. */
export function nextGeneration(generation: number | undefined): number {
  return (generation ?? 0) + 1;
}
