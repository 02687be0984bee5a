/**
 * Discovery, which a client reads first: groups, versions and resources. Clients since 1.26 read all of it in two
 * requests (aggregated: an APIGroupDiscoveryList at /api and /apis), older ones ask for each group and version.
 */
import { apiVersionOf, type Served, type Subresource } from "./served.ts";

/** The discovery document at `pathname`; undefined when the path is not a discovery path. */
export function discoveryOf(all: readonly Served[], pathname: string): object | undefined {
  const [root, ...rest] = pathname.split("/").filter(Boolean);
  if (root === "api") {
    const [version, ...more] = rest;
    if (version === undefined)
      return { kind: "APIVersions", apiVersion: "v1", versions: ["v1"], serverAddressByClientCIDRs: [] };
    return more.length > 0 ? undefined : resourceList(all, "", version);
  }
  const [group, version, ...more] = rest;
  if (root !== "apis" || more.length > 0) return undefined;
  if (group === undefined) {
    const groups = groupsOf(all).map((name) => groupOf(all, name));
    return { kind: "APIGroupList", apiVersion: "v1", groups };
  }
  if (!groupsOf(all).includes(group)) return undefined;
  if (version === undefined) return { kind: "APIGroup", apiVersion: "v1", ...groupOf(all, group) };
  return resourceList(all, group, version);
}

const groupsOf = (all: readonly Served[]): readonly string[] =>
  [...new Set(all.map(({ group }) => group))].filter((name) => name !== "");

/** Versions of a group, the preferred one first. */
function versionsOf(all: readonly Served[], group: string): readonly string[] {
  return [...new Set(all.filter((one) => one.group === group).map(({ version }) => version))].sort(
    compareVersions,
  );
}

/** v2 before v1 before v1beta1 before v1alpha1, as Kubernetes orders them. */
export function compareVersions(a: string, b: string): number {
  const rank = (version: string): readonly number[] => {
    const [, major = "0", stage, minor = "0"] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
    return [stage === undefined ? 2 : stage === "beta" ? 1 : 0, Number(major), Number(minor)];
  };
  const [left, right] = [rank(a), rank(b)];
  for (const [i, value] of left.entries()) {
    const difference = (right[i] ?? 0) - value;
    if (difference !== 0) return difference;
  }
  return 0;
}

function groupOf(all: readonly Served[], group: string): object {
  const versions = versionsOf(all, group).map((version) => ({
    groupVersion: `${group}/${version}`,
    version,
  }));
  return { name: group, versions, preferredVersion: versions[0] };
}

function resourceList(all: readonly Served[], group: string, version: string): object | undefined {
  const served = all.filter((one) => one.group === group && one.version === version);
  if (served.length === 0) return undefined;
  const resources = served.flatMap((one) => [
    {
      name: one.plural,
      singularName: one.singular,
      namespaced: one.namespaced,
      kind: one.kind,
      verbs: one.verbs,
      ...(one.shortNames.length > 0 ? { shortNames: one.shortNames } : {}),
      ...(one.categories.length > 0 ? { categories: one.categories } : {}),
    },
    ...one.subresources.map(({ name, kind, group, version, verbs }) => ({
      name: `${one.plural}/${name}`,
      singularName: "",
      namespaced: one.namespaced,
      kind,
      ...(group === undefined ? {} : { group, version }),
      verbs,
    })),
  ]);
  const groupVersion = apiVersionOf({ group, version });
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources };
}

/** The aggregated document at /api (the core group) or /apis (all others), as apidiscovery.k8s.io `apiVersion`. */
export function aggregatedDiscovery(all: readonly Served[], pathname: string, apiVersion: string): object {
  const groups = pathname === "/api" ? [""] : groupsOf(all);
  const items = groups.map((group) => ({
    metadata: { name: group, creationTimestamp: null },
    versions: versionsOf(all, group).map((version) => ({
      version,
      resources: all.filter((one) => one.group === group && one.version === version).map(resourceDiscovery),
      freshness: "Current",
    })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion, metadata: {}, items };
}

function resourceDiscovery(one: Served): object {
  const { group, version, kind, plural, singular, verbs, shortNames, categories } = one;
  const subresources = one.subresources.map((sub: Subresource) => ({
    subresource: sub.name,
    responseKind: { group: sub.group ?? group, version: sub.version ?? version, kind: sub.kind },
    verbs: sub.verbs,
  }));
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: one.namespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}
