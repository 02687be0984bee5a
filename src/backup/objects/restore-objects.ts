/**
 * `restoreObjects`: restores chosen objects of a backup, or of a store at an earlier version, into a running store by
 * its own writes, so validation, quotas, namespaces and encryption apply as for any client.
 *
 *   absent in the store       created, with a new uid and version (status too)
 *   exists and is equal       left unchanged
 *   exists and differs        conflict: "skip", "overwrite" (spec and status, the live uid stays), or "fail"
 *
 * uid, resourceVersion, generation, creationTimestamp and deletion marks are never taken from a backup. Nothing is
 * deleted. "fail" examines everything first and writes nothing if one object differs.
 */
import { type FileHandle, open } from "node:fs/promises";
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { quote } from "../../base/text/quote.ts";
import { invalidArgument, isStoreError, StoreError } from "../../errors.ts";
import type { ResourceStore } from "../../resource/contract/resource-store.ts";
import type { LabelSelector } from "../../resource/contract/scope.ts";
import type { Store } from "../../resource/contract/store.ts";
import type { Progress } from "../../resource/contract/write-options.ts";
import { definitionOf } from "../../resource/model/define-kind.ts";
import type { Kind, KindDefinition } from "../../resource/model/kind.ts";
import type { AnyResource, Draft, Key } from "../../resource/model/resource.ts";
import { parseLabelSelector } from "../../resource/select/label-selector.ts";
import { parseSelection } from "../../resource/select/selection.ts";
import type { StoredSource } from "../../storage/seam/stored.ts";
import { fileMode } from "../files/durable.ts";
import { changesBetween } from "./object-changes.ts";
import { lineOf, type ObjectDiff, textOf } from "./object-diff.ts";
import { checkSource, objectsOf, type RestoreSource, type SourceObject } from "./object-source.ts";
import { draftOf, givesStatus, restored } from "./restored-object.ts";
import { note, sourceOf } from "./undo-restore.ts";

/** Options of `restoreObjects`: which objects, and what to do with existing ones. */
export interface RestoreObjectsOptions extends Call {
  /** Default: all. */
  readonly namespaces?: readonly string[] | undefined;
  /** Default: every kind opened in the store, namespaces first. */
  readonly kinds?: readonly Kind[] | undefined;
  /** Default: all. */
  readonly names?: readonly string[] | undefined;
  /** Only objects whose key in etcd begins with this, e.g. "/registry/pods/shop/". */
  readonly keyPrefix?: string | undefined;
  /** Only objects whose labels in the backup match. */
  readonly labelSelector?: string | LabelSelector | undefined;
  /**
   * What to do with a live object that differs: keep it, replace it, or reject with CONFLICT before anything is
   * written.
   */
  readonly conflict: "skip" | "overwrite" | "fail";
  /** Overwrite only objects that have not changed after this version of the live store; others count as skipped. */
  readonly unchangedSince?: string | undefined;
  /** Restores the objects of a namespace into another: { "prod": "prod-copy" }. */
  readonly namespaceMapping?: Readonly<Record<string, string>> | undefined;
  /** Write nothing; the report's `diff` shows what would be done. */
  readonly dryRun?: boolean | undefined;
  /** Path of a new file with which `undoObjectRestore` reverts the restore. */
  readonly undoPath?: string | undefined;
  /** Called for every object that was examined. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

const restoreObjectsNames: NamesOf<RestoreObjectsOptions> = {
  ...callNames,
  namespaces: "array",
  kinds: "array",
  names: "array",
  keyPrefix: "text",
  labelSelector: true,
  conflict: ["skip", "overwrite", "fail"],
  unchangedSince: "text",
  namespaceMapping: "object",
  dryRun: "boolean",
  undoPath: "text",
  onProgress: "function",
};

/** The result of a restore of objects, or with `dryRun` the result it would have. */
export interface ObjectRestoreReport {
  /** Objects that did not exist. */
  readonly created: number;
  /** Objects that differed. */
  readonly overwritten: number;
  /** Objects that differed and were kept. */
  readonly skipped: number;
  /** Objects that were equal already. */
  readonly unchanged: number;
  /** Objects that could not be read or written; the others are restored nevertheless. */
  readonly failed: readonly {
    /** Its key in etcd. */
    readonly key: string;
    /** The cause, usually a StoreError. */
    readonly error: unknown;
  }[];
  /** The changes made, or with `dryRun` to be made. */
  readonly diff: readonly ObjectDiff[];
  /** `diff` as readable lines. */
  readonly text: string;
}

/**
 * Writes objects of a backup, or of an earlier version, into a store. Equal objects are left unchanged.
 * @throws INVALID_ARGUMENT for bad options; CONFLICT with `conflict: "fail"`, before anything is written;
 * CORRUPT_SNAPSHOT for a damaged backup. The report lists single objects that fail.
 * @example
 * ```ts
 * import type { Store } from "keelson";
 * import { restoreObjects } from "keelson/backup";
 *
 * async function bringBack(store: Store): Promise<void> {
 *   const preview = await restoreObjects("/backups/etcd.db", store, {
 *     namespaces: ["shop"],
 *     conflict: "overwrite",
 *     dryRun: true,
 *   });
 *   console.log(preview.text);
 * }
 * ```
 */
export async function restoreObjects(
  from: RestoreSource,
  to: Store,
  options: RestoreObjectsOptions,
): Promise<ObjectRestoreReport> {
  checkOptions(options ?? null, "restore objects", restoreObjectsNames);
  checkSource(from);
  parseLabelSelector(options.labelSelector);
  const target = sourceOf(to);
  if (!["skip", "overwrite", "fail"].includes(options.conflict)) {
    throw invalidArgument("conflict", `Cannot restore objects: conflict is "${options.conflict}"`);
  }
  using scope = new CallScope(options, target.clock, "restore objects");
  const restore = new ObjectRestore(from, to, target, options, scope.signal);
  if (options.conflict === "fail") {
    const first = await restore.run("plan");
    const conflict = first.diff.find(({ action }) => action === "conflict");
    if (conflict !== undefined && options.dryRun !== true) {
      const { resource, namespace, name } = conflict;
      throw new StoreError(
        "CONFLICT",
        `Cannot restore objects: ${lineOf(conflict)} differs from the live one, and conflict is "fail"`,
        { kind: resource, namespace, name },
      );
    }
  }
  return await restore.run(options.dryRun === true ? "plan" : "write");
}

/** Creates one object again from its state at `resourceVersion`. @throws NOT_FOUND when it did not exist then; ALREADY_EXISTS */
export async function undelete(
  store: Store,
  kind: Kind,
  key: Key,
  options: {
    /** A version at which it existed, not compacted. */
    readonly resourceVersion: string;
  } & Call,
): Promise<AnyResource> {
  checkOptions(options ?? null, "bring back an object", { ...callNames, resourceVersion: "text" });
  if (typeof (store as Partial<Store> | null | undefined)?.resources !== "function") {
    throw invalidArgument(
      "store",
      `Cannot bring back an object: the store is ${quote(store)}, expected a Store`,
    );
  }
  const { resourceVersion, ...call } = options;
  const resources = store.resources(kind) as unknown as ResourceStore<AnyResource>;
  const old = await resources.get(key, { read: { consistency: "exact", resourceVersion }, ...call });
  return await createAgain(resources, definitionOf(kind), old, key, undefined, call.signal);
}

/** The TTL with which an object that had a lease is restored. */
type Life = Pick<ObjectDiff, "ttlSeconds" | "lostTtl">;

/** An unknown lease has no TTL to restore. */
function lifeOf({ kind, leased }: SourceObject): Life {
  if (leased === undefined) return {};
  const { ttlSeconds = kind.ttlSeconds } = leased;
  return ttlSeconds === undefined ? { lostTtl: true } : { ttlSeconds };
}

class ObjectRestore {
  readonly #from: RestoreSource;
  readonly #to: Store;
  readonly #target: StoredSource;
  readonly #options: RestoreObjectsOptions;
  readonly #signal: AbortSignal | undefined;
  readonly #kinds: readonly KindDefinition[];

  constructor(
    from: RestoreSource,
    to: Store,
    target: StoredSource,
    options: RestoreObjectsOptions,
    signal: AbortSignal | undefined,
  ) {
    this.#from = from;
    this.#to = to;
    this.#target = target;
    this.#options = options;
    this.#signal = signal;
    const kinds = (options.kinds ?? to.kinds).map((kind) => definitionOf(kind));
    // Namespaces before their objects: creates into a missing namespace fail.
    this.#kinds = [...kinds].sort(
      (a, b) => Number(b.resource === "namespaces") - Number(a.resource === "namespaces"),
    );
  }

  async run(mode: "plan" | "write"): Promise<ObjectRestoreReport> {
    const { undoPath } = this.#options;
    const undo =
      undoPath !== undefined && mode === "write" ? await open(undoPath, "wx", fileMode) : undefined;
    const counts = { created: 0, overwritten: 0, skipped: 0, unchanged: 0 };
    const failed: { key: string; error: unknown }[] = [];
    const diff: ObjectDiff[] = [];
    let looked = 0;
    try {
      const namespaces = this.#kinds.filter(({ resource }) => resource === "namespaces");
      const others = this.#kinds.filter(({ resource }) => resource !== "namespaces");
      for (const kinds of [namespaces, others]) {
        if (kinds.length === 0) continue;
        for await (const found of objectsOf(this.#from, this.#target, kinds, this.#signal)) {
          if (found.object === undefined) {
            failed.push({ key: found.key, error: found.fault });
            continue;
          }
          if (!this.#wanted(found.kind, found.object, found.key)) continue;
          this.#options.onProgress?.({ done: ++looked, unit: "objects" });
          try {
            const done = await this.#one(found.kind, found.object, lifeOf(found), mode, undo);
            counts[done.count]++;
            if (done.diff !== undefined) diff.push(done.diff);
          } catch (error) {
            this.#signal?.throwIfAborted();
            failed.push({ key: found.key, error });
          }
        }
      }
      await undo?.sync();
    } finally {
      await undo?.close();
    }
    return { ...counts, failed, diff, text: diff.map(textOf).join("\n") };
  }

  #wanted(kind: KindDefinition, object: AnyResource, key: string): boolean {
    const { namespaces, names, labelSelector, keyPrefix } = this.#options;
    if (keyPrefix !== undefined && !key.startsWith(keyPrefix)) return false;
    const { namespace, name } = object.metadata;
    // A namespace object belongs to itself.
    const place = kind.resource === "namespaces" ? name : namespace;
    if (namespaces !== undefined && (place === undefined || !namespaces.includes(place))) return false;
    if (names !== undefined && !names.includes(name)) return false;
    return (
      labelSelector === undefined || parseSelection(kind, { labelSelector }).matches(kind.headOf(object))
    );
  }

  async #one(
    kind: KindDefinition,
    backup: AnyResource,
    life: Life,
    mode: "plan" | "write",
    undo: FileHandle | undefined,
  ): Promise<{
    readonly count: "created" | "overwritten" | "skipped" | "unchanged";
    readonly diff?: ObjectDiff | undefined;
  }> {
    const { conflict, unchangedSince } = this.#options;
    const signal = this.#signal;
    const resources = this.#to.resources(kind) as unknown as ResourceStore<AnyResource>;
    const key = this.#placed(kind, backup);
    const place = { resource: kind.resource, namespace: key.namespace, name: key.name };
    const live = await resources.get(key, { signal }).catch((error: unknown) => {
      if (isStoreError(error, "NOT_FOUND", "NAMESPACE_NOT_FOUND")) return undefined;
      throw error;
    });
    if (live === undefined) {
      if (mode === "write") {
        const made = await createAgain(resources, kind, backup, key, life.ttlSeconds, signal);
        await note(undo, { ...place, uid: made.metadata.uid });
      }
      return { count: "created", diff: { ...place, action: "create", changes: [], ...life } };
    }
    const changes = changesBetween(live, restored(backup, live));
    if (changes.length === 0) return { count: "unchanged" };
    const moved =
      unchangedSince !== undefined && BigInt(live.metadata.resourceVersion) > BigInt(unchangedSince);
    if (conflict === "skip" || moved)
      return { count: "skipped", diff: { ...place, action: "skip", changes } };
    if (conflict === "fail") return { count: "skipped", diff: { ...place, action: "conflict", changes } };
    if (mode === "write") {
      const { uid, resourceVersion } = live.metadata;
      const preconditions = unchangedSince === undefined ? { uid } : { uid, resourceVersion };
      await note(undo, { ...place, uid, before: live });
      await resources.guaranteedUpdate(key, (current) => restored(backup, current), {
        subresource: "all",
        preconditions,
        ttlSeconds: life.ttlSeconds,
        signal,
      });
    }
    return { count: "overwritten", diff: { ...place, action: "overwrite", changes, ...life } };
  }

  #placed(kind: KindDefinition, object: AnyResource): Key {
    const { namespace, name } = object.metadata;
    const mapping = this.#options.namespaceMapping ?? {};
    if (kind.resource === "namespaces") return { name: mapping[name] ?? name };
    return namespace === undefined ? { name } : { namespace: mapping[namespace] ?? namespace, name };
  }
}

/** Creates by the store's own rules, then writes status, which a create does not accept. */
async function createAgain(
  resources: ResourceStore<AnyResource>,
  kind: KindDefinition,
  old: AnyResource,
  key: Key,
  ttlSeconds: number | undefined,
  signal: AbortSignal | undefined,
): Promise<AnyResource> {
  const made = await resources.create(draftOf(old, key) as Draft<AnyResource>, { ttlSeconds, signal });
  if (!kind.status || old["status"] === undefined || !givesStatus(old)) return made;
  const status = old["status"];
  return await resources.guaranteedUpdate(key, (current) => ({ ...current, status }), {
    subresource: "all",
    signal,
  });
}
