/**
 * RBAC: checks whether a role bound to the user has a rule that allows the request. Roles and bindings are ordinary
 * objects, read from the cache for each request, so a change applies as soon as the cache has seen it. Rules only
 * allow; none deny.
 */
import type { Kind, Resource, Store } from "keelson";
import { at, type Json, listAt } from "../defaults/rules.ts";
import { mastersGroup, type User } from "./user.ts";

export type Attributes =
  | {
      readonly verb: string;
      readonly group: string;
      readonly resource: string;
      readonly subresource: string | undefined;
      readonly namespace: string | undefined;
      readonly name: string | undefined;
    }
  | { readonly verb: string; readonly path: string };

export interface Verdict {
  readonly allowed: boolean;
  readonly reason?: string;
}

const anyState = { consistency: "any" } as const;

export class RoleRules {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async decide(user: User, attributes: Attributes, signal: AbortSignal): Promise<Verdict> {
    if (user.groups.includes(mastersGroup)) return { allowed: true };
    const namespace = "path" in attributes ? undefined : attributes.namespace;
    for (const { rules, reason } of await this.#grants(user, namespace, signal)) {
      if (rules.some((rule) => allows(rule, attributes))) return { allowed: true, reason };
    }
    return { allowed: false };
  }

  async rulesOf(user: User, namespace: string, signal: AbortSignal): Promise<readonly Json[]> {
    if (user.groups.includes(mastersGroup)) return [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }];
    const grants = await this.#grants(user, namespace, signal);
    return grants.flatMap(({ rules }) => rules);
  }

  /** The rules of every role that a binding gives to `user`, cluster-wide and in `namespace`. */
  async #grants(
    user: User,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly { readonly rules: readonly Json[]; readonly reason: string }[]> {
    const bindings = await this.#list("ClusterRoleBinding", undefined, signal);
    if (namespace !== undefined) bindings.push(...(await this.#list("RoleBinding", namespace, signal)));
    const grants = bindings
      .filter((binding) => listAt(binding, "subjects").some((subject) => isSubject(subject, user, binding)))
      .map(async (binding) => ({
        rules: await this.#rulesOfRole(binding, signal),
        reason: `RBAC: allowed by ${String(binding["kind"])} "${String(at(binding, "metadata.name"))}" of ${String(at(binding, "roleRef.kind"))} "${String(at(binding, "roleRef.name"))}"`,
      }));
    return Promise.all(grants);
  }

  async #list(kind: string, namespace: string | undefined, signal: AbortSignal): Promise<Json[]> {
    const { items } = await this.#store
      .resources(this.#kind(kind))
      .list({ ...(namespace === undefined ? {} : { namespace }), read: anyState, signal });
    return items.map((item) => item as unknown as Json);
  }

  async #rulesOfRole(binding: Json, signal: AbortSignal): Promise<readonly Json[]> {
    const kind = String(at(binding, "roleRef.kind"));
    const namespace = kind === "Role" ? at(binding, "metadata.namespace") : undefined;
    const wanted = at(binding, "roleRef.name");
    const roles = await this.#list(
      kind === "Role" ? "Role" : "ClusterRole",
      namespace as string | undefined,
      signal,
    );
    const role = roles.find((one) => at(one, "metadata.name") === wanted);
    if (role === undefined) return [];
    const selectors = listAt(role, "aggregationRule.clusterRoleSelectors");
    const parts = roles.filter((one) => selectors.some((selector) => selects(selector, one)));
    return [role, ...parts].flatMap((one) => listAt(one, "rules"));
  }

  #kind(name: string): Kind<Resource> {
    const kind = this.#store.kinds.find(
      (one) => one.kind === name && one.group === "rbac.authorization.k8s.io",
    );
    if (kind === undefined) throw new Error(`RBAC needs the kind ${name}`);
    return kind;
  }
}

function selects(selector: Json, role: Json): boolean {
  const labels = at(role, "metadata.labels");
  const wanted = Object.entries((at(selector, "matchLabels") ?? {}) as Json);
  return (
    wanted.length > 0 &&
    wanted.every(([key, value]) => at({ labels }, "labels") !== undefined && (labels as Json)[key] === value)
  );
}

function isSubject({ kind, name, namespace }: Json, user: User, binding: Json): boolean {
  if (kind === "User") return name === user.name;
  if (kind === "Group") return typeof name === "string" && user.groups.includes(name);
  const home = namespace ?? at(binding, "metadata.namespace");
  return kind === "ServiceAccount" && user.name === `system:serviceaccount:${String(home)}:${String(name)}`;
}

const has = (list: unknown, ...wanted: readonly string[]): boolean =>
  Array.isArray(list) && (list.includes("*") || wanted.some((one) => list.includes(one)));

function allows(rule: Json, attributes: Attributes): boolean {
  if (!has(rule["verbs"], attributes.verb)) return false;
  if ("path" in attributes) {
    const urls = rule["nonResourceURLs"];
    return Array.isArray(urls) && urls.some((url) => matchesUrl(String(url), attributes.path));
  }
  const { group, resource, subresource, name } = attributes;
  const names = rule["resourceNames"];
  const wanted = subresource === undefined ? [resource] : [`${resource}/${subresource}`, `*/${subresource}`];
  return (
    has(rule["apiGroups"], group) &&
    has(rule["resources"], ...wanted) &&
    (!Array.isArray(names) || names.length === 0 || (name !== undefined && names.includes(name)))
  );
}

const matchesUrl = (url: string, path: string): boolean =>
  url === "*" || url === path || (url.endsWith("*") && path.startsWith(url.slice(0, -1)));
