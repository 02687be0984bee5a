/** The steps of a run, in order: from the first deployment to its last pod. */
import { deleteDeployment, deleteNamespace, nodeLost } from "./endings.ts";
import { createDeployments, rollBack, rollingUpdate } from "./rollout.ts";
import type { Run } from "./run.ts";
import { autoscale, service } from "./services.ts";

export const story: readonly ((run: Run) => Promise<void>)[] = [
  createDeployments,
  service,
  rollingUpdate,
  rollBack,
  autoscale,
  nodeLost,
  deleteDeployment,
  deleteNamespace,
];
