/**
 * Validation of built-in kinds, as data: what must be there, what may not be negative or occur twice, and what never
 * changes. It covers what users run into most often; Kubernetes' own validation of these kinds has far more rules.
 *
 * A path is dotted; `[]` stands for each item of a list.
 */
import { type FieldFault, invalid } from "../api/refusal.ts";
import type { Served } from "../api/served.ts";
import { at, isJson, type Json, listAt, objectAt } from "../defaults/rules.ts";
import { canonical } from "./canonical.ts";
import { definitionFaults } from "./definition-validation.ts";

interface Checks {
  readonly required?: readonly string[];
  /** Numbers of at least 0. */
  readonly counts?: readonly string[];
  /** Values that differ among the items of the innermost list. */
  readonly unique?: readonly string[];
  /** Values that an update may not change. */
  readonly fixed?: readonly string[];
  /** Rules that are no data; `current` is undefined on create. */
  more?(object: Json, current: Json | undefined): readonly FieldFault[];
}

const podSpec = (path: string): Checks => {
  const lists = ["containers", "initContainers"].map((name) => `${path}.${name}`);
  return {
    required: [`${path}.containers`, ...lists.flatMap((list) => [`${list}[].name`, `${list}[].image`])],
    unique: [...lists.map((list) => `${list}[].name`), `${path}.volumes[].name`],
    counts: [`${path}.terminationGracePeriodSeconds`, `${path}.activeDeadlineSeconds`],
  };
};

function all(...parts: readonly Checks[]): Checks {
  const joined = (name: "required" | "counts" | "unique" | "fixed"): readonly string[] =>
    parts.flatMap((part) => part[name] ?? []);
  return {
    required: joined("required"),
    counts: joined("counts"),
    unique: joined("unique"),
    fixed: joined("fixed"),
    more: (object, current) => parts.flatMap((part) => part.more?.(object, current) ?? []),
  };
}

const template = podSpec("spec.template.spec");
const workload = all(template, {
  required: ["spec.selector"],
  counts: ["spec.replicas", "spec.minReadySeconds"],
});

/** A job's pods are all alike: its template is fixed once it may have started. */
const job: Checks = {
  counts: ["spec.parallelism", "spec.completions", "spec.backoffLimit", "spec.activeDeadlineSeconds"],
  fixed: ["spec.selector", "spec.completionMode"],
  more: (object, current) =>
    current === undefined || at(current, "spec.suspend") === true
      ? []
      : changed(object, current, "spec.template"),
};

const service: Checks = {
  required: ["spec.ports[].port"],
  more: (object, current) => {
    const { type, clusterIP, ports } = objectAt(object, "spec");
    const faults: FieldFault[] = [];
    const isExternal = type === "ExternalName";
    if (!isExternal && clusterIP !== "None" && (!Array.isArray(ports) || ports.length === 0))
      faults.push({ field: "spec.ports", message: "Required value" });
    for (const [i, port] of listAt(object, "spec.ports").entries()) {
      const number = port["port"];
      if (typeof number === "number" && (number < 1 || number > 65_535)) {
        const message = `Invalid value: ${number}: must be between 1 and 65535, inclusive`;
        faults.push({ field: `spec.ports[${i}].port`, message });
      }
    }
    if (current === undefined || isExternal || at(current, "spec.type") === "ExternalName") return faults;
    return [...faults, ...changed(object, current, "spec.clusterIP")];
  },
};

/** Config maps and secrets: names that can be files, a size that a node can mount, and the mark of immutability. */
const data: Checks = {
  more: (object, current) => {
    const fields = ["data", "binaryData"];
    const faults = fields.flatMap((field) =>
      Object.keys(objectAt(object, field))
        .filter((key) => !/^[-._a-zA-Z0-9]{1,253}$/.test(key) || key === "." || key.startsWith(".."))
        .map((key) => ({
          field: `${field}[${key}]`,
          message: `Invalid value: ${JSON.stringify(key)}: a valid config key must consist of alphanumeric characters, '-', '_' or '.'`,
        })),
    );
    const encoding = object["kind"] === "Secret" ? "base64" : "utf8";
    const sizeBytes =
      bytesOf(objectAt(object, "data"), encoding) + bytesOf(objectAt(object, "binaryData"), "base64");
    if (sizeBytes > dataBytesMax)
      faults.push({ field: "data", message: `Too long: must have at most ${dataBytesMax} bytes` });
    if (current?.["immutable"] !== true) return faults;
    const message = "Forbidden: field is immutable when `immutable` is set";
    if (object["immutable"] !== true) faults.push({ field: "immutable", message });
    const differ = fields.filter((field) => canonical(object[field]) !== canonical(current[field]));
    return [...faults, ...differ.map((field) => ({ field, message }))];
  },
};

/** Kubernetes' MaxSecretSize. */
const dataBytesMax = 1_048_576;
const bytesOf = (values: Json, encoding: "base64" | "utf8"): number =>
  Object.values(values).reduce<number>((sum, value) => sum + Buffer.byteLength(String(value), encoding), 0);

/** A claim is bound once, and may grow; nothing else of it changes. */
const claim: Checks = {
  required: ["spec.accessModes", "spec.resources.requests.storage"],
  more: (object, current) => {
    if (current === undefined) return [];
    const fixed = (spec: Json): string => {
      const { resources: _, volumeName: __, volumeAttributesClassName: ___, ...rest } = spec;
      return canonical(rest);
    };
    const [now, before] = [objectAt(object, "spec"), objectAt(current, "spec")];
    const isBound = before["volumeName"] !== undefined;
    if (fixed(now) === fixed(before) && (!isBound || now["volumeName"] === before["volumeName"])) return [];
    const message = "Forbidden: spec is immutable after creation except resources.requests for bound claims";
    return [{ field: "spec", message }];
  },
};

const roleRef: Checks = {
  required: ["roleRef.kind", "roleRef.name"],
  more: (object, current) => {
    if (current === undefined || canonical(object["roleRef"]) === canonical(current["roleRef"])) return [];
    const message = `Invalid value: ${JSON.stringify(object["roleRef"])}: cannot change roleRef`;
    return [{ field: "roleRef", message }];
  },
};

const checks: Readonly<Record<string, Checks>> = {
  pods: podSpec("spec"),
  podtemplates: podSpec("template.spec"),
  "deployments.apps": workload,
  "replicasets.apps": workload,
  "daemonsets.apps": all(template, { required: ["spec.selector"] }),
  "statefulsets.apps": all(workload, {
    fixed: ["spec.serviceName", "spec.podManagementPolicy", "spec.volumeClaimTemplates"],
  }),
  replicationcontrollers: { counts: ["spec.replicas"] },
  "jobs.batch": all(template, job),
  "cronjobs.batch": all(podSpec("spec.jobTemplate.spec.template.spec"), { required: ["spec.schedule"] }),
  "horizontalpodautoscalers.autoscaling": {
    required: ["spec.maxReplicas", "spec.scaleTargetRef.kind", "spec.scaleTargetRef.name"],
  },
  services: service,
  configmaps: data,
  secrets: all(data, { fixed: ["type"] }),
  persistentvolumeclaims: claim,
  persistentvolumes: { required: ["spec.capacity", "spec.accessModes"] },
  "storageclasses.storage.k8s.io": {
    required: ["provisioner"],
    fixed: ["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"],
  },
  "priorityclasses.scheduling.k8s.io": { fixed: ["value"] },
  "rolebindings.rbac.authorization.k8s.io": roleRef,
  "clusterrolebindings.rbac.authorization.k8s.io": roleRef,
  "customresourcedefinitions.apiextensions.k8s.io": { more: definitionFaults },
};

/**
 * @param name the kind's resource name
 * @param current the object that is replaced; undefined on create
 * @throws Refusal 422 with every fault
 */
export function validate(
  name: string,
  served: Pick<Served, "group" | "kind">,
  object: Json,
  current: Json | undefined,
): void {
  const { required = [], counts = [], unique = [], fixed = [], more } = checks[name] ?? {};
  const faults = [
    ...required.flatMap((path) =>
      valuesAt(object, path)
        .filter(([, value]) => isEmpty(value))
        .map(([field]) => ({ field, message: "Required value" })),
    ),
    ...counts.flatMap((path) =>
      valuesAt(object, path)
        .filter(([, value]) => typeof value === "number" && value < 0)
        .map(([field, value]) => ({
          field,
          message: `Invalid value: ${String(value)}: must be greater than or equal to 0`,
        })),
    ),
    ...unique.flatMap((path) => duplicates(object, path)),
    ...(current === undefined ? [] : fixed.flatMap((path) => changed(object, current, path))),
    ...(more?.(object, current) ?? []),
  ];
  if (faults.length === 0) return;
  const { name: given, generateName } = objectAt(object, "metadata");
  throw invalid(served, String(given ?? generateName ?? ""), faults);
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

function changed(object: Json, current: Json, path: string): readonly FieldFault[] {
  const [now, before] = [at(object, path), at(current, path)];
  if (canonical(now) === canonical(before)) return [];
  return [{ field: path, message: `Invalid value: ${canonical(now) ?? "null"}: field is immutable` }];
}

function duplicates(object: Json, path: string): readonly FieldFault[] {
  const seen = new Set<unknown>();
  return valuesAt(object, path).flatMap(([field, value]) => {
    if (value !== undefined && !seen.has(value)) {
      seen.add(value);
      return [];
    }
    return value === undefined ? [] : [{ field, message: `Duplicate value: ${JSON.stringify(value)}` }];
  });
}

/** The values at a path with their fields; a list that is absent or empty has none. */
function valuesAt(object: unknown, path: string, field = ""): readonly (readonly [string, unknown])[] {
  const [head = "", ...rest] = path.split("[].");
  const value = at(object, head);
  const here = field === "" ? head : `${field}.${head}`;
  if (rest.length === 0) return [[here, value]];
  if (!Array.isArray(value)) return [];
  return value.flatMap((item, i) => (isJson(item) ? valuesAt(item, rest.join("[]."), `${here}[${i}]`) : []));
}
