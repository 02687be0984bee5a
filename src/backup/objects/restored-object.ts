/**
 * What a restored object takes from its backup, and what stays the live store's: identity, versions and deletion marks.
 *
 * Of a namespace the whole status is the store's, too. Its phase: a backup taken while one was terminating must not make the
 * live one terminate, nor one taken before bring a terminating one back to life. What is left in it, and its conditions: all of
 * them, Kubernetes' included, tell how the deletion of the live one goes.
 */
import { namespaceFinalizer } from "../../resource/model/namespace-kind.ts";
import type { AnyResource, Key } from "../../resource/model/resource.ts";

/** The object to be created at `key`: without status, which follows where it is the backup's to give. */
export function draftOf(backup: AnyResource, key: Key): AnyResource {
  const { labels, annotations, ownerReferences, managedFields } = backup.metadata;
  const finalizers = ownFinalizers(backup);
  const metadata = {
    name: key.name,
    ...(key.namespace === undefined ? {} : { namespace: key.namespace }),
    ...present({ labels, annotations, finalizers, ownerReferences, managedFields }),
  };
  const { status, ...content } = backup;
  // What the store fills in is not there yet: it is a draft.
  return { ...(givesStatus(backup) ? { ...content, status } : content), metadata } as unknown as AnyResource;
}

/** Whether status is the backup's to give: of a namespace it says what the store is doing with it. */
export function givesStatus({ kind, apiVersion }: AnyResource): boolean {
  return !(kind === "Namespace" && apiVersion === "v1");
}

/** What the backup says, with the identity of the live object. */
export function restored(backup: AnyResource, live: AnyResource): AnyResource {
  const { labels, annotations, ownerReferences, managedFields } = backup.metadata;
  const {
    labels: _labels,
    annotations: _annotations,
    finalizers: held,
    ownerReferences: _owners,
    managedFields: _managed,
    ...identity
  } = live.metadata;
  const own = ownFinalizers(backup);
  // The live namespace is being emptied: that it is held until then is the store's word.
  const isHeld = !givesStatus(backup) && held?.includes(namespaceFinalizer) === true;
  const finalizers = isHeld ? [...(own ?? []), namespaceFinalizer] : own;
  const metadata = {
    ...identity,
    ...present({ labels, annotations, finalizers, ownerReferences, managedFields }),
  };
  const { status: _, ...content } = backup;
  const { status } = live;
  const taken = givesStatus(backup) ? backup : { ...content, ...(status === undefined ? {} : { status }) };
  return { ...taken, apiVersion: live.apiVersion, kind: live.kind, metadata };
}

/** The finalizers that others have still to remove; undefined for none. */
function ownFinalizers(backup: AnyResource): string[] | undefined {
  const { finalizers } = backup.metadata;
  if (givesStatus(backup) || finalizers?.includes(namespaceFinalizer) !== true) return finalizers;
  const others = finalizers.filter((finalizer) => finalizer !== namespaceFinalizer);
  return others.length === 0 ? undefined : others;
}

function present<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
