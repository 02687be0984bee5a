/**
 * Versions that older clients still speak (kubectl and the controllers of 1.20), and Event's second group. `older`
 * converts an object's content from the stored version, `newer` converts it back; both are absent where versions differ
 * only by name. Conversion loses nothing: content without a field in the other version keeps its own name.
 */
import type { AnyResource } from "keelson";
import { convertKubernetes } from "keelson/kubernetes";
import type { Json } from "../defaults/rules.ts";

type Content = (object: Json) => Json;

export interface Shape {
  readonly storedGroup: string;
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly older?: Content;
  readonly newer?: Content;
}

/** A version of a kind other than the stored one, converted as Kubernetes does. */
function older(kind: string, group: string, version: string, stored: string): Shape {
  const from =
    (have: string, want: string): Content =>
    (object) =>
      convertKubernetes(
        { ...object, apiVersion: `${group}/${have}`, kind } as AnyResource,
        `${group}/${want}`,
      );
  return {
    storedGroup: group,
    kind,
    group,
    version,
    older: from(stored, version),
    newer: from(version, stored),
  };
}

/** Field names of an event in the core group and in events.k8s.io. */
const eventFields = [
  ["involvedObject", "regarding"],
  ["message", "note"],
  ["reportingComponent", "reportingController"],
  ["source", "deprecatedSource"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["count", "deprecatedCount"],
] as const;
const olderNames = new Map<string, string>(eventFields);
const newerNames = new Map<string, string>(eventFields.map(([core, other]) => [other, core]));

/** Events are stored in the core group, whichever group the client uses. */
function event(version: string): Shape {
  const renamed =
    (names: ReadonlyMap<string, string>): Content =>
    (object) =>
      Object.fromEntries(Object.entries(object).map(([name, value]) => [names.get(name) ?? name, value]));
  const group = "events.k8s.io";
  return {
    storedGroup: "",
    kind: "Event",
    group,
    version,
    older: renamed(olderNames),
    newer: renamed(newerNames),
  };
}

export const olderVersions: readonly Shape[] = [
  older("PodDisruptionBudget", "policy", "v1beta1", "v1"),
  older("CronJob", "batch", "v1beta1", "v1"),
  older("EndpointSlice", "discovery.k8s.io", "v1beta1", "v1"),
  older("HorizontalPodAutoscaler", "autoscaling", "v1", "v2"),
  event("v1"),
  event("v1beta1"),
];
