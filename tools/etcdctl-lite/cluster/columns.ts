/**
 * The columns that `kubectl get` shows for a kind, as far as the stored object has them. Columns of Kubernetes' own
 * kinds are here, those of custom kinds come from their definitions; any other kind has name and age.
 */
import type { AnyResource } from "keelson";
import { humanDuration } from "keelson/http";
import type { PrinterColumn } from "keelson/kubernetes";
import { valuesAt, valueText } from "./json-path.ts";
import { at, listAt, mapAt, numberAt, textAt } from "./plain-fields.ts";
import { podStatus } from "./pod-status.ts";

export interface Column {
  readonly title: string;
  /** Only with `-o wide`. */
  readonly wide?: true;
  readonly cell: (object: AnyResource, nowMs: number) => string;
}

const column = (title: string, cell: Column["cell"]): Column => ({ title, cell });
const wide = (title: string, cell: Column["cell"]): Column => ({ title, cell, wide: true });
const text = (title: string, path: string): Column => column(title, (object) => textAt(object, path));
const count = (title: string, path: string): Column =>
  column(title, (object) => String(numberAt(object, path)));

const name = column("NAME", ({ metadata }) => metadata.name);
const age = column("AGE", ({ metadata }, nowMs) => since(metadata.creationTimestamp, nowMs));
const containers = wide("CONTAINERS", (object) => podTemplate(object, "name"));
const images = wide("IMAGES", (object) => podTemplate(object, "image"));
const selector = wide("SELECTOR", (object) => selectorText(at(object, "spec.selector")));
/** Of ReplicaSets and ReplicationControllers. */
const replicas = [
  name,
  count("DESIRED", "spec.replicas"),
  count("CURRENT", "status.replicas"),
  count("READY", "status.readyReplicas"),
  age,
  containers,
  images,
  selector,
];

const byResource: Readonly<Record<string, readonly Column[]>> = {
  pods: [
    name,
    column("READY", (pod) => `${podStatus(pod).ready}/${podStatus(pod).containers}`),
    column("STATUS", (pod) => podStatus(pod).word),
    column("RESTARTS", (pod) => String(podStatus(pod).restarts)),
    age,
    wide("IP", (pod) => textAt(pod, "status.podIP")),
    wide("NODE", (pod) => textAt(pod, "spec.nodeName")),
  ],
  services: [
    name,
    text("TYPE", "spec.type"),
    text("CLUSTER-IP", "spec.clusterIP"),
    column("EXTERNAL-IP", externalAddresses),
    column("PORT(S)", servicePorts),
    age,
    selector,
  ],
  "deployments.apps": [
    name,
    column("READY", (one) => `${numberAt(one, "status.readyReplicas")}/${numberAt(one, "spec.replicas")}`),
    count("UP-TO-DATE", "status.updatedReplicas"),
    count("AVAILABLE", "status.availableReplicas"),
    age,
    containers,
    images,
    selector,
  ],
  "statefulsets.apps": [
    name,
    column("READY", (one) => `${numberAt(one, "status.readyReplicas")}/${numberAt(one, "spec.replicas")}`),
    age,
    containers,
    images,
  ],
  "replicasets.apps": replicas,
  replicationcontrollers: replicas,
  "daemonsets.apps": [
    name,
    count("DESIRED", "status.desiredNumberScheduled"),
    count("CURRENT", "status.currentNumberScheduled"),
    count("READY", "status.numberReady"),
    count("UP-TO-DATE", "status.updatedNumberScheduled"),
    count("AVAILABLE", "status.numberAvailable"),
    age,
    containers,
    images,
  ],
  "jobs.batch": [
    name,
    column(
      "COMPLETIONS",
      (job) => `${numberAt(job, "status.succeeded")}/${textAt(job, "spec.completions") || "1"}`,
    ),
    age,
    containers,
    images,
  ],
  "cronjobs.batch": [
    name,
    text("SCHEDULE", "spec.schedule"),
    column("SUSPEND", (one) => (at(one, "spec.suspend") === true ? "True" : "False")),
    column("ACTIVE", (one) => String(listAt(one, "status.active").length)),
    column("LAST SCHEDULE", (one, nowMs) => since(textAt(one, "status.lastScheduleTime"), nowMs) || "<none>"),
    age,
  ],
  nodes: [
    name,
    column("STATUS", nodeStatus),
    column("ROLES", nodeRoles),
    age,
    text("VERSION", "status.nodeInfo.kubeletVersion"),
    wide("INTERNAL-IP", (node) => addressOf(node, "InternalIP")),
    wide("OS-IMAGE", (node) => textAt(node, "status.nodeInfo.osImage")),
    wide("CONTAINER-RUNTIME", (node) => textAt(node, "status.nodeInfo.containerRuntimeVersion")),
  ],
  namespaces: [name, text("STATUS", "status.phase"), age],
  configmaps: [
    name,
    column("DATA", (one) =>
      String(Object.keys({ ...mapAt(one, "data"), ...mapAt(one, "binaryData") }).length),
    ),
    age,
  ],
  secrets: [
    name,
    text("TYPE", "type"),
    column("DATA", (one) => String(Object.keys(mapAt(one, "data")).length)),
    age,
  ],
  serviceaccounts: [name, column("SECRETS", (one) => String(listAt(one, "secrets").length)), age],
  endpoints: [name, column("ENDPOINTS", endpointAddresses), age],
  persistentvolumeclaims: [
    name,
    text("STATUS", "status.phase"),
    text("VOLUME", "spec.volumeName"),
    text("CAPACITY", "status.capacity.storage"),
    column("ACCESS MODES", (one) => accessModes(listAt(one, "status.accessModes"))),
    text("STORAGECLASS", "spec.storageClassName"),
    age,
  ],
  persistentvolumes: [
    name,
    text("CAPACITY", "spec.capacity.storage"),
    column("ACCESS MODES", (one) => accessModes(listAt(one, "spec.accessModes"))),
    text("RECLAIM POLICY", "spec.persistentVolumeReclaimPolicy"),
    text("STATUS", "status.phase"),
    column("CLAIM", (one) =>
      [textAt(one, "spec.claimRef.namespace"), textAt(one, "spec.claimRef.name")].filter(Boolean).join("/"),
    ),
    text("STORAGECLASS", "spec.storageClassName"),
    age,
  ],
  "ingresses.networking.k8s.io": [
    name,
    text("CLASS", "spec.ingressClassName"),
    column(
      "HOSTS",
      (one) =>
        listAt(one, "spec.rules")
          .map((rule) => textAt(rule, "host") || "*")
          .join(",") || "*",
    ),
    column("ADDRESS", (one) => ingressAddresses(one)),
    age,
  ],
  "horizontalpodautoscalers.autoscaling": [
    name,
    column(
      "REFERENCE",
      (one) => `${textAt(one, "spec.scaleTargetRef.kind")}/${textAt(one, "spec.scaleTargetRef.name")}`,
    ),
    column("MINPODS", (one) => textAt(one, "spec.minReplicas") || "<unset>"),
    count("MAXPODS", "spec.maxReplicas"),
    count("REPLICAS", "status.currentReplicas"),
    age,
  ],
  events: [
    column("LAST SEEN", (event, nowMs) =>
      since(
        textAt(event, "lastTimestamp") || textAt(event, "eventTime") || event.metadata.creationTimestamp,
        nowMs,
      ),
    ),
    text("TYPE", "type"),
    text("REASON", "reason"),
    column(
      "OBJECT",
      (event) =>
        `${textAt(event, "involvedObject.kind").toLowerCase()}/${textAt(event, "involvedObject.name")}`,
    ),
    column("MESSAGE", (event) => textAt(event, "message").trim().replace(/\s+/g, " ")),
  ],
  "customresourcedefinitions.apiextensions.k8s.io": [
    name,
    column("CREATED AT", ({ metadata }) => metadata.creationTimestamp ?? "<unknown>"),
  ],
  "leases.coordination.k8s.io": [name, text("HOLDER", "spec.holderIdentity"), age],
};

/** @param custom the columns of a custom kind's definition */
export function columnsOf(resource: string, custom: readonly PrinterColumn[]): readonly Column[] {
  const own = Object.hasOwn(byResource, resource) ? byResource[resource] : undefined;
  if (own !== undefined) return own;
  if (custom.length === 0) return [name, age];
  return [name, ...custom.map(customColumn)];
}

function customColumn({ name: title, type, jsonPath, priority }: PrinterColumn): Column {
  const cell: Column["cell"] = (object, nowMs) => {
    const texts = valuesAt(object, jsonPath).map(valueText);
    return type === "date" ? since(texts[0] ?? "", nowMs) : texts.join(",");
  };
  return priority === 0 ? column(title.toUpperCase(), cell) : wide(title.toUpperCase(), cell);
}

/** "5d", "3h12m", "47s": the age, in kubectl's format. "" if it is not a time. */
export function since(time: string, nowMs: number): string {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? "" : humanDuration(nowMs - ms);
}

function podTemplate(object: AnyResource, field: string): string {
  return listAt(object, "spec.template.spec.containers")
    .map((container) => textAt(container, field))
    .join(",");
}

function selectorText(value: unknown): string {
  const labels =
    at(value, "matchLabels") ?? (at(value, "matchExpressions") === undefined ? value : undefined);
  const pairs = typeof labels === "object" && labels !== null ? Object.entries(labels) : [];
  const texts = pairs.map(([key, wanted]) => `${key}=${String(wanted)}`);
  for (const one of listAt(value, "matchExpressions")) {
    texts.push(`${textAt(one, "key")} ${textAt(one, "operator")} (${listAt(one, "values").join(",")})`);
  }
  return texts.join(",") || "<none>";
}

function externalAddresses(service: AnyResource): string {
  const type = textAt(service, "spec.type");
  if (type === "ExternalName") return textAt(service, "spec.externalName");
  const external = listAt(service, "spec.externalIPs").map(String);
  const balanced = type === "LoadBalancer" ? ingressAddresses(service) : "";
  const all = [balanced, ...external].filter(Boolean).join(",");
  return all || (type === "LoadBalancer" ? "<pending>" : "<none>");
}

function ingressAddresses(object: AnyResource): string {
  return listAt(object, "status.loadBalancer.ingress")
    .map((one) => textAt(one, "ip") || textAt(one, "hostname"))
    .join(",");
}

function servicePorts(service: AnyResource): string {
  const ports = listAt(service, "spec.ports").map((port) => {
    const node = numberAt(port, "nodePort");
    return `${textAt(port, "port")}${node > 0 ? `:${node}` : ""}/${textAt(port, "protocol") || "TCP"}`;
  });
  return ports.join(",") || "<none>";
}

function endpointAddresses(object: AnyResource): string {
  const all = listAt(object, "subsets").flatMap((subset) =>
    listAt(subset, "addresses").flatMap((address) => {
      const ip = textAt(address, "ip");
      const ports = listAt(subset, "ports").map((port) => `${ip}:${textAt(port, "port")}`);
      return ports.length > 0 ? ports : [ip];
    }),
  );
  const shown = all.slice(0, 3).join(",");
  return all.length > 3 ? `${shown} + ${all.length - 3} more...` : shown || "<none>";
}

function nodeStatus(node: AnyResource): string {
  const ready = listAt(node, "status.conditions").find((condition) => textAt(condition, "type") === "Ready");
  const status = textAt(ready, "status");
  const word = status === "True" ? "Ready" : status === "" ? "Unknown" : "NotReady";
  return at(node, "spec.unschedulable") === true ? `${word},SchedulingDisabled` : word;
}

function nodeRoles(node: AnyResource): string {
  const roles = Object.entries(node.metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith("node-role.kubernetes.io/")) return [key.slice("node-role.kubernetes.io/".length)];
    return key === "kubernetes.io/role" ? [value] : [];
  });
  return roles.sort().join(",") || "<none>";
}

function addressOf(node: AnyResource, type: string): string {
  const found = listAt(node, "status.addresses").find((address) => textAt(address, "type") === type);
  return textAt(found, "address") || "<none>";
}

function accessModes(modes: readonly unknown[]): string {
  const short: Readonly<Record<string, string>> = {
    ReadWriteOnce: "RWO",
    ReadOnlyMany: "ROX",
    ReadWriteMany: "RWX",
    ReadWriteOncePod: "RWOP",
  };
  return modes.map((mode) => short[String(mode)] ?? String(mode)).join(",");
}
