/** TokenRequest: a token of a service account, valid for the requested time. */
import type { Exchange } from "../api/exchange.ts";
import type { Target } from "../api/route.ts";
import type { ServerParts } from "../api/server-parts.ts";
import { type Answer, keyOf, storeOf } from "../api/write.ts";
import { type Json, objectAt } from "../defaults/rules.ts";

export async function requestToken(
  parts: ServerParts,
  { signal }: Exchange,
  target: Target,
  body: Json,
): Promise<Answer> {
  const account = await storeOf(parts, target.served).get(keyOf(target), { signal });
  const spec = { expirationSeconds: 3600, ...objectAt(body, "spec") };
  const status = parts.tokens.issue(account, spec);
  const { name, namespace } = account.metadata;
  const metadata = { name, namespace, creationTimestamp: null };
  const object = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", metadata, spec, status };
  return { httpStatus: 201, object: object as unknown as Json };
}
