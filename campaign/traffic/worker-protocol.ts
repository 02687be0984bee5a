/** The messages between the campaign and its worker processes, over the channel of `fork`. */
import type { EtcdOptions } from "keelson/etcd";

export type Role = "kube" | "churn" | "quota" | "cache" | "watchers" | "http";

export interface WorkerConfig {
  readonly role: Role;
  /** Of the process, e.g. "kube-0", the same after a restart. */
  readonly name: string;
  /** Counts its starts: names and ids of an incarnation are its own. */
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
  /** Of a cluster that asks for it. */
  readonly auth?: EtcdOptions["auth"];
}

export type ToWorker =
  /** The wall clock of this process jumps. */
  | { readonly type: "clock-jump"; readonly ms: number }
  /** No more faults: what fails from now on fails for no reason, so calls are given time. */
  | { readonly type: "calm" }
  /** Clients stop; readers go on. */
  | { readonly type: "quiet" }
  /** Readers go on until they have seen the revision, then everything is closed. */
  | { readonly type: "finish"; readonly revision: string; readonly withinMs: number };

export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "counts"; readonly calls: number; readonly ok: number; readonly unknown: number }
  | { readonly type: "quiet" }
  | { readonly type: "finished"; readonly late: readonly string[] }
  | { readonly type: "failed"; readonly message: string };
