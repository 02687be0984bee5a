/** The messages between the campaign and its worker processes, over the channel of `fork`. */
import type { EtcdOptions } from "keelson/etcd";

export type Role = "kube" | "churn" | "quota" | "cache" | "watchers" | "http";

export interface WorkerConfig {
  readonly role: Role;
  /** Name of the process, e.g. "kube-0"; the same after a restart. */
  readonly name: string;
  /** Number of its start: each incarnation has its own names and ids. */
  readonly incarnation: number;
  /** Of all members; the clients of half the workers know only the first. */
  readonly endpoints: readonly string[];
  /** The member that pinned clients talk to. */
  readonly pinned: string;
  readonly historyFile: string;
  readonly seed: number;
  /** Origin of the run's clock. */
  readonly originNs: string;
  readonly clients: number;
  /** Calls per second of one client. */
  readonly rate: number;
  /** Its store also compacts, alternating with others. */
  readonly compactionMs: number | undefined;
  /** Of a cluster that requires it. */
  readonly auth?: EtcdOptions["auth"];
}

export type ToWorker =
  /** The wall clock of this process jumps. */
  | { readonly type: "clock-jump"; readonly ms: number }
  /** Faults are over. A failure would now be a finding, so calls get more time. */
  | { readonly type: "calm" }
  /** Clients stop; readers continue. */
  | { readonly type: "quiet" }
  /** Readers continue until they have received the revision; then everything is closed. */
  | { readonly type: "finish"; readonly revision: string; readonly withinMs: number };

export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "counts"; readonly calls: number; readonly ok: number; readonly unknown: number }
  | { readonly type: "quiet" }
  | { readonly type: "finished"; readonly late: readonly string[] }
  | { readonly type: "failed"; readonly message: string };
