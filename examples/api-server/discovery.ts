/** What kubectl asks first: which groups, versions and kinds there are. */
import type { Kind } from "keelson";

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"] as const;

/** What people type instead of a plural. */
const shortNames: ReadonlyMap<string, readonly string[]> = new Map([
  ["configmaps", ["cm"]],
  ["deployments", ["deploy"]],
  ["namespaces", ["ns"]],
  ["pods", ["po"]],
]);

/** The discovery document at `pathname`; undefined when the path is not one of discovery's. */
export function discoveryOf(kinds: readonly Kind[], pathname: string): object | undefined {
  const [root, group, version, ...more] = pathname.split("/").filter(Boolean);
  if (more.length > 0) return undefined;
  if (root === "version") return { major: "1", minor: "33", gitVersion: "v1.33.0-keelson" };
  if (root === "api" && group === undefined) return { kind: "APIVersions", versions: ["v1"] };
  if (root === "api" && version === undefined) return resourceList(kinds, "", group);
  if (root !== "apis") return undefined;
  if (group === undefined) {
    const groups = [...new Set(kinds.map((kind) => kind.group))].filter((name) => name !== "");
    return { kind: "APIGroupList", apiVersion: "v1", groups: groups.map((name) => groupOf(kinds, name)) };
  }
  return version === undefined ? groupOf(kinds, group) : resourceList(kinds, group, version);
}

function groupOf(kinds: readonly Kind[], group: string): object {
  const versions = [...new Set(kinds.filter((kind) => kind.group === group).map((kind) => kind.version))].map(
    (version) => ({ groupVersion: `${group}/${version}`, version }),
  );
  return { kind: "APIGroup", apiVersion: "v1", name: group, versions, preferredVersion: versions[0] };
}

function resourceList(
  kinds: readonly Kind[],
  group: string,
  version: string | undefined,
): object | undefined {
  const served = kinds.filter((kind) => kind.group === group && kind.version === version);
  if (served.length === 0) return undefined;
  const resources = served.flatMap(({ kind, plural, scope, status }) => {
    const resource = {
      name: plural,
      singularName: kind.toLowerCase(),
      namespaced: scope === "Namespaced",
      kind,
      verbs,
    };
    const whole = { ...resource, shortNames: shortNames.get(plural) };
    return status
      ? [whole, { ...resource, name: `${plural}/status`, verbs: ["get", "patch", "update"] }]
      : [whole];
  });
  const groupVersion = group === "" ? version : `${group}/${version}`;
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources };
}
