/** Resources that are answered and never stored: identity reviews, access reviews, the binding of a pod. */
import type { Served } from "./served.ts";

const answered = (group: string, kind: string, plural: string, more: Partial<Served> = {}): Served => ({
  group,
  version: "v1",
  kind,
  plural,
  singular: kind.toLowerCase(),
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: ["create"],
  subresources: [],
  stored: undefined,
  shape: undefined,
  custom: undefined,
  ...more,
});

const authentication = "authentication.k8s.io";
const authorization = "authorization.k8s.io";

export const answeredResources: readonly Served[] = [
  answered("", "Binding", "bindings", { namespaced: true }),
  answered("", "ComponentStatus", "componentstatuses", { verbs: ["get", "list"], shortNames: ["cs"] }),
  answered(authentication, "TokenReview", "tokenreviews"),
  answered(authentication, "SelfSubjectReview", "selfsubjectreviews"),
  answered(authorization, "SubjectAccessReview", "subjectaccessreviews"),
  answered(authorization, "SelfSubjectAccessReview", "selfsubjectaccessreviews"),
  answered(authorization, "SelfSubjectRulesReview", "selfsubjectrulesreviews"),
  answered(authorization, "LocalSubjectAccessReview", "localsubjectaccessreviews", { namespaced: true }),
];
