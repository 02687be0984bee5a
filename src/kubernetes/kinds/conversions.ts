/**
 * Converts an object to another API version of its kind, as kube-apiserver does on reads.
 *
 * Most versions of a kind differ only by name. The others are below and in two separate files; an unknown pair is
 * refused by name, so no field is silently lost.
 */
import type { AnyResource } from "../../resource/model/resource.ts";
import { autoscalerToV1 } from "./autoscaler-to-v1.ts";
import { autoscalerToV2 } from "./autoscaler-to-v2.ts";
import type { BuiltinKind, StoredVersion } from "./builtin-kinds.ts";
import { definitionToV1, definitionToV1beta1 } from "./definition-conversion.ts";
import { type Fields, fieldsOf, listOf, withFields, without } from "./plain-fields.ts";

/** Converts the content of one version (all except apiVersion and kind) to that of another. */
type Convert = (object: Fields) => Fields;

/** "same": no field differs. Versions of other groups are written with their group. */
interface Shape {
  readonly kind: string;
  /** Groups of versions with the same fields; any other version of the kind has the fields of the newest. */
  readonly older: readonly string[];
  readonly up?: Convert;
  readonly down?: Convert;
}

const shapes: readonly Shape[] = [
  {
    kind: "Ingress",
    older: ["networking.k8s.io/v1beta1", "extensions/v1beta1"],
    up: ingressUp,
    down: ingressDown,
  },
  {
    kind: "HorizontalPodAutoscaler",
    older: ["autoscaling/v1"],
    up: autoscalerToV2,
    down: autoscalerToV1,
  },
  {
    kind: "EndpointSlice",
    older: ["discovery.k8s.io/v1beta1"],
    up: endpointSliceUp,
    down: endpointSliceDown,
  },
  { kind: "RuntimeClass", older: ["node.k8s.io/v1alpha1"], up: runtimeClassUp },
  {
    kind: "Deployment",
    older: ["apps/v1beta1", "extensions/v1beta1"],
    up: deploymentUp,
    down: (object) => object,
  },
  { kind: "DaemonSet", older: ["extensions/v1beta1"], up: daemonSetUp },
  {
    kind: "PriorityLevelConfiguration",
    older: ["flowcontrol.apiserver.k8s.io/v1beta1", "flowcontrol.apiserver.k8s.io/v1beta2"],
    up: (object) => renamedShares(object, "assuredConcurrencyShares", "nominalConcurrencyShares"),
    down: (object) => renamedShares(object, "nominalConcurrencyShares", "assuredConcurrencyShares"),
  },
  { kind: "ResourceClaim", older: ["resource.k8s.io/v1beta1"], up: (object) => inSpec(object, claimSpecUp) },
  {
    kind: "ResourceClaimTemplate",
    older: ["resource.k8s.io/v1beta1"],
    up: (object) => inSpec(object, (spec) => inSpec(spec, claimSpecUp)),
  },
  { kind: "ResourceSlice", older: ["resource.k8s.io/v1beta1"], up: (object) => inSpec(object, sliceSpecUp) },
  {
    kind: "CustomResourceDefinition",
    older: ["apiextensions.k8s.io/v1beta1"],
    up: definitionToV1,
    down: definitionToV1beta1,
  },
];

/**
 * `stored` converted to version `to` of its kind; the same object if it has that version.
 * @throws Error: a version that the kind does not have, or an unknown conversion
 */
export function convertVersion(kind: BuiltinKind, stored: AnyResource, to: StoredVersion): AnyResource {
  const from = stored.apiVersion;
  if (from === to.apiVersion) return stored;
  if (!kind.versions.some(({ apiVersion }) => apiVersion === from)) {
    throw new Error(`${kind.kind} of Kubernetes has no version ${JSON.stringify(from)}`);
  }
  const shape = shapes.find((one) => one.kind === kind.kind);
  const isOlder = (apiVersion: string): boolean => shape?.older.includes(apiVersion) === true;
  const convert = isOlder(from) === isOlder(to.apiVersion) ? same : isOlder(from) ? shape?.up : shape?.down;
  if (convert === undefined) {
    throw new Error(`the way from ${from} ${kind.kind} to ${to.apiVersion} is not known here`);
  }
  return { ...(convert(stored) as AnyResource), apiVersion: to.apiVersion, kind: kind.kind };
}

const same: Convert = (object) => object;

function inSpec(object: Fields, convert: Convert): Fields {
  return object["spec"] === undefined ? object : { ...object, spec: convert(fieldsOf(object["spec"])) };
}

/** `spec.backend` became `spec.defaultBackend`, and a backend's service became an object. */
function ingressUp(object: Fields): Fields {
  const backend = (value: unknown): Fields | undefined => {
    if (value === undefined) return undefined;
    const { serviceName, servicePort, ...rest } = fieldsOf(value);
    const port =
      typeof servicePort === "string"
        ? { name: servicePort }
        : servicePort === undefined
          ? {}
          : { number: servicePort };
    return serviceName === undefined && servicePort === undefined
      ? rest
      : { ...rest, service: withFields({ name: serviceName ?? "" }, { port }) };
  };
  return inSpec(object, (spec) => {
    const rules = withBackends(spec["rules"], backend);
    return withFields(without(spec, "backend"), { defaultBackend: backend(spec["backend"]), rules });
  });
}

function ingressDown(object: Fields): Fields {
  const backend = (value: unknown): Fields | undefined => {
    if (value === undefined) return undefined;
    const { service, ...rest } = fieldsOf(value);
    if (service === undefined) return rest;
    const { name, port } = fieldsOf(service);
    const { name: portName, number } = fieldsOf(port);
    return withFields(rest, { serviceName: name, servicePort: portName ?? number ?? 0 });
  };
  return inSpec(object, (spec) => {
    const rules = withBackends(spec["rules"], backend);
    return withFields(without(spec, "defaultBackend"), { backend: backend(spec["defaultBackend"]), rules });
  });
}

function withBackends(rules: unknown, backend: (value: unknown) => Fields | undefined): unknown {
  if (!Array.isArray(rules)) return rules;
  return rules.map((value) => {
    const rule = fieldsOf(value);
    const http = fieldsOf(rule["http"]);
    if (!Array.isArray(http["paths"])) return rule;
    const paths = http["paths"].map((path) =>
      withFields(fieldsOf(path), { backend: backend(fieldsOf(path)["backend"]) }),
    );
    return { ...rule, http: { ...http, paths } };
  });
}

/** The topology map became two fields; its other entries stay as `deprecatedTopology`. */
function endpointSliceUp(object: Fields): Fields {
  const endpoints = listOf(object["endpoints"]).map((value) => {
    const endpoint = fieldsOf(value);
    const topology = fieldsOf(endpoint["topology"]);
    const { "kubernetes.io/hostname": host, "topology.kubernetes.io/zone": zone, ...rest } = topology;
    return withFields(without(endpoint, "topology"), {
      nodeName: endpoint["nodeName"] ?? host,
      zone: endpoint["zone"] ?? zone,
      deprecatedTopology: rest,
    });
  });
  return {
    ...object,
    endpoints: endpoints.length === 0 && object["endpoints"] !== undefined ? object["endpoints"] : endpoints,
  };
}

/** v1beta1 has `nodeName` and also the host in the map; the zone is only in the map. */
function endpointSliceDown(object: Fields): Fields {
  const endpoints = listOf(object["endpoints"]).map((value) => {
    const endpoint = fieldsOf(value);
    const { nodeName, zone } = endpoint;
    const topology = withFields(fieldsOf(endpoint["deprecatedTopology"]), {
      "kubernetes.io/hostname": nodeName,
      "topology.kubernetes.io/zone": zone,
    });
    return withFields(without(endpoint, "deprecatedTopology", "zone"), { topology });
  });
  return object["endpoints"] === undefined ? object : { ...object, endpoints };
}

function runtimeClassUp(object: Fields): Fields {
  const { runtimeHandler, overhead, scheduling } = fieldsOf(object["spec"]);
  return withFields(without(object, "spec"), { handler: runtimeHandler, overhead, scheduling });
}

/** v1 keeps content without a field in an annotation. */
function deploymentUp(object: Fields): Fields {
  const spec = fieldsOf(object["spec"]);
  if (spec["rollbackTo"] === undefined) return object;
  const { revision } = fieldsOf(spec["rollbackTo"]);
  const annotated = withAnnotation(object, "deprecated.deployment.rollback.to", revision ?? 0);
  return { ...annotated, spec: without(spec, "rollbackTo") };
}

function daemonSetUp(object: Fields): Fields {
  const spec = fieldsOf(object["spec"]);
  if (spec["templateGeneration"] === undefined) return object;
  const annotated = withAnnotation(
    object,
    "deprecated.daemonset.template.generation",
    spec["templateGeneration"],
  );
  return { ...annotated, spec: without(spec, "templateGeneration") };
}

function withAnnotation(object: Fields, name: string, value: unknown): Fields {
  const metadata = fieldsOf(object["metadata"]);
  const annotations = { ...fieldsOf(metadata["annotations"]), [name]: String(value) };
  return { ...object, metadata: { ...metadata, annotations } };
}

function renamedShares(object: Fields, from: string, to: string): Fields {
  return inSpec(object, (spec) => {
    const limited = fieldsOf(spec["limited"]);
    if (limited[from] === undefined) return spec;
    return { ...spec, limited: { ...without(limited, from), [to]: limited[from] } };
  });
}

/** A device request's own fields moved below `exactly`. */
function claimSpecUp(spec: Fields): Fields {
  const devices = fieldsOf(spec["devices"]);
  if (!Array.isArray(devices["requests"])) return spec;
  const requests = devices["requests"].map((value) => {
    const { name, firstAvailable, ...exactly } = fieldsOf(value);
    return withFields(
      { name },
      { exactly: firstAvailable === undefined ? exactly : undefined, firstAvailable },
    );
  });
  return { ...spec, devices: { ...devices, requests } };
}

/** `basic` was a separate level. */
function sliceSpecUp(spec: Fields): Fields {
  if (!Array.isArray(spec["devices"])) return spec;
  const devices = spec["devices"].map((value) => {
    const { basic, ...device } = fieldsOf(value);
    return { ...device, ...fieldsOf(basic) };
  });
  return { ...spec, devices };
}
