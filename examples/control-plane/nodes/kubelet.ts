/**
 * A node agent without containers: it registers its node, renews the node's lease, and updates the status of its pods
 * as a kubelet does, as if every image were present and every container started at once. It watches only its own pods,
 * by a field selector, as a kubelet does; thousands run in one process.
 */
import { isStoreError, type Key } from "keelson";
import type { ClusterClient } from "../client/cluster-client.ts";
import type { ResourceClient } from "../client/resource-client.ts";
import { Controller } from "../controllers/controller.ts";
import { isReady, type Lease, leaseKind, type Node, nodeKind, now, type Pod, podKind } from "../objects.ts";

const leaseNamespace = "kube-node-lease";

export interface KubeletOptions {
  readonly name: string;
  /** The second and third part of its pods' addresses, each of 250 values. */
  readonly index: number;
  /** Milliseconds between renewals of the lease. Kubernetes: 10,000. */
  readonly heartbeatMs: number;
  readonly capacity: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export class Kubelet {
  readonly #options: KubeletOptions;
  readonly #nodes: ResourceClient<Node>;
  readonly #leases: ResourceClient<Lease>;
  readonly #pods: ResourceClient<Pod>;
  readonly #known = new Map<string, Pod>();
  readonly #controller: Controller;
  #addresses = 0;

  constructor(cluster: ClusterClient, options: KubeletOptions) {
    this.#options = options;
    this.#nodes = cluster.resources(nodeKind);
    this.#leases = cluster.resources(leaseKind);
    this.#pods = cluster.resources(podKind);
    const settle = (key: Key): Promise<void> => this.#settle(key);
    this.#controller = new Controller({
      name: `kubelet ${options.name}`,
      settle,
      concurrency: 2,
      signal: options.signal,
    });
  }

  /** Resolves when the node is registered and watches; it runs until its signal aborts. */
  async start(): Promise<void> {
    const { name, heartbeatMs, signal } = this.#options;
    await existing(this.#nodes.create(this.#node()));
    await existing(
      this.#leases.create(
        {
          metadata: { name },
          spec: { holderIdentity: name, renewTime: preciseNow(), leaseDurationSeconds: 40 },
        },
        leaseNamespace,
      ),
    );
    const beat = (): void =>
      void this.#leases
        .patch({ namespace: leaseNamespace, name }, { spec: { renewTime: preciseNow() } })
        .catch(() => {});
    const timer = setInterval(beat, heartbeatMs);
    signal.addEventListener("abort", () => clearInterval(timer));
    await new Promise<void>((synced) => {
      void this.#watch(synced);
    });
  }

  async #watch(synced: () => void): Promise<void> {
    const { name, signal } = this.#options;
    while (!signal.aborted) {
      const watch = this.#pods.watch({
        fieldSelector: `spec.nodeName=${name}`,
        sendInitialEvents: true,
        signal,
      });
      try {
        for await (const event of watch) {
          if (event.type === "BOOKMARK") {
            if (event.initialEventsEnd) synced();
            continue;
          }
          const { metadata } = event.object;
          const id = `${metadata.namespace}/${metadata.name}`;
          if (event.type === "DELETED") this.#known.delete(id);
          else {
            this.#known.set(id, event.object);
            this.#controller.enqueue(metadata);
          }
        }
      } catch (error) {
        if (signal.aborted) return;
        // The server was unavailable, or the version was compacted: the next list has the complete state.
        await new Promise((later) => setTimeout(later, isStoreError(error, "EXPIRED") ? 0 : 200));
        this.#known.clear();
      }
    }
  }

  async #settle(key: Key): Promise<void> {
    const pod = this.#known.get(`${key.namespace}/${key.name}`);
    if (pod === undefined) return;
    if (pod.metadata.deletionTimestamp !== undefined) {
      // Its containers have stopped: now the object can be deleted.
      await existing(
        this.#pods.delete(key, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } }),
      );
    } else if (!isReady(pod)) await this.#pods.patch(key, { status: this.#running(pod) }, "status");
  }

  #running({ spec, status, metadata }: Pod): object {
    const { index } = this.#options;
    this.#addresses = (this.#addresses % 250) + 1;
    const podIP = status?.podIP ?? `10.${128 + Math.floor(index / 250)}.${index % 250}.${this.#addresses}`;
    const startedAt = now();
    const conditions = ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map((type) => ({
      type,
      status: "True",
      lastTransitionTime: startedAt,
    }));
    const containerStatuses = spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: image,
      containerID: `none://${metadata.uid}/${name}`,
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt } },
    }));
    return {
      phase: "Running",
      podIP,
      podIPs: [{ ip: podIP }],
      hostIP: "127.0.0.1",
      startTime: startedAt,
      conditions,
      containerStatuses,
    };
  }

  #node(): object {
    const { name, capacity } = this.#options;
    const condition = {
      type: "Ready",
      status: "True",
      reason: "KubeletReady",
      message: "kubelet is posting ready status",
      lastHeartbeatTime: now(),
      lastTransitionTime: now(),
    };
    return {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name,
        labels: {
          "kubernetes.io/hostname": name,
          "kubernetes.io/os": "linux",
          "kubernetes.io/arch": "amd64",
        },
      },
      status: {
        capacity,
        allocatable: capacity,
        conditions: [condition],
        addresses: [
          { type: "InternalIP", address: "127.0.0.1" },
          { type: "Hostname", address: name },
        ],
        nodeInfo: {
          kubeletVersion: "v1.36.0+keelson",
          kubeProxyVersion: "",
          osImage: "none",
          kernelVersion: "none",
          containerRuntimeVersion: "none://0",
          operatingSystem: "linux",
          architecture: "amd64",
          machineID: name,
          systemUUID: name,
          bootID: name,
        },
      },
    };
  }
}

/** Lease times have microseconds. */
const preciseNow = (): string => new Date().toISOString().replace("Z", "000Z");

/** The object already exists, or is already deleted: the intended state. */
async function existing(step: Promise<unknown>): Promise<void> {
  try {
    await step;
  } catch (error) {
    if (!isStoreError(error, "ALREADY_EXISTS", "NOT_FOUND", "CONFLICT")) throw error;
  }
}
