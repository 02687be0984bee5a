/**
 * Parses a path of Kubernetes' API: a served resource, a namespace, a name, a subresource.
 *
 *   /api/v1/pods                                         all pods
 *   /api/v1/namespaces/NAMESPACE/pods[/NAME[/SUBRESOURCE]]
 *   /apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL[/NAME[/SUBRESOURCE]]
 *   /api/v1/namespaces[/NAME[/SUBRESOURCE]]
 *   /api/v1/watch/…                                      the old spelling of ?watch=true
 */
import type { Catalog } from "./catalog.ts";
import type { Served } from "./served.ts";

export interface Target {
  readonly served: Served;
  readonly namespace: string | undefined;
  /** Absent: the collection. */
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly watch: boolean;
}

/** undefined: no such path. */
export function routeOf(catalog: Catalog, pathname: string): Target | undefined {
  const [root, ...rest] = pathname.split("/").filter(Boolean).map(decodedOf);
  const group = root === "apis" ? rest.shift() : root === "api" ? "" : undefined;
  const version = rest.shift();
  if (group === undefined || version === undefined) return undefined;
  const watch = rest[0] === "watch";
  if (watch) rest.shift();
  const find = (plural: string | undefined): Served | undefined =>
    plural === undefined ? undefined : catalog.find(group, version, plural);
  const inNamespace = rest[0] === "namespaces" && find(rest[2])?.namespaced === true;
  const namespace = inNamespace ? rest[1] : undefined;
  const [plural, name, subresource, ...more] = inNamespace ? rest.slice(2) : rest;
  const served = find(plural);
  if (served === undefined || more.length > 0 || served.namespaced !== inNamespace) {
    // A namespaced kind without a namespace means all namespaces: only reads of the collection are allowed.
    if (served === undefined || name !== undefined || !served.namespaced) return undefined;
  }
  if (subresource !== undefined && !served.subresources.some((one) => one.name === subresource)) {
    return undefined;
  }
  return { served, namespace, name, subresource, watch };
}

function decodedOf(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
