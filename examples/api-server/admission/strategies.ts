/**
 * What a kind does on create and update besides defaults (Kubernetes' pkg/registry strategies and the admission plugins
 * that are on by default). By the kind's resource name.
 */
import { randomUUID } from "node:crypto";
import { invalid } from "../api/refusal.ts";
import { definitionStatus, withStoredVersions } from "../custom/status.ts";
import { addTolerations, newPodStatus } from "../defaults/pods.ts";
import { at, type Json, objectAt } from "../defaults/rules.ts";
import { claimPods } from "../defaults/workloads.ts";
import { giveAddresses, keepAddresses } from "./addresses.ts";
import { canonical } from "./canonical.ts";
import { givePriority } from "./priority.ts";
import type { Strategy } from "./strategy.ts";

/** The controller owns a workload's status: a status that a client sends on create is dropped. */
const withoutStatus: Strategy = {
  create: (object) => {
    delete object["status"];
  },
};

const nameOf = (object: Json): string =>
  String(at(object, "metadata.name") ?? at(object, "metadata.generateName"));

/** Fields of a pod that can never change after it was created (validation.ValidatePodUpdate). */
function checkPodUpdate(pod: Json, current: Json): void {
  const frozen = (object: Json): string => {
    const {
      tolerations: _,
      activeDeadlineSeconds: __,
      terminationGracePeriodSeconds: ___,
      schedulingGates: ____,
      ...spec
    } = objectAt(object, "spec");
    const plain = (list: unknown): unknown =>
      Array.isArray(list)
        ? (list as Json[]).map(({ image: _image, resources: _resources, ...rest }) => rest)
        : list;
    return canonical({
      ...spec,
      containers: plain(spec["containers"]),
      initContainers: plain(spec["initContainers"]),
      ephemeralContainers: undefined,
    });
  };
  if (frozen(pod) === frozen(current)) return;
  const message =
    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
  throw invalid({ group: "", kind: "Pod" }, nameOf(pod), [{ field: "spec", message }]);
}

/** The selector of a workload is its identity and cannot change. */
const fixedSelector =
  (kind: string) =>
  (object: Json, current: Json): void => {
    if (canonical(at(object, "spec.selector")) === canonical(at(current, "spec.selector"))) return;
    const message = `Invalid value: ${JSON.stringify(at(object, "spec.selector"))}: field is immutable`;
    throw invalid({ group: "apps", kind }, nameOf(object), [{ field: "spec.selector", message }]);
  };

const workload = (kind: string): Strategy => ({
  create: (object) => {
    delete object["status"];
    const selected = Object.entries(objectAt(object, "spec.selector.matchLabels"));
    const labels = objectAt(object, "spec.template.metadata.labels");
    if (selected.every(([key, value]) => labels[key] === value)) return;
    const message = `Invalid value: ${JSON.stringify(labels)}: \`selector\` does not match template \`labels\``;
    const field = "spec.template.metadata.labels";
    throw invalid({ group: "apps", kind }, nameOf(object), [{ field, message }]);
  },
  update: fixedSelector(kind),
});

export const strategies: Readonly<Record<string, Strategy>> = {
  pods: {
    create: async (pod, context) => {
      addTolerations(pod);
      await givePriority(pod, context);
      pod["status"] = newPodStatus(pod);
    },
    update: checkPodUpdate,
  },
  "deployments.apps": workload("Deployment"),
  "replicasets.apps": workload("ReplicaSet"),
  "daemonsets.apps": workload("DaemonSet"),
  "statefulsets.apps": workload("StatefulSet"),
  replicationcontrollers: withoutStatus,
  "horizontalpodautoscalers.autoscaling": withoutStatus,
  "poddisruptionbudgets.policy": withoutStatus,
  "cronjobs.batch": withoutStatus,
  "jobs.batch": {
    create: (job) => {
      delete job["status"];
      // The store sets the object's uid. This uid labels the pods of a job and may differ from it.
      claimPods(job, nameOf(job), randomUUID());
    },
  },
  services: { create: giveAddresses, update: keepAddresses },
  "customresourcedefinitions.apiextensions.k8s.io": {
    create: (definition) => {
      definition["status"] = definitionStatus(definition);
    },
    update: (definition, current) => {
      definition["status"] = withStoredVersions(definition, objectAt(current, "status"));
    },
  },
  secrets: {
    create: encodeStringData,
    update: encodeStringData,
  },
  namespaces: {
    create: (namespace) => {
      const metadata = objectAt(namespace, "metadata");
      const labels = { ...objectAt(metadata, "labels"), "kubernetes.io/metadata.name": metadata["name"] };
      namespace["metadata"] = { ...metadata, labels };
      namespace["status"] = { phase: "Active" };
    },
  },
};

/** `stringData` is write-only: it becomes `data`. */
function encodeStringData(secret: Json): void {
  const { stringData, ...rest } = secret;
  if (stringData === undefined) return;
  const texts = Object.entries(objectAt({ stringData }, "stringData"));
  const encoded = texts.map(([key, text]) => [key, Buffer.from(String(text)).toString("base64")]);
  delete secret["stringData"];
  secret["data"] = { ...objectAt(rest, "data"), ...Object.fromEntries(encoded) };
}
