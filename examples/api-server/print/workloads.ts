/** Workloads as kubectl shows them. */

import { ageSince, humanDuration } from "keelson/http";
import { at, type Json, listAt } from "../defaults/rules.ts";
import {
  age,
  type Column,
  column,
  count,
  field,
  nameColumn,
  selectorText,
  templateColumns,
  wide,
} from "./column.ts";

const readyOf = (object: Json): string =>
  `${Number(at(object, "status.readyReplicas") ?? 0)}/${Number(at(object, "spec.replicas") ?? 0)}`;

const replicaColumns = (selectorPath?: string): readonly Column[] => [
  nameColumn,
  count("Desired", "spec.replicas"),
  count("Current", "status.replicas"),
  count("Ready", "status.readyReplicas"),
  age,
  ...templateColumns(selectorPath),
];

function completionsOf(job: Json): string {
  const done = Number(at(job, "status.succeeded") ?? 0);
  const wanted = at(job, "spec.completions");
  if (wanted !== undefined) return `${done}/${Number(wanted)}`;
  const parallel = Number(at(job, "spec.parallelism") ?? 1);
  return parallel > 1 ? `${done}/1 of ${parallel}` : `${done}/1`;
}

function jobStatusOf(job: Json): string {
  const holds = (type: string): boolean =>
    listAt(job, "status.conditions").some((one) => one["type"] === type && one["status"] === "True");
  if (holds("Complete")) return "Complete";
  if (holds("Failed")) return "Failed";
  if (at(job, "metadata.deletionTimestamp") !== undefined) return "Terminating";
  if (holds("Suspended")) return "Suspended";
  return holds("FailureTarget")
    ? "FailureTarget"
    : holds("SuccessCriteriaMet")
      ? "SuccessCriteriaMet"
      : "Running";
}

function jobDuration(job: Json): string {
  const start = at(job, "status.startTime");
  if (typeof start !== "string") return "";
  const end = at(job, "status.completionTime");
  return typeof end === "string" ? humanDuration(Date.parse(end) - Date.parse(start)) : ageSince(start);
}

export const workloadColumns: Readonly<Record<string, readonly Column[]>> = {
  replicationcontrollers: replicaColumns("spec.selector"),
  "replicasets.apps": replicaColumns(),
  "deployments.apps": [
    nameColumn,
    column("Ready", readyOf),
    count("Up-to-date", "status.updatedReplicas"),
    count("Available", "status.availableReplicas"),
    age,
    ...templateColumns(),
  ],
  "statefulsets.apps": [nameColumn, column("Ready", readyOf), age, ...templateColumns().slice(0, 2)],
  "daemonsets.apps": [
    nameColumn,
    count("Desired", "status.desiredNumberScheduled"),
    count("Current", "status.currentNumberScheduled"),
    count("Ready", "status.numberReady"),
    count("Up-to-date", "status.updatedNumberScheduled"),
    count("Available", "status.numberAvailable"),
    column("Node Selector", (set) => selectorText(at(set, "spec.template.spec.nodeSelector"))),
    age,
    ...templateColumns(),
  ],
  "jobs.batch": [
    nameColumn,
    column("Status", jobStatusOf),
    column("Completions", completionsOf),
    column("Duration", jobDuration),
    age,
    ...templateColumns(),
  ],
  "cronjobs.batch": [
    nameColumn,
    field("Schedule", "spec.schedule"),
    field("Timezone", "spec.timeZone"),
    column("Suspend", (job) => (at(job, "spec.suspend") === true ? "True" : "False")),
    column("Active", (job) => listAt(job, "status.active").length),
    column("Last Schedule", (job) => {
      const last = at(job, "status.lastScheduleTime");
      return last === undefined ? undefined : ageSince(last);
    }),
    age,
    wide(
      column("Containers", (job) =>
        listAt(job, "spec.jobTemplate.spec.template.spec.containers").map((one) => one["name"]),
      ),
    ),
    wide(
      column("Images", (job) =>
        listAt(job, "spec.jobTemplate.spec.template.spec.containers").map((one) => one["image"]),
      ),
    ),
    wide(column("Selector", (job) => selectorText(at(job, "spec.jobTemplate.spec.selector")))),
  ],
  "horizontalpodautoscalers.autoscaling": [
    nameColumn,
    column(
      "Reference",
      (one) =>
        `${String(at(one, "spec.scaleTargetRef.kind"))}/${String(at(one, "spec.scaleTargetRef.name"))}`,
    ),
    column("Targets", targetsOf),
    column("MinPods", (one) => at(one, "spec.minReplicas")),
    count("MaxPods", "spec.maxReplicas"),
    count("Replicas", "status.currentReplicas"),
    age,
  ],
  "poddisruptionbudgets.policy": [
    nameColumn,
    column("Min Available", (one) => at(one, "spec.minAvailable") ?? "N/A"),
    column("Max Unavailable", (one) => at(one, "spec.maxUnavailable") ?? "N/A"),
    count("Allowed Disruptions", "status.disruptionsAllowed"),
    age,
  ],
};

function targetsOf(scaler: Json): string {
  const current = listAt(scaler, "status.currentMetrics");
  const targets = listAt(scaler, "spec.metrics").map((metric, i) => {
    const name = at(metric, "resource.name");
    const wanted = at(metric, "resource.target.averageUtilization");
    const now = at(current[i], "resource.current.averageUtilization");
    return wanted === undefined
      ? String(metric["type"])
      : `${String(name)}: ${now === undefined ? "<unknown>" : `${String(now)}%`}/${String(wanted)}%`;
  });
  return targets.length === 0 ? "<none>" : targets.join(", ");
}
