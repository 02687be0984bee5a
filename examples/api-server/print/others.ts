/** The columns of all other kinds that kubectl prints specially. */

import { ageSince } from "keelson/http";
import { at, type Json, listAt, objectAt } from "../defaults/rules.ts";
import { age, type Column, column, field, nameColumn, selectorText, textOf, wide } from "./column.ts";

const rolePrefix = "node-role.kubernetes.io/";

function rolesOf(node: Json): string {
  const labels = objectAt(node, "metadata.labels");
  const roles = Object.keys(labels)
    .filter((label) => label.startsWith(rolePrefix) && label.length > rolePrefix.length)
    .map((label) => label.slice(rolePrefix.length));
  const old = labels["kubernetes.io/role"];
  return textOf([...roles, ...(typeof old === "string" ? [old] : [])].sort());
}

function nodeStatus(node: Json): string {
  const ready = listAt(node, "status.conditions").find(({ type }) => type === "Ready");
  const state = ready === undefined ? "Unknown" : ready["status"] === "True" ? "Ready" : "NotReady";
  return at(node, "spec.unschedulable") === true ? `${state},SchedulingDisabled` : state;
}

const addressOf =
  (type: string) =>
  (node: Json): unknown =>
    listAt(node, "status.addresses").find((one) => one["type"] === type)?.["address"];

const portsOf = (service: Json): unknown =>
  listAt(service, "spec.ports").map(
    ({ port, nodePort, protocol }) =>
      `${String(port)}${nodePort ? `:${String(nodePort)}` : ""}/${String(protocol ?? "TCP")}`,
  );

function externalOf(service: Json): string {
  if (at(service, "spec.type") === "ExternalName") return textOf(at(service, "spec.externalName"));
  const ingress = listAt(service, "status.loadBalancer.ingress").map((one) => one["ip"] ?? one["hostname"]);
  const own = at(service, "spec.externalIPs");
  const all = [...ingress, ...(Array.isArray(own) ? (own as unknown[]) : [])];
  return all.length === 0 && at(service, "spec.type") === "LoadBalancer" ? "<pending>" : textOf(all);
}

function endpointsOf(endpoints: Json): string {
  const all = listAt(endpoints, "subsets").flatMap((subset) => {
    const ports = listAt(subset, "ports");
    return listAt(subset, "addresses").flatMap(({ ip }) =>
      ports.length === 0 ? [String(ip)] : ports.map(({ port }) => `${String(ip)}:${String(port)}`),
    );
  });
  return all.length > 3 ? `${all.slice(0, 3).join(",")} + ${all.length - 3} more...` : textOf(all);
}

const sizeOf = (name: string, path: string): Column =>
  column(name, (object) => Object.keys(objectAt(object, path)).length);

const modes: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};
const accessModes = (path: string): Column =>
  column("Access Modes", (object) => {
    const list = at(object, path);
    return Array.isArray(list) ? list.map((mode) => modes[String(mode)] ?? String(mode)) : undefined;
  });

const lastSeen = (event: Json): string =>
  ageSince(
    at(event, "series.lastObservedTime") ??
      event["lastTimestamp"] ??
      event["eventTime"] ??
      at(event, "metadata.creationTimestamp"),
  );
const involved = (event: Json): string => {
  const { kind, name } = objectAt(event, event["regarding"] === undefined ? "involvedObject" : "regarding");
  return `${String(kind).toLowerCase()}/${String(name)}`;
};

const roleRef = column(
  "Role",
  (one) => `${textOf(at(one, "roleRef.kind"))}/${textOf(at(one, "roleRef.name"))}`,
);
const createdAt = column("Created At", (object) => at(object, "metadata.creationTimestamp"));
const subjects = (name: string, kind: string): Column =>
  wide(
    column(name, (one) =>
      listAt(one, "subjects")
        .filter((subject) => subject["kind"] === kind)
        .map((subject) =>
          kind === "ServiceAccount"
            ? `${String(subject["namespace"])}/${String(subject["name"])}`
            : subject["name"],
        ),
    ),
  );
const bindingColumns = [
  nameColumn,
  roleRef,
  age,
  subjects("Users", "User"),
  subjects("Groups", "Group"),
  subjects("ServiceAccounts", "ServiceAccount"),
];

export const otherColumns: Readonly<Record<string, readonly Column[]>> = {
  nodes: [
    nameColumn,
    column("Status", nodeStatus),
    column("Roles", rolesOf),
    age,
    column("Version", (node) => at(node, "status.nodeInfo.kubeletVersion") ?? ""),
    wide(column("Internal-IP", addressOf("InternalIP"))),
    wide(column("External-IP", addressOf("ExternalIP"))),
    wide(column("OS-Image", (node) => at(node, "status.nodeInfo.osImage") ?? "<unknown>")),
    wide(column("Kernel-Version", (node) => at(node, "status.nodeInfo.kernelVersion") ?? "<unknown>")),
    wide(
      column(
        "Container-Runtime",
        (node) => at(node, "status.nodeInfo.containerRuntimeVersion") ?? "<unknown>",
      ),
    ),
  ],
  namespaces: [nameColumn, field("Status", "status.phase"), age],
  services: [
    nameColumn,
    field("Type", "spec.type"),
    field("Cluster-IP", "spec.clusterIP"),
    column("External-IP", externalOf),
    column("Port(s)", portsOf),
    age,
    wide(column("Selector", (service) => selectorText(at(service, "spec.selector")))),
  ],
  endpoints: [nameColumn, column("Endpoints", endpointsOf), age],
  "endpointslices.discovery.k8s.io": [
    nameColumn,
    field("AddressType", "addressType"),
    column("Ports", (slice) => listAt(slice, "ports").map(({ port }) => port ?? "*")),
    column("Endpoints", (slice) =>
      listAt(slice, "endpoints")
        .flatMap(({ addresses }) => (Array.isArray(addresses) ? (addresses as unknown[]) : []))
        .slice(0, 3),
    ),
    age,
  ],
  "ingresses.networking.k8s.io": [
    nameColumn,
    field("Class", "spec.ingressClassName"),
    column("Hosts", (one) => listAt(one, "spec.rules").map(({ host }) => host ?? "*")),
    column(
      "Address",
      (one) =>
        listAt(one, "status.loadBalancer.ingress")
          .map(({ ip, hostname }) => ip ?? hostname)
          .join(",") || "",
    ),
    column("Ports", (one) => (listAt(one, "spec.tls").length > 0 ? "80, 443" : "80")),
    age,
  ],
  configmaps: [nameColumn, sizeOf("Data", "data"), age],
  secrets: [nameColumn, field("Type", "type"), sizeOf("Data", "data"), age],
  serviceaccounts: [nameColumn, column("Secrets", (one) => listAt(one, "secrets").length), age],
  persistentvolumes: [
    nameColumn,
    field("Capacity", "spec.capacity.storage"),
    accessModes("spec.accessModes"),
    field("Reclaim Policy", "spec.persistentVolumeReclaimPolicy"),
    field("Status", "status.phase"),
    column("Claim", (one) =>
      at(one, "spec.claimRef") === undefined
        ? ""
        : `${String(at(one, "spec.claimRef.namespace"))}/${String(at(one, "spec.claimRef.name"))}`,
    ),
    column("StorageClass", (one) => at(one, "spec.storageClassName") ?? ""),
    age,
  ],
  persistentvolumeclaims: [
    nameColumn,
    field("Status", "status.phase"),
    column("Volume", (one) => at(one, "spec.volumeName") ?? ""),
    column("Capacity", (one) => at(one, "status.capacity.storage") ?? ""),
    accessModes("status.accessModes"),
    column("StorageClass", (one) => at(one, "spec.storageClassName") ?? ""),
    age,
  ],
  "storageclasses.storage.k8s.io": [
    nameColumn,
    field("Provisioner", "provisioner"),
    field("ReclaimPolicy", "reclaimPolicy"),
    field("VolumeBindingMode", "volumeBindingMode"),
    column("AllowVolumeExpansion", (one) => at(one, "allowVolumeExpansion") === true),
    age,
  ],
  events: [
    column("Last Seen", lastSeen),
    field("Type", "type"),
    field("Reason", "reason"),
    column("Object", involved),
    wide(column("Source", (event) => at(event, "source.component") ?? at(event, "reportingComponent"))),
    column("Message", (event) => String(event["message"] ?? event["note"] ?? "").trim()),
    wide(column("First Seen", (event) => ageSince(event["firstTimestamp"] ?? event["eventTime"]))),
    wide(column("Count", (event) => at(event, "series.count") ?? event["count"] ?? 1)),
    wide(nameColumn),
  ],
  "leases.coordination.k8s.io": [nameColumn, field("Holder", "spec.holderIdentity"), age],
  "roles.rbac.authorization.k8s.io": [nameColumn, createdAt],
  "clusterroles.rbac.authorization.k8s.io": [nameColumn, createdAt],
  "rolebindings.rbac.authorization.k8s.io": bindingColumns,
  "clusterrolebindings.rbac.authorization.k8s.io": bindingColumns,
  "networkpolicies.networking.k8s.io": [
    nameColumn,
    column("Pod-Selector", (one) => selectorText(at(one, "spec.podSelector"))),
    age,
  ],
  "priorityclasses.scheduling.k8s.io": [
    nameColumn,
    field("Value", "value"),
    column("Global-Default", (one) => at(one, "globalDefault") === true),
    age,
    field("PreemptionPolicy", "preemptionPolicy"),
  ],
  "customresourcedefinitions.apiextensions.k8s.io": [nameColumn, createdAt],
};
