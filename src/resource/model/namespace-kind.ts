/**
 * The built-in kind: namespaces. It is open in every store, whether or not the caller lists it; a kind with the same
 * group and plural is refused. The storage layer implements its lifecycle.
 */
import { defineKind } from "./define-kind.ts";
import type { Kind } from "./kind.ts";
import type { Namespace } from "./resource.ts";

/** Core `v1` Namespace: cluster-scoped, named by a label, with a status subresource. */
export const namespaceKind: Kind<Namespace> = defineKind<Namespace>({
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  scope: "Cluster",
  shortNames: ["ns"],
  nameRule: "label",
  status: true,
  fields: { "status.phase": (namespace) => namespace.status?.phase },
  reads: ["status.phase"],
});

/** Holds a namespace that is being deleted until it is empty; the store's own finalizer. */
export const namespaceFinalizer = "keelson/namespace";

/** Namespaces that exist from the start and are created again at each start; their deletion is refused. */
export const initialNamespaces: readonly string[] = ["default", "kube-system", "kube-public"];
