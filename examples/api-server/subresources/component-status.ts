/** componentstatuses, deprecated but still requested: the only component that a server can report is its etcd. */
import type { Exchange } from "../api/exchange.ts";
import { notFound } from "../api/refusal.ts";
import type { Target } from "../api/route.ts";
import type { ServerParts } from "../api/server-parts.ts";
import type { Answer } from "../api/write.ts";
import type { Json } from "../defaults/rules.ts";

export async function componentStatus(
  { store }: ServerParts,
  { signal }: Exchange,
  { name }: Target,
): Promise<Answer> {
  const { ok, problems } = await store.health({ signal });
  const condition = {
    type: "Healthy",
    status: ok ? "True" : "False",
    message: ok ? "ok" : problems.join("; "),
  };
  const apiVersion = "v1";
  const etcd: Json = {
    apiVersion,
    kind: "ComponentStatus",
    metadata: { name: "etcd-0" },
    conditions: [condition],
  };
  if (name !== undefined && name !== "etcd-0") throw notFound("componentstatuses", name);
  const list = { apiVersion, kind: "ComponentStatusList", metadata: {}, items: [etcd] };
  const warnings = ["v1 ComponentStatus is deprecated in v1.19+"];
  return { httpStatus: 200, object: name === undefined ? list : etcd, warnings };
}
