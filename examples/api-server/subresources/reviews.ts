/** Reviews: which user a token belongs to, and what a user may do. Nothing is stored. */

import type { User } from "../access/user.ts";
import type { Exchange } from "../api/exchange.ts";
import { notFoundHere } from "../api/refusal.ts";
import type { Target } from "../api/route.ts";
import type { ServerParts } from "../api/server-parts.ts";
import type { Answer } from "../api/write.ts";
import { at, type Json, objectAt } from "../defaults/rules.ts";

export async function review(
  { access }: ServerParts,
  { user, signal }: Exchange,
  { served, namespace }: Target,
  body: Json,
): Promise<Answer> {
  const answered = (status: Json, kept: Json = body): Answer => ({
    httpStatus: 201,
    object: { ...kept, apiVersion: `${served.group}/${served.version}`, kind: served.kind, status },
  });
  switch (served.kind) {
    case "SelfSubjectReview":
      return answered({ userInfo: infoOf(user) });
    case "TokenReview": {
      const found = await access.userOfToken(String(at(body, "spec.token") ?? ""), signal);
      return answered(
        found === undefined ? { authenticated: false } : { authenticated: true, user: infoOf(found) },
      );
    }
    case "SelfSubjectAccessReview":
      return answered(await accessOf(access, user, objectAt(body, "spec"), signal));
    case "SubjectAccessReview":
    case "LocalSubjectAccessReview": {
      const { user: name, groups, uid } = objectAt(body, "spec");
      const asked: User = {
        name: String(name ?? ""),
        groups: Array.isArray(groups) ? groups.map(String) : [],
        ...(typeof uid === "string" ? { uid } : {}),
      };
      return answered(await accessOf(access, asked, objectAt(body, "spec"), signal));
    }
    case "SelfSubjectRulesReview": {
      const rules = await access.rulesOf(user, String(at(body, "spec.namespace") ?? namespace ?? ""), signal);
      return answered({ incomplete: false, nonResourceRules: [], ...rules });
    }
    default:
      throw notFoundHere();
  }
}

const infoOf = ({ name, groups, uid }: User): Json => ({
  username: name,
  groups,
  ...(uid === undefined ? {} : { uid }),
});

async function accessOf(
  access: ServerParts["access"],
  user: User,
  spec: Json,
  signal: AbortSignal,
): Promise<Json> {
  const text = (value: unknown): string | undefined =>
    typeof value === "string" && value !== "" ? value : undefined;
  const { verb, group, resource, subresource, namespace, name } = objectAt(spec, "resourceAttributes");
  const { path, verb: pathVerb } = objectAt(spec, "nonResourceAttributes");
  const verdict = await access.mayDo(
    user,
    text(path) === undefined
      ? {
          verb: text(verb) ?? "",
          group: text(group) ?? "",
          resource: text(resource) ?? "",
          subresource: text(subresource),
          namespace: text(namespace),
          name: text(name),
        }
      : { verb: text(pathVerb) ?? "", path: text(path) ?? "" },
    signal,
  );
  return { allowed: verdict.allowed, ...(verdict.reason === undefined ? {} : { reason: verdict.reason }) };
}
