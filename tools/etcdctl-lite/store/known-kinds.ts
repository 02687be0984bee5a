/**
 * Kinds by the names people use for them: those the store has on record, else Kubernetes' usual ones, or any with
 * `--kind`. What a kind selects by and measures is its program's business: here it is known by its place alone.
 */
import type { AnyResource, Kind, KindRecord, StoreRecords } from "keelson";
import { badArguments } from "../cli/failure.ts";
import { type FlagSpec, nearest } from "../cli/flags.ts";

export const kindFlag: FlagSpec = {
  name: "kind",
  type: "text",
  summary: "what an unusual resource is: apiVersion:Kind, or apiVersion:Kind:Cluster",
};

/** `resource: [apiVersion, kind, cluster-scoped]`. */
const usual: Readonly<Record<string, readonly [string, string, "Namespaced" | "Cluster"]>> = {
  configmaps: ["v1", "ConfigMap", "Namespaced"],
  endpoints: ["v1", "Endpoints", "Namespaced"],
  events: ["v1", "Event", "Namespaced"],
  namespaces: ["v1", "Namespace", "Cluster"],
  nodes: ["v1", "Node", "Cluster"],
  persistentvolumeclaims: ["v1", "PersistentVolumeClaim", "Namespaced"],
  pods: ["v1", "Pod", "Namespaced"],
  secrets: ["v1", "Secret", "Namespaced"],
  serviceaccounts: ["v1", "ServiceAccount", "Namespaced"],
  services: ["v1", "Service", "Namespaced"],
  "daemonsets.apps": ["apps/v1", "DaemonSet", "Namespaced"],
  "deployments.apps": ["apps/v1", "Deployment", "Namespaced"],
  "replicasets.apps": ["apps/v1", "ReplicaSet", "Namespaced"],
  "statefulsets.apps": ["apps/v1", "StatefulSet", "Namespaced"],
  "cronjobs.batch": ["batch/v1", "CronJob", "Namespaced"],
  "jobs.batch": ["batch/v1", "Job", "Namespaced"],
};

/** "pods", "deployments.apps". */
export const resourceOf = ({ plural, group }: Pick<KindRecord, "plural" | "group">): string =>
  group === "" ? plural : `${plural}.${group}`;

/**
 * @param name `pods`, `pod`, `deployments.apps`, or `deployments` where only one group has them
 * @param given of `--kind`, or ""
 * @throws CliFailure for a resource that is not known here
 */
export function recordNamed(name: string, given: string, { kinds }: Pick<StoreRecords, "kinds">): KindRecord {
  if (given !== "") return recordOf(name, given.split(":"));
  const all = [...kinds, ...usualRecords(kinds)];
  const wanted = name.toLowerCase();
  const exact = all.find((record) => resourceOf(record) === wanted);
  if (exact !== undefined) return exact;
  const meant = all.filter(({ plural, kind }) => plural === wanted || kind.toLowerCase() === wanted);
  const [only] = meant;
  if (only !== undefined && meant.length === 1) return only;
  if (meant.length > 1) {
    throw badArguments(`resource ${JSON.stringify(name)} is one of ${meant.map(resourceOf).join(", ")}`);
  }
  const near = nearest(wanted, all.map(resourceOf));
  throw badArguments(
    `resource ${JSON.stringify(name)} is not known, give --kind${near === undefined ? "" : `, or did you mean ${near}?`}`,
  );
}

/** For writing, and for counting what others have measured. */
export async function kindFor(record: KindRecord): Promise<Kind> {
  const { namespaceKind, unfamiliarKind } = await import("keelson");
  // The store has this one of its own, and takes no other.
  return resourceOf(record) === resourceOf(namespaceKind) ? namespaceKind : unfamiliarKind(record);
}

/** No program writes under it: selectable fields are then read from the objects themselves. */
const ownHeaderVersion = Number.MAX_SAFE_INTEGER;

/** For selecting by any field. @param fields paths such as `spec.nodeName` */
export async function selectableKind(
  record: KindRecord,
  fields: readonly string[],
): Promise<Kind<AnyResource>> {
  const { defineKind, namespaceKind } = await import("keelson");
  const isNamespace = resourceOf(record) === resourceOf(namespaceKind);
  if (isNamespace) return namespaceKind as Kind as Kind<AnyResource>;
  const readers = fields.map((path) => [path, (object: AnyResource) => textAt(object, path)] as const);
  return defineKind<AnyResource>({
    ...record,
    fields: Object.fromEntries(readers),
    headerVersion: ownHeaderVersion,
  });
}

function usualRecords(besides: readonly KindRecord[]): readonly KindRecord[] {
  const there = new Set(besides.map(resourceOf));
  return Object.entries(usual).flatMap(([resource, facts]) =>
    there.has(resource) ? [] : [recordOf(resource, facts)],
  );
}

function recordOf(resource: string, [apiVersion = "", kind = "", scope]: readonly string[]): KindRecord {
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

function textAt(object: AnyResource, path: string): string | undefined {
  let value: unknown = object;
  for (const name of path.split(".")) {
    value =
      typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }
  return value === undefined || typeof value === "object" ? undefined : String(value);
}
