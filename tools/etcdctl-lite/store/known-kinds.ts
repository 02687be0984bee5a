/**
 * Kinds known only by their key prefix: only their program knows their selectable fields and measures.
 * kind-catalogue.ts lists the kinds.
 */
import type { AnyResource, Kind, KindRecord } from "keelson";
import type { FlagSpec } from "../cli/flags.ts";

export const kindFlag: FlagSpec = {
  name: "kind",
  type: "text",
  summary: "type of a resource that is not recorded: apiVersion:Kind, or apiVersion:Kind:Cluster",
};

/** "pods", "deployments.apps". */
export const resourceOf = ({ plural, group }: Pick<KindRecord, "plural" | "group">): string =>
  group === "" ? plural : `${plural}.${group}`;

/** For writes, and for counting values measured by others. */
export async function kindFor(record: KindRecord): Promise<Kind> {
  const { namespaceKind, unfamiliarKind } = await import("keelson");
  // The store defines this kind itself and accepts no other definition.
  return resourceOf(record) === resourceOf(namespaceKind) ? namespaceKind : unfamiliarKind(placeOf(record));
}

/** Never used for writes: selectable fields are then read from the objects themselves. */
const ownHeaderVersion = Number.MAX_SAFE_INTEGER;

/** For selection by any field. @param fields paths such as `spec.nodeName` */
export async function selectableKind(
  record: KindRecord,
  fields: readonly string[],
): Promise<Kind<AnyResource>> {
  const { defineKind } = await import("keelson");
  const readers = fields.map((path) => [path, (object: AnyResource) => textAt(object, path)] as const);
  return defineKind<AnyResource>({
    ...placeOf(record),
    fields: Object.fromEntries(readers),
    headerVersion: ownHeaderVersion,
  });
}

/** @param given value of `--kind`: apiVersion, kind, scope */
export function recordOf(
  resource: string,
  [apiVersion = "", kind = "", scope]: readonly string[],
): KindRecord {
  const [plural = "", ...groups] = resource.split(".");
  const group = groups.join(".");
  return {
    group,
    version: apiVersion.split("/").at(-1) ?? "",
    kind,
    plural,
    scope: scope === "Cluster" ? "Cluster" : "Namespaced",
    keyPath: group === "" ? plural : `${group}/${plural}`,
    nameRule: "subdomain",
  };
}

function placeOf({ group, version, kind, plural, scope, keyPath, nameRule }: KindRecord): KindRecord {
  return { group, version, kind, plural, scope, keyPath, nameRule };
}

function textAt(object: AnyResource, path: string): string | undefined {
  let value: unknown = object;
  for (const name of path.split(".")) {
    value =
      typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }
  return value === undefined || typeof value === "object" ? undefined : String(value);
}
