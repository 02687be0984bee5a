/**
 * Defaults of the workload kinds (Kubernetes' pkg/apis/apps/v1, batch/v1 and autoscaling defaults.go). The real
 * controllers read an object as it is stored: they silently ignore a Deployment without a strategy.
 */
import { podTemplate } from "./pods.ts";
import { at, type Json, objectAt, type Rules } from "./rules.ts";

const whenRolling =
  (value: Json) =>
  ({ type }: Json): Json | undefined =>
    type === "RollingUpdate" ? value : undefined;

const spec = (fill: Readonly<Record<string, unknown>>, within: Rules["within"] = {}): Rules => ({
  within: { spec: { fill, within: { ...podTemplate.within, ...within } } },
});

/** An absent selector selects the pods of the template. */
const selectorOfTemplate = (spec: Json): unknown => at(spec, "template.metadata.labels");

const deployment = spec(
  { replicas: 1, strategy: {}, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 },
  {
    strategy: {
      fill: { type: "RollingUpdate", rollingUpdate: whenRolling({}) },
      within: { rollingUpdate: { fill: { maxUnavailable: "25%", maxSurge: "25%" } } },
    },
  },
);

const daemonSet = spec(
  { updateStrategy: {}, revisionHistoryLimit: 10 },
  {
    updateStrategy: {
      fill: { type: "RollingUpdate", rollingUpdate: whenRolling({}) },
      within: { rollingUpdate: { fill: { maxUnavailable: 1, maxSurge: 0 } } },
    },
  },
);

export const claimSpec: Rules = { fill: { volumeMode: "Filesystem" } };

const statefulSet = spec(
  { podManagementPolicy: "OrderedReady", replicas: 1, updateStrategy: {}, revisionHistoryLimit: 10 },
  {
    updateStrategy: {
      fill: { type: "RollingUpdate", rollingUpdate: whenRolling({}) },
      within: { rollingUpdate: { fill: { partition: 0 } } },
    },
    volumeClaimTemplates: {
      fill: { apiVersion: "v1", kind: "PersistentVolumeClaim", status: {} },
      within: { spec: claimSpec, status: { fill: { phase: "Pending" } } },
    },
  },
);

const job: Rules = spec({
  completions: ({ parallelism }: Json) => (parallelism === undefined ? 1 : undefined),
  parallelism: 1,
  backoffLimit: 6,
  completionMode: "NonIndexed",
  suspend: false,
});

const cronJob: Rules = {
  within: {
    spec: {
      fill: {
        concurrencyPolicy: "Allow",
        suspend: false,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 1,
      },
      within: { jobTemplate: { within: { spec: { within: podTemplate.within ?? {} } } } },
    },
  },
};

const targetCpu = {
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
};

export const workloadRules: Readonly<Record<string, Rules>> = {
  "deployments.apps": deployment,
  "replicasets.apps": spec({ replicas: 1 }),
  "daemonsets.apps": daemonSet,
  "statefulsets.apps": statefulSet,
  replicationcontrollers: spec({ replicas: 1, selector: selectorOfTemplate }),
  "jobs.batch": job,
  "cronjobs.batch": cronJob,
  "horizontalpodautoscalers.autoscaling": spec({ minReplicas: 1, metrics: [targetCpu] }),
  podtemplates: podTemplate,
};

/** Labels that identify the pods of a job, if its author chose none: they carry its uid. */
export function claimPods(job: Json, name: string, uid: string): void {
  const inner = objectAt(job, "spec");
  if (inner["manualSelector"] === true || inner["selector"] !== undefined) return;
  const own = { "batch.kubernetes.io/controller-uid": uid, "controller-uid": uid };
  const labels = { ...own, "batch.kubernetes.io/job-name": name, "job-name": name };
  const template = objectAt(inner, "template");
  const metadata = objectAt(template, "metadata");
  job["spec"] = {
    ...inner,
    selector: { matchLabels: { "controller-uid": uid } },
    template: {
      ...template,
      metadata: { ...metadata, labels: { ...objectAt(metadata, "labels"), ...labels } },
    },
  };
}
