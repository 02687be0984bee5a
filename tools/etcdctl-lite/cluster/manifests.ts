/**
 * Stored objects as manifests for `kubectl apply`: without fields that a server sets, in a version it serves, one file
 * per object, named so that `kubectl apply -f DIRECTORY` applies them in a working order:
 *
 *   namespaces, definitions of custom kinds, rights, configuration, storage, services, workloads, the rest, custom objects, webhooks
 *
 * Objects that a controller or the server itself recreates are left out and reported.
 */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AnyResource } from "keelson";
import { CliFailure, exitCodes } from "../cli/failure.ts";
import { yamlDocument } from "../text/documents.ts";
import { at, type Fields, listAt, mapAt, textAt } from "./plain-fields.ts";

/** Kinds in the order they are applied; of the rest, built-in ones come before custom ones. */
const order: readonly string[] = [
  "Namespace",
  "CustomResourceDefinition",
  "PriorityClass",
  "StorageClass",
  "ServiceAccount",
  "ClusterRole",
  "Role",
  "ClusterRoleBinding",
  "RoleBinding",
  "ResourceQuota",
  "LimitRange",
  "Secret",
  "ConfigMap",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "Service",
  "DaemonSet",
  "StatefulSet",
  "Deployment",
  "ReplicaSet",
  "ReplicationController",
  "Pod",
  "Job",
  "CronJob",
];
const builtinRank = 50;
const customRank = 70;
/** A webhook without a running server would refuse everything applied after it. */
const lastRank = 90;

export interface Manifest {
  readonly fileName: string;
  readonly object: Fields;
}

/** Why an object has no manifest: what recreates it. Undefined: it has one. */
export function madeBy(object: AnyResource): string | undefined {
  const { metadata, kind } = object;
  const controller = (metadata.ownerReferences ?? []).find((owner) => owner.controller === true);
  if (controller !== undefined) return `${controller.kind} ${controller.name} makes it again`;
  const labels = metadata.labels ?? {};
  const annotations = metadata.annotations ?? {};
  if (labels["kubernetes.io/bootstrapping"] === "rbac-defaults")
    return "kube-apiserver makes it at its start";
  if (labels["kube-aggregator.kubernetes.io/automanaged"] !== undefined)
    return "kube-apiserver makes it at its start";
  if (annotations["apf.kubernetes.io/autoupdate-spec"] === "true")
    return "kube-apiserver makes it at its start";
  if (["Event", "Lease", "ControllerRevision", "Node"].includes(kind) || isOfEndpointsController(object)) {
    return "the running cluster makes it";
  }
  if (kind === "Namespace" && /^(default|kube-(system|public|node-lease))$/.test(metadata.name)) {
    return "every cluster has it";
  }
  if (kind === "ServiceAccount" && metadata.name === "default") return "every namespace has it";
  if (kind === "ConfigMap" && metadata.name === "kube-root-ca.crt") return "every namespace has it";
  if (kind === "PriorityClass" && metadata.name.startsWith("system-")) return "every cluster has it";
  if (kind === "Service" && metadata.name === "kubernetes" && metadata.namespace === "default") {
    return "every cluster has it";
  }
  if (kind === "Secret" && textAt(object, "type") === "kubernetes.io/service-account-token") {
    return "its token means nothing to a new service account";
  }
  return undefined;
}

/** Endpoints of a service with a selector; no controller recreates those written by hand. */
function isOfEndpointsController({ kind, metadata }: AnyResource): boolean {
  if (kind !== "Endpoints" && kind !== "EndpointSlice") return false;
  if (metadata.labels?.["endpointslice.kubernetes.io/managed-by"] !== undefined) return true;
  if (metadata.name === "kubernetes" && metadata.namespace === "default") return true;
  return (metadata.managedFields ?? []).some((entry) =>
    /^kube-(?:controller-manager|apiserver)$/.test(textAt(entry, "manager")),
  );
}

/** @param served its versions in the target cluster, newest first; empty for a custom kind */
export async function manifestOf(
  object: AnyResource,
  served: readonly string[],
  isCustom: boolean,
): Promise<Manifest> {
  const [newest] = served;
  const { convertKubernetes } = await import("keelson/kubernetes");
  const converted = newest === undefined ? object : convertKubernetes(object, newest);
  const rank = rankOf(converted.kind, isCustom);
  const { namespace, name } = converted.metadata;
  const words = [String(rank).padStart(2, "0"), converted.kind.toLowerCase(), namespace ?? "", name];
  const fileName = `${words
    .filter(Boolean)
    .join("-")
    .replace(/[^A-Za-z0-9._-]/g, "_")}.yaml`;
  return { fileName, object: withoutServerFields(converted) };
}

/** @throws CliFailure for a directory that already has files, because `kubectl apply` applies all of them */
export async function writeManifests(directory: string, manifests: readonly Manifest[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  if ((await readdir(directory)).length > 0) {
    throw new CliFailure(exitCodes.error, `${directory} is not empty: nothing was written`, {
      hint: "kubectl apply -f takes all files of a directory. Name a new one.",
    });
  }
  const names = new Set<string>();
  for (const { fileName, object } of manifests) {
    // Names that differ only in characters that file names cannot have.
    let unique = fileName;
    for (let i = 2; names.has(unique); i++) unique = fileName.replace(/\.yaml$/, `-${i}.yaml`);
    names.add(unique);
    // May contain Secrets: readable only by this user.
    await writeFile(join(directory, unique), await yamlDocument(object), { mode: 0o600, flag: "wx" });
  }
}

function rankOf(kind: string, isCustom: boolean): number {
  if (isCustom) return customRank;
  const found = order.indexOf(kind);
  if (found >= 0) return found;
  return /Webhook|AdmissionPolicy|^APIService$/.test(kind) ? lastRank : builtinRank;
}

const serverMetadata = [
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "selfLink",
  "managedFields",
  "ownerReferences",
];
const serverAnnotations = [
  "kubectl.kubernetes.io/last-applied-configuration",
  "deployment.kubernetes.io/revision",
  "pv.kubernetes.io/bind-completed",
  "pv.kubernetes.io/bound-by-controller",
  "volume.beta.kubernetes.io/storage-provisioner",
  "volume.kubernetes.io/storage-provisioner",
  "volume.kubernetes.io/selected-node",
  "control-plane.alpha.kubernetes.io/leader",
];
/** Finalizers that a controller adds itself. */
const serverFinalizers = [
  "kubernetes",
  "kubernetes.io/pvc-protection",
  "kubernetes.io/pv-protection",
  "foregroundDeletion",
  "orphan",
];

function withoutServerFields(object: AnyResource): Fields {
  const applied = appliedBefore(object);
  const { status: _, metadata, ...content } = object;
  const cleaned = without(metadata as unknown as Fields, serverMetadata);
  const annotations = without(mapAt(metadata, "annotations"), serverAnnotations);
  const finalizers = (metadata.finalizers ?? []).filter((name) => !serverFinalizers.includes(name));
  const kept = {
    ...without(cleaned, ["annotations", "finalizers", "generateName"]),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(finalizers.length === 0 ? {} : { finalizers }),
  };
  const { apiVersion, kind, ...rest } = content;
  return { apiVersion, kind, metadata: kept, ...cleanedContent(object, rest, applied) };
}

/** The user's last applied configuration: its fields were requested, a server filled in the rest. */
function appliedBefore(object: AnyResource): unknown {
  const text = object.metadata.annotations?.["kubectl.kubernetes.io/last-applied-configuration"];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cleanedContent(object: AnyResource, content: Fields, applied: unknown): Fields {
  switch (object.kind) {
    case "Namespace":
      return without(content, ["spec"]);
    case "Service":
      return { ...content, spec: serviceSpec(mapAt(object, "spec"), applied) };
    case "Pod":
      return { ...content, spec: podSpec(mapAt(object, "spec")) };
    case "Job":
      return { ...content, spec: jobSpec(object) };
    case "ServiceAccount":
      return without(content, ["secrets"]);
    case "PersistentVolume": {
      const spec = mapAt(object, "spec");
      const claim = spec["claimRef"];
      if (claim === undefined) return content;
      return {
        ...content,
        spec: { ...spec, claimRef: without(claim as Fields, ["uid", "resourceVersion"]) },
      };
    }
    default:
      return content;
  }
}

function serviceSpec(spec: Fields, applied: unknown): Fields {
  const isHeadless = spec["clusterIP"] === "None";
  const asked = mapAt(applied, "spec");
  const dropped = ["clusterIP", "clusterIPs", "healthCheckNodePort"].filter(
    (name) => !isHeadless && asked[name] === undefined,
  );
  const askedPorts = listAt(applied, "spec.ports");
  const ports = listAt(spec, "ports").map((port, i) =>
    at(askedPorts[i], "nodePort") === undefined ? without(port as Fields, ["nodePort"]) : port,
  );
  return { ...without(spec, dropped), ...(ports.length === 0 ? {} : { ports }) };
}

/** Removes the node, and the token volume that admission adds to each container. */
function podSpec(spec: Fields): Fields {
  const isToken = (name: unknown): boolean => /^(kube-api-access-|default-token-)/.test(String(name));
  const containers = (list: unknown): unknown =>
    Array.isArray(list)
      ? list.map((container) => {
          const mounts = listAt(container, "volumeMounts").filter((mount) => !isToken(at(mount, "name")));
          const rest = without(container as Fields, ["volumeMounts"]);
          return mounts.length === 0 ? rest : { ...rest, volumeMounts: mounts };
        })
      : list;
  const volumes = listAt(spec, "volumes").filter((volume) => !isToken(at(volume, "name")));
  const { initContainers, ...rest } = without(spec, ["nodeName", "volumes", "serviceAccount"]);
  return {
    ...rest,
    ...(initContainers === undefined ? {} : { initContainers: containers(initContainers) }),
    containers: containers(spec["containers"]),
    ...(volumes.length === 0 ? {} : { volumes }),
  };
}

/** A job's selector and the matching labels are generated from its uid. */
function jobSpec(job: AnyResource): Fields {
  const spec = mapAt(job, "spec");
  if (spec["manualSelector"] === true) return spec;
  const template = mapAt(spec, "template");
  const metadata = mapAt(template, "metadata");
  const labels = without(mapAt(metadata, "labels"), [
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
  ]);
  const kept = {
    ...without(metadata, ["labels", "creationTimestamp"]),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
  return { ...without(spec, ["selector"]), template: { ...template, metadata: kept } };
}

function without(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => !names.includes(name) && value !== null),
  );
}
