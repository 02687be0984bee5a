/** Whether some role bound to a user has a rule for what is asked: objects in a store, read at each question. */
import { createStore, type Kind, type Resource, type Store } from "keelson";
import { kubernetesKind } from "keelson/kubernetes";
import { memoryEtcd } from "keelson/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Attributes, RoleRules } from "../../../../../examples/api-server/access/rbac.ts";
import {
  authenticatedGroup,
  serviceAccountUser,
  type User,
} from "../../../../../examples/api-server/access/user.ts";

const version = "rbac.authorization.k8s.io/v1";
const kinds = {
  Role: kubernetesKind(version, "Role"),
  ClusterRole: kubernetesKind(version, "ClusterRole"),
  RoleBinding: kubernetesKind(version, "RoleBinding"),
  ClusterRoleBinding: kubernetesKind(version, "ClusterRoleBinding"),
} as const satisfies Record<string, Kind>;

let etcd: ReturnType<typeof memoryEtcd>;
let store: Store;
let rules: RoleRules;
const { signal } = new AbortController();
const ann: User = { name: "ann", groups: ["devs", authenticatedGroup] };

beforeEach(async () => {
  etcd = memoryEtcd();
  store = await createStore({ etcd, kinds: Object.values(kinds), namespaces: "open", compaction: false });
  rules = new RoleRules(store);
});
afterEach(async () => {
  await store.close();
  await etcd.close();
});

const put = async (
  kind: keyof typeof kinds,
  name: string,
  content: object,
  namespace?: string,
): Promise<void> => {
  const draft = { metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, ...content };
  await store.resources(kinds[kind]).create(draft as Resource);
};
const role = (resources: string[], verbs: string[], more: object = {}): object => ({
  rules: [{ apiGroups: [""], resources, verbs, ...more }],
});
const bind = (kind: "Role" | "ClusterRole", name: string, ...subjects: object[]): object => ({
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name },
  subjects,
});
const asks = (verb: string, resource: string, more: Partial<Attributes> = {}): Attributes => ({
  group: "",
  subresource: undefined,
  namespace: "shop",
  name: undefined,
  ...more,
  verb,
  resource,
});
const may = async (attributes: Attributes, user = ann): Promise<boolean> =>
  (await rules.decide(user, attributes, signal)).allowed;

test("nobody may do anything until a role is bound to them, masters may do all", async () => {
  await put("ClusterRole", "reader", role(["pods"], ["get"]));
  expect(await may(asks("get", "pods"))).toBe(false);
  expect(await may(asks("delete", "nodes"), { name: "root", groups: ["system:masters"] })).toBe(true);
});

test("a role binding reaches its own namespace alone, a cluster role binding all", async () => {
  await put("Role", "reader", role(["pods"], ["get", "list"]), "shop");
  await put("RoleBinding", "ann", bind("Role", "reader", { kind: "User", name: "ann" }), "shop");
  expect(await may(asks("get", "pods"))).toBe(true);
  expect(await may(asks("delete", "pods"))).toBe(false);
  expect(await may(asks("get", "pods", { namespace: "other" }))).toBe(false);
  expect(await may(asks("get", "pods", { namespace: undefined }))).toBe(false);
  await put("ClusterRole", "all", role(["pods"], ["*"]));
  await put("ClusterRoleBinding", "devs", bind("ClusterRole", "all", { kind: "Group", name: "devs" }));
  expect(await may(asks("delete", "pods", { namespace: "other" }))).toBe(true);
  expect(await may(asks("delete", "pods"), { name: "bob", groups: [authenticatedGroup] })).toBe(false);
});

test("subresources, names and groups are asked for by themselves", async () => {
  await put("ClusterRole", "odd", {
    rules: [
      { apiGroups: [""], resources: ["pods/log", "*/status"], verbs: ["get"] },
      { apiGroups: ["apps"], resources: ["deployments"], resourceNames: ["web"], verbs: ["update"] },
    ],
  });
  await put("ClusterRoleBinding", "ann", bind("ClusterRole", "odd", { kind: "User", name: "ann" }));
  expect(await may(asks("get", "pods"))).toBe(false);
  expect(await may(asks("get", "pods", { subresource: "log" }))).toBe(true);
  expect(await may(asks("get", "nodes", { subresource: "status" }))).toBe(true);
  expect(await may(asks("update", "deployments", { group: "apps", name: "web" }))).toBe(true);
  expect(await may(asks("update", "deployments", { group: "apps", name: "other" }))).toBe(false);
  expect(await may(asks("update", "deployments", { group: "apps" }))).toBe(false);
  expect(await may(asks("update", "deployments", { name: "web" }))).toBe(false);
});

test("a service account is a subject by namespace and name, its binding's namespace where it names none", async () => {
  await put("ClusterRole", "reader", role(["pods"], ["get"]));
  const account = { kind: "ServiceAccount", name: "robot" };
  await put("RoleBinding", "robot", bind("ClusterRole", "reader", account), "shop");
  expect(await may(asks("get", "pods"), serviceAccountUser("shop", "robot", "u"))).toBe(true);
  expect(await may(asks("get", "pods"), serviceAccountUser("other", "robot", "u"))).toBe(false);
});

test("an aggregated role has the rules of the roles it selects", async () => {
  await put("ClusterRole", "whole", {
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: "yes" } }] },
    rules: [],
  });
  await put("ClusterRoleBinding", "ann", bind("ClusterRole", "whole", { kind: "User", name: "ann" }));
  expect(await may(asks("get", "pods"))).toBe(false);
  const labelled = {
    metadata: { name: "part", labels: { part: "yes" } },
    ...role(["pods"], ["get"]),
  } as unknown as Resource;
  await store.resources(kinds.ClusterRole).create(labelled);
  expect(await may(asks("get", "pods"))).toBe(true);
});

test("paths that are no resources", async () => {
  const urls = ["/healthz", "/metrics/*"];
  await put("ClusterRole", "paths", { rules: [{ nonResourceURLs: urls, verbs: ["get"] }] });
  await put("ClusterRoleBinding", "ann", bind("ClusterRole", "paths", { kind: "User", name: "ann" }));
  expect(await may({ verb: "get", path: "/healthz" })).toBe(true);
  expect(await may({ verb: "get", path: "/healthz/etcd" })).toBe(false);
  expect(await may({ verb: "get", path: "/metrics/slis" })).toBe(true);
  expect(await may({ verb: "post", path: "/healthz" })).toBe(false);
});
