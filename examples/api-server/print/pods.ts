/** A pod as kubectl shows it: READY counts containers, STATUS is the most specific of phase, reasons and deletion. */

import { ageSince } from "keelson/http";
import { at, type Json, listAt, objectAt } from "../defaults/rules.ts";
import { age, type Column, column, field, nameColumn, textOf, wide } from "./column.ts";

const statuses = (pod: Json): readonly Json[] => listAt(pod, "status.containerStatuses");
const isSidecar = (pod: Json, name: unknown): boolean =>
  listAt(pod, "spec.initContainers").some((one) => one["name"] === name && one["restartPolicy"] === "Always");

function readyOf(pod: Json): string {
  const sidecars = listAt(pod, "spec.initContainers").filter((one) => one["restartPolicy"] === "Always");
  const total = listAt(pod, "spec.containers").length + sidecars.length;
  const started = listAt(pod, "status.initContainerStatuses").filter(
    (one) => isSidecar(pod, one["name"]) && one["started"] === true && one["ready"] === true,
  );
  const ready = statuses(pod).filter(
    (one) => one["ready"] === true && at(one, "state.running") !== undefined,
  );
  return `${ready.length + started.length}/${total}`;
}

function reasonOf(terminated: Json): string {
  if (terminated["reason"]) return String(terminated["reason"]);
  return terminated["signal"] ? `Signal:${terminated["signal"]}` : `ExitCode:${terminated["exitCode"] ?? 0}`;
}

/** The first init container that is not done, if there is one. */
function initOf(pod: Json): string | undefined {
  const containers = listAt(pod, "status.initContainerStatuses");
  for (const [i, one] of containers.entries()) {
    const terminated = at(one, "state.terminated");
    if (terminated !== undefined && at(one, "state.terminated.exitCode") === 0) continue;
    if (isSidecar(pod, one["name"]) && one["started"] === true) continue;
    if (terminated !== undefined) return `Init:${reasonOf(objectAt(one, "state.terminated"))}`;
    const waiting = at(one, "state.waiting.reason");
    if (waiting !== undefined && waiting !== "PodInitializing") return `Init:${String(waiting)}`;
    return `Init:${i}/${listAt(pod, "spec.initContainers").length}`;
  }
  return undefined;
}

function statusOf(pod: Json): string {
  let text = String(at(pod, "status.reason") ?? at(pod, "status.phase") ?? "");
  const conditions = listAt(pod, "status.conditions");
  if (conditions.some(({ type, reason }) => type === "PodScheduled" && reason === "SchedulingGated")) {
    text = "SchedulingGated";
  }
  const init = initOf(pod);
  if (init !== undefined) text = init;
  else {
    let running = false;
    for (const one of [...statuses(pod)].reverse()) {
      const waiting = at(one, "state.waiting.reason");
      const terminated = at(one, "state.terminated");
      if (waiting) text = String(waiting);
      else if (terminated !== undefined) text = reasonOf(objectAt(one, "state.terminated"));
      else if (one["ready"] === true && at(one, "state.running") !== undefined) running = true;
    }
    const isReady = conditions.some(({ type, status }) => type === "Ready" && status === "True");
    if (text === "Completed" && running) text = isReady ? "Running" : "NotReady";
  }
  if (at(pod, "metadata.deletionTimestamp") === undefined) return text;
  return at(pod, "status.reason") === "NodeLost" ? "Unknown" : "Terminating";
}

function restartsOf(pod: Json): string {
  const restarts = statuses(pod).reduce((sum, one) => sum + Number(one["restartCount"] ?? 0), 0);
  const last = statuses(pod)
    .map((one) => at(one, "lastState.terminated.finishedAt"))
    .filter((time) => typeof time === "string")
    .sort()
    .at(-1);
  return restarts > 0 && last !== undefined ? `${restarts} (${ageSince(last)} ago)` : String(restarts);
}

const gates = (pod: Json): string => {
  const wanted = listAt(pod, "spec.readinessGates");
  if (wanted.length === 0) return "<none>";
  const met = wanted.filter(({ conditionType }) =>
    listAt(pod, "status.conditions").some(({ type, status }) => type === conditionType && status === "True"),
  );
  return `${met.length}/${wanted.length}`;
};

export const podColumns: readonly Column[] = [
  nameColumn,
  column("Ready", readyOf, "The aggregate readiness state of this pod for accepting traffic."),
  column("Status", statusOf, "The aggregate status of the containers in this pod."),
  column("Restarts", restartsOf, "The number of times the containers in this pod have been restarted."),
  age,
  wide(column("IP", (pod) => textOf(at(pod, "status.podIPs.0.ip") ?? at(pod, "status.podIP")))),
  wide(field("Node", "spec.nodeName")),
  wide(field("Nominated Node", "status.nominatedNodeName")),
  wide(column("Readiness Gates", gates)),
];
