/** The status word of a pod in `kubectl get pods`, and the number of restarts of its containers. */
import { at, type Fields, listAt, numberAt, textAt } from "./plain-fields.ts";

export interface PodStatus {
  /** "Running", "CrashLoopBackOff", "Init:0/1", "Terminating", … */
  readonly word: string;
  readonly ready: number;
  readonly containers: number;
  readonly restarts: number;
}

export function podStatus(pod: unknown): PodStatus {
  const containers = listAt(pod, "spec.containers").length;
  const statuses = listAt(pod, "status.containerStatuses");
  const ready = statuses.filter(
    (status) => at(status, "ready") === true && at(status, "state.running") !== undefined,
  );
  const restarts = statuses.reduce<number>((sum, status) => sum + numberAt(status, "restartCount"), 0);
  return { word: wordOf(pod, statuses), ready: ready.length, containers, restarts };
}

function wordOf(pod: unknown, statuses: readonly unknown[]): string {
  if (at(pod, "metadata.deletionTimestamp") !== undefined) {
    return textAt(pod, "status.reason") === "NodeLost" ? "Unknown" : "Terminating";
  }
  const initial = initWord(pod);
  if (initial !== undefined) return initial;
  let word = textAt(pod, "status.reason") || textAt(pod, "status.phase") || "Unknown";
  let running = false;
  for (const status of [...statuses].reverse()) {
    const waiting = textAt(status, "state.waiting.reason");
    const ended = at(status, "state.terminated");
    if (waiting !== "") word = waiting;
    else if (ended !== undefined) word = endedWord(ended as Fields);
    else if (at(status, "ready") === true && at(status, "state.running") !== undefined) running = true;
  }
  if (word === "Completed" && running) return isReady(pod) ? "Running" : "NotReady";
  return word;
}

/** The first init container that has not succeeded, unless it is a started sidecar (restartPolicy Always). */
function initWord(pod: unknown): string | undefined {
  const specs = listAt(pod, "spec.initContainers");
  const statuses = listAt(pod, "status.initContainerStatuses");
  for (const [i, status] of statuses.entries()) {
    const ended = at(status, "state.terminated");
    if (ended !== undefined && numberAt(ended, "exitCode") === 0) continue;
    const spec = specs.find((one) => textAt(one, "name") === textAt(status, "name"));
    if (textAt(spec, "restartPolicy") === "Always" && at(status, "started") === true) continue;
    if (ended !== undefined) return `Init:${endedWord(ended as Fields)}`;
    const waiting = textAt(status, "state.waiting.reason");
    return waiting !== "" && waiting !== "PodInitializing" ? `Init:${waiting}` : `Init:${i}/${specs.length}`;
  }
  return undefined;
}

function endedWord(ended: Fields): string {
  const reason = textAt(ended, "reason");
  if (reason !== "") return reason;
  const signal = numberAt(ended, "signal");
  return signal !== 0 ? `Signal:${signal}` : `ExitCode:${numberAt(ended, "exitCode")}`;
}

function isReady(pod: unknown): boolean {
  return listAt(pod, "status.conditions").some(
    (condition) => textAt(condition, "type") === "Ready" && textAt(condition, "status") === "True",
  );
}
