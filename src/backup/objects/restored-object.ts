/**
 * Which parts a restored object takes from its backup, and which stay the live store's: identity, versions and deletion marks.
 *
 * A namespace's whole status stays the store's, too. A backup of a terminating namespace must not make the live one
 * terminate, nor an earlier backup revive a terminating one. Its remaining content and its conditions, Kubernetes' included,
 * describe the deletion of the live one.
 */
import { namespaceFinalizer } from "../../resource/model/namespace-kind.ts";
import type { AnyResource, Key } from "../../resource/model/resource.ts";

/** The object to create at `key`: without status, which is written afterwards if it comes from the backup. */
export function draftOf(backup: AnyResource, key: Key): AnyResource {
  const { labels, annotations, ownerReferences, managedFields } = backup.metadata;
  const finalizers = ownFinalizers(backup);
  const metadata = {
    name: key.name,
    ...(key.namespace === undefined ? {} : { namespace: key.namespace }),
    ...present({ labels, annotations, finalizers, ownerReferences, managedFields }),
  };
  const { status, ...content } = backup;
  // A draft: the store fills in the missing fields.
  return { ...(givesStatus(backup) ? { ...content, status } : content), metadata } as unknown as AnyResource;
}

/** Whether status comes from the backup: a namespace's describes what the store is doing with it. */
export function givesStatus({ kind, apiVersion }: AnyResource): boolean {
  return !(kind === "Namespace" && apiVersion === "v1");
}

/** The backup's content with the identity of the live object. */
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
  // The live namespace is being emptied: the store decides when to remove the finalizer that holds it.
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

/** The finalizers that others must still remove; undefined for none. */
function ownFinalizers(backup: AnyResource): string[] | undefined {
  const { finalizers } = backup.metadata;
  if (givesStatus(backup) || finalizers?.includes(namespaceFinalizer) !== true) return finalizers;
  const others = finalizers.filter((finalizer) => finalizer !== namespaceFinalizer);
  return others.length === 0 ? undefined : others;
}

function present<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
