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

/**
 * The path and query of a request's target. The path is taken as it was sent, because a name may be any text: `new URL`
 * would resolve "..", and DELETE pods/.. would delete the namespace.
 */
export function partsOfUrl(url: string): { readonly pathname: string; readonly query: URLSearchParams } {
  const target = url.replace(/^https?:\/\/[^/?#]*/i, "");
  const at = target.indexOf("?");
  const pathname = at < 0 ? target : target.slice(0, at);
  return { pathname: pathname || "/", query: new URLSearchParams(at < 0 ? "" : target.slice(at + 1)) };
}

/** undefined: no such path. An empty segment stands for nothing, except behind a final "/". */
export function routeOf(catalog: Catalog, pathname: string): Target | undefined {
  const segments = pathname.replace(/^\//, "").replace(/\/$/, "").split("/");
  if (segments.includes("")) return undefined;
  const [root, ...rest] = segments.map(decodedOf);
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
