/**
 * A path of Kubernetes' API as what it names: a kind's reader and writer, a namespace, a name, a subresource.
 *
 *   /api/v1/pods                                         all pods
 *   /api/v1/namespaces/NAMESPACE/pods[/NAME[/status]]
 *   /apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL[/NAME[/status]]
 *   /api/v1/namespaces[/NAME[/status]]
 */
import { type Kind, namespaceKind, type Resource, type ResourceStore, type Store } from "keelson";

export interface Target {
  readonly kind: Kind;
  readonly resources: ResourceStore<Resource>;
  readonly namespace: string | undefined;
  /** Absent: the collection. */
  readonly name: string | undefined;
  readonly status: boolean;
}

/** undefined: no such path. */
export function routeOf(store: Store, pathname: string): Target | undefined {
  const [root, ...rest] = pathname.split("/").filter(Boolean).map(decodeURIComponent);
  const group = root === "apis" ? rest.shift() : root === "api" ? "" : undefined;
  const version = rest.shift();
  const inNamespace = rest[0] === "namespaces" && rest.length > 2 && rest[2] !== "status";
  const namespace = inNamespace ? rest.splice(0, 2)[1] : undefined;
  const [plural, name, subresource, ...more] = rest;
  if (more.length > 0 || (subresource !== undefined && subresource !== "status")) return undefined;
  const kind = servedKinds(store).find(
    (served) => served.group === group && served.version === version && served.plural === plural,
  );
  if (kind === undefined || (subresource !== undefined && !kind.status)) return undefined;
  if (
    (kind.scope === "Cluster" && inNamespace) ||
    (kind.scope === "Namespaced" && name !== undefined && !inNamespace)
  )
    return undefined;
  return { kind, resources: store.resources(kind), namespace, name, status: subresource !== undefined };
}

/** The store's own kinds and, where it is not among them, Namespace. */
export function servedKinds(store: Store): readonly Kind[] {
  const kinds = new Map(
    [namespaceKind as Kind, ...store.kinds].map((kind) => [`${kind.plural}.${kind.group}`, kind]),
  );
  return [...kinds.values()];
}
