/**
 * The selectable fields of each built-in kind, besides metadata.name and metadata.namespace. The lists are Kubernetes'
 * (field label conversions and selectable fields of its registries). As there, an absent value counts as "", an absent
 * boolean or number as the text of its zero.
 */
import type { AnyResource } from "../../resource/model/resource.ts";

interface Field {
  (object: AnyResource): string | undefined;
  /** All the paths that it reads. */
  readonly paths: readonly string[];
}

function fieldAt(path: string, print: (value: unknown) => string | undefined): Field {
  return Object.assign((object: AnyResource) => print(valueAt(object, path)), { paths: [path] });
}

/** Path to a text. */
const text = (path: string): Field =>
  fieldAt(path, (value) => (typeof value === "string" ? value : undefined));
/** Path to a boolean or number, with its text when absent. */
const printed = (path: string, zero: "false" | "0"): Field =>
  fieldAt(path, (value) =>
    typeof value === "boolean" || typeof value === "number" || typeof value === "bigint"
      ? String(value)
      : zero,
  );

const texts = (...paths: readonly string[]): Record<string, Field> =>
  Object.fromEntries(paths.map((path) => [path, text(path)]));

const fieldsByResource: Readonly<Record<string, Record<string, Field>>> = {
  pods: {
    ...texts(
      "spec.nodeName",
      "spec.restartPolicy",
      "spec.schedulerName",
      "spec.serviceAccountName",
      "status.phase",
      "status.podIP",
      "status.nominatedNodeName",
    ),
    "spec.hostNetwork": printed("spec.hostNetwork", "false"),
  },
  nodes: { "spec.unschedulable": printed("spec.unschedulable", "false") },
  namespaces: texts("status.phase"),
  secrets: texts("type"),
  services: texts("spec.clusterIP", "spec.type"),
  replicationcontrollers: { "status.replicas": printed("status.replicas", "0") },
  "replicasets.apps": { "status.replicas": printed("status.replicas", "0") },
  "jobs.batch": { "status.successful": printed("status.succeeded", "0") },
  "certificatesigningrequests.certificates.k8s.io": texts("spec.signerName"),
  "clustertrustbundles.certificates.k8s.io": texts("spec.signerName"),
  "podcertificaterequests.certificates.k8s.io": texts("spec.signerName", "spec.podName", "spec.nodeName"),
  "resourceslices.resource.k8s.io": texts("spec.nodeName", "spec.driver"),
  events: {
    ...texts(
      "involvedObject.kind",
      "involvedObject.namespace",
      "involvedObject.name",
      "involvedObject.uid",
      "involvedObject.apiVersion",
      "involvedObject.resourceVersion",
      "involvedObject.fieldPath",
      "reason",
      "type",
    ),
    reportingComponent: text("reportingComponent"),
    // Old events name their source, new ones the reporting controller.
    source: Object.assign(
      (event: AnyResource) => text("source.component")(event) || text("reportingComponent")(event),
      { paths: ["source.component", "reportingComponent"] },
    ),
  },
};

/** By "pods", "deployments.apps". */
export function selectableFields(resource: string): Record<string, Field> {
  return Object.hasOwn(fieldsByResource, resource) ? (fieldsByResource[resource] ?? {}) : {};
}

/** All paths that these fields read: they can be read from a stored value without decoding all of it. */
export function pathsRead(fields: Readonly<Record<string, Field>>): readonly string[] {
  return [...new Set(Object.values(fields).flatMap(({ paths }) => paths))];
}

/** A field at a dotted path that a custom kind declares, as text. */
export function declaredField(path: string): Field {
  return fieldAt(path, (value) =>
    typeof value === "string" || typeof value === "boolean" || typeof value === "number"
      ? String(value)
      : undefined,
  );
}

function valueAt(object: AnyResource, path: string): unknown {
  let value: unknown = object;
  for (const part of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return value;
}
