/** The worker processes of a campaign: three profiles of traffic, two caches, one process of watchers. */

import type { Role } from "../traffic/worker-protocol.ts";
import type { CampaignCluster } from "./campaign-cluster.ts";
import type { WorkerPlan } from "./worker-pool.ts";

interface Shape {
  readonly role: Role;
  readonly name: string;
  readonly clients: number;
  readonly rate: number;
  readonly compactionMs?: number;
}

/** 28 clients and a pager. Two cores sustain these rates beside three members, proxies and the witness. */
const shapes: readonly Shape[] = [
  { role: "kube", name: "kube-0", clients: 8, rate: 30 },
  { role: "churn", name: "churn-0", clients: 6, rate: 20 },
  { role: "quota", name: "quota-0", clients: 4, rate: 20 },
  { role: "cache", name: "cache-0", clients: 5, rate: 100 },
  { role: "cache", name: "cache-1", clients: 5, rate: 100 },
  { role: "watchers", name: "watchers-0", clients: 0, rate: 1, compactionMs: 20_000 },
];

/** Watchers over HTTP, of as many servers as it has clients. */
const httpShape: Shape = { role: "http", name: "http-0", clients: 10, rate: 1 };

/** An episode needs one client of each kind, and leaves capacity for its own work. */
const fewShapes: readonly Shape[] = [
  { role: "kube", name: "kube-0", clients: 4, rate: 15 },
  { role: "quota", name: "quota-0", clients: 2, rate: 10 },
  { role: "cache", name: "cache-0", clients: 2, rate: 30 },
  { role: "watchers", name: "watchers-0", clients: 0, rate: 1, compactionMs: 20_000 },
];

export function workerPlans(options: {
  readonly cluster: CampaignCluster;
  readonly seed: number;
  readonly originNs: string;
  /** "few": those of an episode; default "all". */
  readonly crowd?: "all" | "few" | undefined;
  /** With a process of servers and watchers over HTTP; default false. */
  readonly httpWatchers?: boolean | undefined;
}): readonly WorkerPlan[] {
  const { cluster, seed, originNs, crowd = "all", httpWatchers = false } = options;
  const { auth } = cluster;
  const own = [...(crowd === "all" ? shapes : fewShapes), ...(httpWatchers ? [httpShape] : [])];
  return own.map(({ role, name, clients, rate, compactionMs }, index) => {
    const watches = role === "cache" || role === "watchers" || role === "http";
    const endpoints = cluster.endpoints(watches ? "watching" : "traffic");
    return {
      role,
      name,
      endpoints,
      pinned: endpoints[index % endpoints.length] ?? "",
      seed: seed * 1_000_003 + index,
      originNs,
      clients,
      rate,
      compactionMs,
      auth,
    };
  });
}
