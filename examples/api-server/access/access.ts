/**
 * Authentication and authorization in one place: which user sent a request, and what that user may do.
 *
 *   client certificate   CN is the name, O the groups
 *   bearer token         one of the table given at the start, or a service account's, signed by this server
 *   neither              system:anonymous
 */
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import type { Store } from "keelson";
import { Refusal } from "../api/refusal.ts";
import type { Json } from "../defaults/rules.ts";
import { type Attributes, RoleRules, type Verdict } from "./rbac.ts";
import type { ServiceAccountTokens } from "./service-account-tokens.ts";
import { anonymous, authenticatedGroup, mastersGroup, type User } from "./user.ts";

export interface AccessOptions {
  /** True: RBAC objects decide. False: every user may do everything. */
  readonly rbac: boolean;
  /** Static bearer tokens and their users. */
  readonly tokens: ReadonlyMap<string, User>;
  readonly serviceAccounts: ServiceAccountTokens;
}

export class Access {
  readonly #options: AccessOptions;
  readonly #rules: RoleRules;

  constructor(store: Store, options: AccessOptions) {
    this.#options = options;
    this.#rules = new RoleRules(store);
  }

  /** @throws Refusal 401 for an unknown token */
  async userOf({ socket, headers }: IncomingMessage, signal: AbortSignal): Promise<User> {
    const [, token] = /^Bearer\s+(.+)$/i.exec(headers.authorization ?? "") ?? [];
    if (token !== undefined) {
      const user = await this.userOfToken(token, signal);
      if (user === undefined) throw new Refusal(401, "Unauthorized", "Unauthorized");
      return user;
    }
    if (socket instanceof TLSSocket && socket.authorized) {
      const { subject } = socket.getPeerCertificate();
      const groups = subject.O === undefined ? [] : Array.isArray(subject.O) ? subject.O : [subject.O];
      if (typeof subject.CN === "string")
        return { name: subject.CN, groups: [...groups, authenticatedGroup] };
    }
    // Plain HTTP on the loopback cannot authenticate: every client is treated as the administrator.
    return socket instanceof TLSSocket
      ? anonymous
      : { name: "kubernetes-admin", groups: [mastersGroup, authenticatedGroup] };
  }

  /** undefined: no user has this token. */
  async userOfToken(token: string, signal: AbortSignal): Promise<User | undefined> {
    return this.#options.tokens.get(token) ?? (await this.#options.serviceAccounts.userOf(token, signal));
  }

  async mayDo(user: User, attributes: Attributes, signal: AbortSignal): Promise<Verdict> {
    if (!this.#options.rbac) return { allowed: true };
    return this.#rules.decide(user, attributes, signal);
  }

  /** The rules that apply to a user in a namespace, as SelfSubjectRulesReview lists them. */
  async rulesOf(user: User, namespace: string, signal: AbortSignal): Promise<Json> {
    if (this.#options.rbac) return { resourceRules: await this.#rules.rulesOf(user, namespace, signal) };
    return { resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }] };
  }

  /** @throws Refusal 403, worded as Kubernetes does */
  async check(user: User, attributes: Attributes, signal: AbortSignal): Promise<void> {
    const { allowed } = await this.mayDo(user, attributes, signal);
    if (allowed) return;
    if ("path" in attributes) {
      throw new Refusal(
        403,
        "Forbidden",
        `forbidden: User "${user.name}" cannot ${attributes.verb} path "${attributes.path}"`,
      );
    }
    const { verb, group, resource, subresource, namespace, name } = attributes;
    const what = group === "" ? resource : `${resource}.${group}`;
    const full = subresource === undefined ? resource : `${resource}/${subresource}`;
    const where = namespace === undefined ? "at the cluster scope" : `in the namespace "${namespace}"`;
    throw new Refusal(
      403,
      "Forbidden",
      `${what}${name === undefined ? "" : ` "${name}"`} is forbidden: User "${user.name}" cannot ${verb} resource "${full}" in API group "${group}" ${where}`,
    );
  }
}
