/**
 * Server-side apply: a configuration lists every field that its manager wants. These fields are set, fields that the
 * manager applied before and now leaves out are removed, and a field that another manager sets differently is a
 * conflict, unless the request forces it.
 *
 *   live + config ─► merged ─► minus what only this manager wanted before ─► compared with live ─► conflicts, or new managers
 *
 * `trackUpdate` tracks every other write, which takes over the fields it changes without conflicts. Both are pure; use
 * them in `guaranteedUpdate` or before `create`. Source: Kubernetes' server-side apply, structured-merge-diff
 * merge/update.go.
 */
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { invalidArgument, StoreError } from "../../errors.ts";
import { copyPlainData, sameContent } from "../../resource/model/plain-data.ts";
import type { AnyResource, Resource } from "../../resource/model/resource.ts";
import type { MergeSchema } from "../../resource/objects/merge-schema.ts";
import { assertPatchFields, type Fields, isFields } from "../patch/patch-error.ts";
import { compareValues, fieldsOf } from "./compare.ts";
import { FieldSet } from "./field-set.ts";
import {
  identityOf,
  type Manager,
  type Managers,
  managedFieldsOf,
  managersOf,
  managerText,
  withoutFields,
} from "./managers.ts";
import { mergeApplied, withoutDropped, withoutNulls } from "./merge-applied.ts";
import { type FieldScope, inScope } from "./scope.ts";

/** Options of every write that tracks managed fields. */
export interface ManagerOptions extends FieldScope {
  /** The manager that writes: `fieldManager` of the query, see `fieldManagerOf`. At most 128 characters. */
  readonly fieldManager: string;
  /** Time of the write, RFC 3339 in whole seconds; shown in managedFields and not compared. */
  readonly time: string;
  /** Merge rules of the kind; undefined: records merge field by field, lists are replaced. */
  readonly schema?: MergeSchema | undefined;
}

const managerNames: NamesOf<ManagerOptions> = {
  fieldManager: "text",
  time: "text",
  schema: "object",
  subresource: "text",
  hasStatus: "boolean",
};

/** Options of `serverSideApply`. */
export interface ApplyOptions extends ManagerOptions {
  /** Takes fields over from their managers instead of refusing. Default false. */
  readonly force?: boolean | undefined;
}

const applyNames: NamesOf<ApplyOptions> = { ...managerNames, force: "boolean" };

/** The owner of fields that were set before managers were tracked. */
const beforeFirstApply = "before-first-apply";

/**
 * The object after `config` is applied, with its managedFields: a draft to create when `live` is undefined, else the
 * change for `guaranteedUpdate`. Applying the same config again gives the same object, and the store writes nothing.
 * @param config the decoded body of a request of type `application/apply-patch+yaml`
 * @throws INVALID_ARGUMENT for a config that is not an object, of another kind, with managedFields, or no fieldManager
 * @throws INVALID_OBJECT for lists whose items cannot be distinguished
 * @throws CONFLICT with `details.conflicts` when other managers own what the config changes and `force` is not set, or
 *   for another uid or resourceVersion in the config
 */
export function serverSideApply<T extends Resource>(
  live: T | undefined,
  config: unknown,
  options: ApplyOptions,
): T {
  checkOptions(options ?? null, "apply", applyNames);
  assertPatchFields(config);
  assertConfig(config, live, options);
  const { schema, subresource } = options;
  const wanted = wantedOf(config, options);
  const identity = {
    name: options.fieldManager,
    operation: "Apply",
    subresource: subresource ?? "",
  } as const;
  const applier = { ...identity, apiVersion: String(config["apiVersion"]) };
  const id = identityOf(applier);

  const managers = managersOf(live?.metadata.managedFields) ?? firstManagers(live, options);
  const before = managers.get(id);
  const owned = inScope(fieldsOf(wanted, schema), options);
  let after = mergeApplied(withoutManagedFields(live), wanted, schema);
  const others = new Map(managers).set(id, { ...applier, time: options.time, fields: owned });
  if (before !== undefined) {
    // Keeps fields without a manager, such as the name: metadata must not go with the last label.
    const kept = [...others.values()].reduce(
      (all, { fields }) => all.union(fields),
      fieldsOf(wanted, schema),
    );
    after = withoutDropped(after, before.fields, kept, schema);
  }
  const changes = compareValues(withoutManagedFields(live), after, schema);
  const taken = inScope(changes.modified.union(changes.added), options);
  if (options.force !== true) assertNoConflicts(managers, taken, id);
  const removed = inScope(changes.removed, options);
  const settled = new Map(withoutFields(withoutFields(others, taken, id), removed, id));
  settled.set(id, timed({ ...applier, time: undefined, fields: owned }, before, options.time));
  return withManagers(withoutNulls(after, wanted) as Fields, settled) as unknown as T;
}

/**
 * `after` with the managedFields that a create, an update or another kind of patch results in: its manager owns what it
 * changed. An object without managedFields stays without until the first apply. managedFields in `after` are used if
 * they are well-formed; `[{}]` clears them.
 * @param before undefined for a create
 */
export function trackUpdate<T extends Resource>(before: T | undefined, after: T, options: ManagerOptions): T {
  checkOptions(options ?? null, "track managed fields", managerNames);
  const given: unknown = after.metadata.managedFields;
  if (Array.isArray(given) && given.length === 1 && sameContent(given[0], {})) {
    return withManagers(after as unknown as Fields, new Map()) as unknown as T;
  }
  const tracked = managersOf(given) ?? managersOf(before?.metadata.managedFields);
  if (tracked === undefined && before !== undefined) return after;
  const old = before === undefined ? emptyOf(after, options.schema) : withoutManagedFields(before);
  const changes = compareValues(old, withoutManagedFields(after), options.schema);
  const changed = inScope(changes.modified.union(changes.added), options);
  // A request that does not touch the status may leave it out: no manager loses it.
  const removed = inScope(changes.removed, options);
  const { fieldManager: name, subresource = "" } = options;
  const updater = { name, operation: "Update", apiVersion: after.apiVersion, subresource } as const;
  const id = identityOf(updater);
  const managers = new Map(withoutFields(withoutFields(tracked ?? new Map(), changed, id), removed, id));
  const own = tracked?.get(id);
  const fields = (own?.fields ?? new FieldSet()).difference(removed).union(changed);
  managers.set(id, timed({ ...updater, time: undefined, fields }, own, options.time));
  return withManagers(after as unknown as Fields, managers) as unknown as T;
}

/**
 * The object that a create is compared with: an empty object of the type. It already has the records that every object
 * of the type has (`spec`; below it those of default {}), so that they have no owner.
 */
function emptyOf(record: Fields | Resource, schema: MergeSchema | undefined, isTop = true): Fields {
  const empty: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    const known = schema?.field?.(name);
    const isStruct = known !== undefined && known.values === undefined && (isTop || isFields(known.default));
    if (isStruct && isFields(value)) empty[name] = emptyOf(value, known, false);
  }
  return empty;
}

/**
 * fieldManager of the query, else the first part of the User-Agent ("kubectl" of "kubectl/v1.32 …"), as in Kubernetes.
 */
export function fieldManagerOf(query: URLSearchParams, userAgent: string | undefined): string {
  const name = query.get("fieldManager");
  if (name !== null && name !== "") return name;
  const agent = (userAgent ?? "").split("/", 1).join("");
  return agent.replace(/[^\x20-\x7e]/g, "").slice(0, managerCharactersMax) || "unknown";
}

/** Kubernetes' limit of a manager's name. */
const managerCharactersMax = 128;

function assertConfig(config: Fields, live: Resource | undefined, { fieldManager }: ApplyOptions): void {
  if (fieldManager === "" || fieldManager.length > managerCharactersMax) {
    const what =
      fieldManager === "" ? "it is required" : `expected at most ${managerCharactersMax} characters`;
    throw invalidArgument("fieldManager", `Cannot apply without a fieldManager: ${what}`);
  }
  const refuse = (field: string, message: string): Error =>
    invalidArgument(field, `Cannot apply: ${field} ${message}`);
  const { apiVersion, kind, metadata } = config;
  if (typeof apiVersion !== "string" || apiVersion === "") throw refuse("apiVersion", "is missing");
  if (live !== undefined && kind !== live.kind) {
    throw refuse("kind", `is ${JSON.stringify(kind)}, expected ${JSON.stringify(live.kind)}`);
  }
  if (metadata === undefined) return;
  if (!isFields(metadata)) throw refuse("metadata", "is no object");
  if (metadata["managedFields"] !== undefined && metadata["managedFields"] !== null) {
    throw refuse("metadata.managedFields", "must not be set");
  }
  for (const field of ["uid", "resourceVersion"] as const) {
    const wanted = metadata[field];
    const actual = live?.metadata[field];
    if (wanted === undefined || wanted === null || wanted === "" || wanted === actual) continue;
    throw new StoreError(
      "CONFLICT",
      `Cannot apply: metadata.${field} is ${JSON.stringify(actual)}, expected ${JSON.stringify(wanted)}`,
      { kind: live?.kind, name: live?.metadata.name, namespace: live?.metadata.namespace },
    );
  }
}

/** The part of a configuration that this request may apply. */
function wantedOf(config: Fields, { subresource, hasStatus }: ApplyOptions): Fields {
  const { apiVersion, kind, metadata, status, ...rest } = config;
  if (subresource === "status") return { apiVersion, kind, ...(status === undefined ? {} : { status }) };
  const given = Object.entries(isFields(metadata) ? metadata : {}).filter(([name]) => !serverSet.has(name));
  const own = { apiVersion, kind, metadata: Object.fromEntries(given), ...rest };
  return hasStatus === true || status === undefined ? own : { ...own, status };
}

/** metadata that a server sets: a configuration read from a server contains it, often as null. */
const serverSet: ReadonlySet<string> = new Set([
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "selfLink",
  "managedFields",
]);

function firstManagers(live: Resource | undefined, options: ApplyOptions): Managers {
  if (live === undefined) return new Map();
  const changes = compareValues(undefined, withoutManagedFields(live), options.schema);
  const manager: Manager = {
    name: beforeFirstApply,
    operation: "Update",
    apiVersion: live.apiVersion,
    subresource: "",
    time: options.time,
    fields: inScope(changes.added, {}),
  };
  return new Map([[identityOf(manager), manager]]);
}

/** The managers whose fields changed; throws for fields of other managers. */
function assertNoConflicts(managers: Managers, changed: FieldSet, applier: string): void {
  const conflicts = [...managers]
    .filter(([id]) => id !== applier)
    .map(([, manager]) => ({
      manager: managerText(manager),
      paths: manager.fields.intersection(changed).paths(),
    }))
    .filter(({ paths }) => paths.length > 0)
    .sort((a, b) => (a.manager < b.manager ? -1 : 1));
  const all = conflicts.flatMap(({ manager, paths }) =>
    paths.map((field) => ({ field, message: `conflict with ${manager}` })),
  );
  if (all.length === 0) return;
  const [only, second] = all;
  const text =
    second === undefined
      ? `1 conflict: ${only?.message}: ${only?.field}`
      : `${all.length} conflicts: ${conflicts.map(section).join("\n")}`;
  throw new StoreError("CONFLICT", `Apply failed with ${text}`, { conflicts: all });
}

function section({
  manager,
  paths,
}: {
  readonly manager: string;
  readonly paths: readonly string[];
}): string {
  return `conflicts with ${manager}:\n${paths.map((path) => `- ${path}`).join("\n")}`;
}

/** Keeps the time of the previous entry if it owned the same fields. */
function timed(manager: Manager, before: Manager | undefined, time: string): Manager {
  const isSame =
    before !== undefined &&
    before.apiVersion === manager.apiVersion &&
    sameContent(before.fields.toFieldsV1(), manager.fields.toFieldsV1());
  return { ...manager, time: isSame ? before.time : time };
}

function withoutManagedFields(object: Resource | undefined): AnyResource | undefined {
  if (object === undefined) return undefined;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** A copy that the caller may change and store. */
function withManagers(object: Fields, managers: Managers): Fields {
  const { managedFields: _, ...metadata } = (
    isFields(object["metadata"]) ? object["metadata"] : {}
  ) as Fields;
  const managedFields = managedFieldsOf(managers);
  const kept = managedFields.length === 0 ? metadata : { ...metadata, managedFields };
  return copyPlainData({ ...object, metadata: kept });
}
