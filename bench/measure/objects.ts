/**
 * Kubernetes-like objects for the benches: as large and as varied as in a cluster; each `make(i)` returns a different
 * one. Sizes as JSON: Pod about 3.5 KB, five-container Pod 9 KB, ConfigMap 1.1 KB, Node 3.7 KB.
 */

/** An object as a codec takes it. */
export type BenchObject = { apiVersion: string; kind: string; metadata: Record<string, unknown> } & Record<
  string,
  unknown
>;

const hex = (i: number, digits: number): string =>
  (Math.imul(i + 1, 2654435761) >>> 0).toString(16).padStart(8, "0").repeat(8).slice(0, digits);
const uid = (i: number): string =>
  `${hex(i, 8)}-${hex(i + 7, 4)}-4${hex(i + 3, 3)}-8${hex(i + 5, 3)}-${hex(i + 11, 12)}`;
const time = (i: number): string => new Date(1767225600000 + i * 1000).toISOString().replace(".000", "");

function metadata(i: number, name: string): Record<string, unknown> {
  return {
    name,
    namespace: `team-${i % 7}`,
    uid: uid(i),
    generation: 1 + (i % 3),
    creationTimestamp: time(i),
  };
}

function container(i: number, n: number): Record<string, unknown> {
  return {
    name: n === 0 ? "web" : `sidecar-${n}`,
    image: `images.example.com/team-${i % 7}/service-${n}:1.${i % 40}.${n}`,
    command: ["/bin/service"],
    args: ["--port=8080", `--log-level=${i % 2 === 0 ? "info" : "debug"}`, `--shard=${i % 64}`],
    ports: [{ name: "http", containerPort: 8080 + n, protocol: "TCP" }],
    env: [
      { name: "SERVICE_NAME", value: `service-${n}` },
      { name: "NODE_NAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "spec.nodeName" } } },
    ],
    resources: {
      limits: { cpu: "500m", memory: `${256 + (i % 4) * 64}Mi` },
      requests: { cpu: "250m", memory: "128Mi" },
    },
    volumeMounts: [
      {
        name: `kube-api-access-${hex(i, 5)}`,
        readOnly: true,
        mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
      },
    ],
    livenessProbe: {
      httpGet: { path: "/healthz", port: "http", scheme: "HTTP" },
      initialDelaySeconds: 5,
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    },
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: "IfNotPresent",
  };
}

function containerStatus(i: number, n: number): Record<string, unknown> {
  return {
    name: n === 0 ? "web" : `sidecar-${n}`,
    state: { running: { startedAt: time(i + 4) } },
    lastState: {},
    ready: true,
    restartCount: i % 3,
    image: `images.example.com/team-${i % 7}/service-${n}:1.${i % 40}.${n}`,
    imageID: `images.example.com/team-${i % 7}/service-${n}@sha256:${hex(i % 40, 64)}`,
    containerID: `containerd://${hex(i, 64)}`,
    started: true,
  };
}

function podOf(i: number, containers: number): BenchObject {
  const set = `web-${hex(i % 20, 9)}`;
  const numbers = Array.from({ length: containers }, (_, n) => n);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...metadata(i, `${set}-${hex(i, 5)}`),
      generateName: `${set}-`,
      labels: {
        app: `web-${i % 20}`,
        "pod-template-hash": hex(i % 20, 9),
        tier: "front",
        version: `v1.${i % 40}`,
      },
      annotations: {
        "example.com/config-hash": hex(i % 20, 32),
        "example.com/scrape": "true",
        "example.com/port": "8080",
      },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: set,
          uid: uid(i % 20),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      volumes: [
        {
          name: `kube-api-access-${hex(i, 5)}`,
          projected: {
            sources: [
              { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
              { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
              {
                downwardAPI: {
                  items: [
                    { path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } },
                  ],
                },
              },
            ],
            defaultMode: 420,
          },
        },
      ],
      containers: numbers.map((n) => container(i, n)),
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 30,
      dnsPolicy: "ClusterFirst",
      serviceAccountName: "default",
      serviceAccount: "default",
      nodeName: `node-${i % 100}`,
      securityContext: {},
      schedulerName: "default-scheduler",
      tolerations: ["not-ready", "unreachable"].map((taint) => ({
        key: `node.kubernetes.io/${taint}`,
        operator: "Exists",
        effect: "NoExecute",
        tolerationSeconds: 300,
      })),
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: "PreemptLowerPriority",
    },
    status: {
      phase: "Running",
      conditions: ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({
        type,
        status: "True",
        lastProbeTime: null,
        lastTransitionTime: time(i + 5),
      })),
      hostIP: `10.0.${i % 100}.1`,
      podIP: `10.244.${i % 100}.${i % 250}`,
      podIPs: [{ ip: `10.244.${i % 100}.${i % 250}` }],
      startTime: time(i + 1),
      containerStatuses: numbers.map((n) => containerStatus(i, n)),
      qosClass: "Burstable",
    },
  };
}

function configMap(i: number): BenchObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { ...metadata(i, `settings-${i}`), labels: { app: `web-${i % 20}` } },
    data: {
      "service.properties": Array.from(
        { length: 16 },
        (_, n) => `setting.${n}.${hex(n, 6)}=${hex(i + n, 12)}`,
      ).join("\n"),
      LOG_LEVEL: "info",
      REGION: `eu-${i % 3}`,
      FEATURES: `alpha=${i % 2},beta=${i % 3},gamma=${i % 5}`,
    },
  };
}

function node(i: number): BenchObject {
  const name = `node-${i}`;
  const amounts = { cpu: "16", "ephemeral-storage": "203070420Ki", memory: `${65536000 + i}Ki`, pods: "110" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      uid: uid(i),
      generation: 1,
      creationTimestamp: time(i),
      labels: {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": `zone-${i % 3}`,
      },
      annotations: { "node.alpha.kubernetes.io/ttl": "0" },
    },
    spec: {
      podCIDR: `10.244.${i % 250}.0/24`,
      podCIDRs: [`10.244.${i % 250}.0/24`],
      providerID: `example:///${hex(i, 12)}`,
    },
    status: {
      capacity: amounts,
      allocatable: amounts,
      conditions: ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"].map((type) => ({
        type,
        status: type === "Ready" ? "True" : "False",
        lastHeartbeatTime: time(i + 600),
        lastTransitionTime: time(i + 60),
        reason: type === "Ready" ? "KubeletReady" : `KubeletHasNo${type}`,
        message: type === "Ready" ? "kubelet is posting ready status" : `kubelet has no ${type}`,
      })),
      addresses: [
        { type: "InternalIP", address: `10.0.${i % 250}.1` },
        { type: "Hostname", address: name },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: {
        machineID: hex(i, 32),
        systemUUID: uid(i + 1),
        bootID: uid(i + 2),
        kernelVersion: "6.1.0-18-amd64",
        osImage: "Debian GNU/Linux 12 (bookworm)",
        containerRuntimeVersion: "containerd://1.7.13",
        kubeletVersion: "v1.30.2",
        operatingSystem: "linux",
        architecture: "amd64",
      },
      images: Array.from({ length: 12 }, (_, n) => ({
        names: [`images.example.com/base/image-${n}@sha256:${hex(n, 64)}`],
        sizeBytes: 30000000 + n * 7919,
      })),
    },
  };
}

export const benchObjects: Readonly<
  Record<string, { readonly resource: string; readonly make: (i: number) => BenchObject }>
> = {
  Pod: { resource: "pods", make: (i) => podOf(i, 1) },
  "Pod, 5 containers": { resource: "pods", make: (i) => podOf(i, 5) },
  ConfigMap: { resource: "configmaps", make: configMap },
  Node: { resource: "nodes", make: node },
};
