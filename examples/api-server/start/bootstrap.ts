/**
 * Objects that exist from the start, as a kube-apiserver creates them: the namespace of node leases, the service
 * "kubernetes", the default roles, priority classes, and the key that signs service accounts' tokens. Several servers
 * may start at once: the first one creates an object, the others find it.
 */
import { generateKeyPairSync } from "node:crypto";
import { isStoreError, type Resource, type ResourceStore, type Store } from "keelson";
import { nodeLeases } from "../api/grace.ts";
import { type Json, objectAt } from "../defaults/rules.ts";

const everything = { apiGroups: ["*"], resources: ["*"], verbs: ["*"] };
const reading = ["get", "list", "watch"];
const writing = ["create", "delete", "deletecollection", "patch", "update"];
const workloads = [
  {
    apiGroups: [""],
    resources: [
      "configmaps",
      "endpoints",
      "events",
      "persistentvolumeclaims",
      "pods",
      "pods/log",
      "pods/status",
      "replicationcontrollers",
      "services",
    ],
  },
  {
    apiGroups: ["apps"],
    resources: [
      "daemonsets",
      "deployments",
      "deployments/scale",
      "replicasets",
      "replicasets/scale",
      "statefulsets",
      "statefulsets/scale",
    ],
  },
  { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"] },
  { apiGroups: ["batch"], resources: ["cronjobs", "jobs"] },
  { apiGroups: ["networking.k8s.io"], resources: ["ingresses", "networkpolicies"] },
  { apiGroups: ["policy"], resources: ["poddisruptionbudgets"] },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"] },
];
const secrets = {
  apiGroups: [""],
  resources: ["secrets", "serviceaccounts"],
  verbs: [...reading, ...writing],
};
const edit = [
  ...workloads.map((rule) => ({ ...rule, verbs: [...reading, ...writing] })),
  secrets,
  { apiGroups: [""], resources: ["namespaces"], verbs: reading },
];
const documents = [
  "/api",
  "/api/*",
  "/apis",
  "/apis/*",
  "/healthz",
  "/livez",
  "/openapi",
  "/openapi/*",
  "/readyz",
  "/version",
  "/version/",
  "/",
];

const roles: Readonly<Record<string, readonly object[]>> = {
  "cluster-admin": [everything, { nonResourceURLs: ["*"], verbs: ["*"] }],
  admin: [
    ...edit,
    {
      apiGroups: ["rbac.authorization.k8s.io"],
      resources: ["roles", "rolebindings"],
      verbs: [...reading, ...writing],
    },
  ],
  edit,
  view: [
    ...workloads.map((rule) => ({ ...rule, verbs: reading })),
    { apiGroups: [""], resources: ["namespaces"], verbs: reading },
  ],
  "system:discovery": [{ nonResourceURLs: documents, verbs: ["get"] }],
  "system:basic-user": [
    {
      apiGroups: ["authorization.k8s.io"],
      resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
      verbs: ["create"],
    },
    { apiGroups: ["authentication.k8s.io"], resources: ["selfsubjectreviews"], verbs: ["create"] },
  ],
};

const boundTo: Readonly<Record<string, string>> = {
  "cluster-admin": "system:masters",
  "system:discovery": "system:authenticated",
  "system:basic-user": "system:authenticated",
};

const labels = { "kubernetes.io/bootstrapping": "rbac-defaults" };
const rbac = "rbac.authorization.k8s.io";

interface Wanted {
  readonly kind: string;
  readonly object: Json;
}

const wanted: readonly Wanted[] = [
  { kind: "Namespace", object: { metadata: { name: nodeLeases } } },
  ...Object.entries(roles).map(([name, rules]) => ({
    kind: "ClusterRole",
    object: { metadata: { name, labels }, rules },
  })),
  ...Object.entries(boundTo).map(([name, group]) => ({
    kind: "ClusterRoleBinding",
    object: {
      metadata: { name, labels },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name },
      subjects: [{ apiGroup: rbac, kind: "Group", name: group }],
    },
  })),
  {
    kind: "PriorityClass",
    object: {
      metadata: { name: "system-cluster-critical" },
      value: 2_000_000_000,
      preemptionPolicy: "PreemptLowerPriority",
    },
  },
  {
    kind: "PriorityClass",
    object: {
      metadata: { name: "system-node-critical" },
      value: 2_000_001_000,
      preemptionPolicy: "PreemptLowerPriority",
    },
  },
  {
    kind: "Service",
    object: {
      metadata: {
        name: "kubernetes",
        namespace: "default",
        labels: { component: "apiserver", provider: "kubernetes" },
      },
      spec: {
        type: "ClusterIP",
        clusterIP: "10.96.0.1",
        clusterIPs: ["10.96.0.1"],
        ipFamilies: ["IPv4"],
        ipFamilyPolicy: "SingleStack",
        internalTrafficPolicy: "Cluster",
        sessionAffinity: "None",
        ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: 6443 }],
      },
      status: { loadBalancer: {} },
    },
  },
];

/** @returns the PEM of the key that signs tokens */
export async function bootstrap(store: Store): Promise<string> {
  for (const { kind, object } of wanted) await createMissing(store, kind, object);
  return signingKey(store);
}

const keyName = { name: "service-account-signing-key", namespace: "kube-system" };

async function signingKey(store: Store): Promise<string> {
  const secrets = resourcesOf(store, "Secret");
  let secret: Resource;
  try {
    secret = await secrets.get(keyName);
  } catch (error) {
    if (!isStoreError(error, "NOT_FOUND")) throw error;
    // Generated only when it is missing: that takes half a second.
    const { privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    const data = { "key.pem": Buffer.from(privateKey).toString("base64") };
    secret = await createMissing(store, "Secret", { metadata: keyName, type: "Opaque", data });
  }
  return Buffer.from(String(objectAt(secret, "data")["key.pem"]), "base64").toString();
}

function resourcesOf(store: Store, kindName: string): ResourceStore<Resource> {
  if (kindName === "Namespace") return store.namespaces;
  const kind = store.kinds.find(({ kind }) => kind === kindName);
  if (kind === undefined) throw new Error(`the store has no kind ${kindName}`);
  return store.resources(kind);
}

/** The object as it is stored afterwards. */
async function createMissing(store: Store, kindName: string, object: Json): Promise<Resource> {
  const resources = resourcesOf(store, kindName);
  const draft = object as unknown as Resource;
  try {
    return await resources.create(draft);
  } catch (error) {
    if (!isStoreError(error, "ALREADY_EXISTS")) throw error;
    const { namespace, name } = draft.metadata;
    return resources.get({ namespace, name });
  }
}
