/** The user of a request: a person or a program, as Kubernetes names them. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
}

export const authenticatedGroup = "system:authenticated";
export const mastersGroup = "system:masters";

export const anonymous: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };

/** A service account's name as a user. */
export const serviceAccountUser = (namespace: string, name: string, uid: string): User => ({
  name: `system:serviceaccount:${namespace}:${name}`,
  uid,
  groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, authenticatedGroup],
});
