/**
 * The built-in kind: namespaces. Open in every store, whether or not the caller lists it; a kind of the same
 * group and plural is refused. Its lifecycle is the storage layer's.
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

/** Holds a namespace that is being deleted until it is empty; the store's own. */
export const namespaceFinalizer = "keelson/namespace";

/** Exist from the start, and again at each start when somebody has removed them; their deletion is refused. */
export const initialNamespaces: readonly string[] = ["default", "kube-system", "kube-public"];
